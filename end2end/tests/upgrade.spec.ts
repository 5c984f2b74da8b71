// What an open page does when the server was updated: it works on, unless the two do not understand each other any more.

import { type Locator, type Page, type WebSocket } from '@playwright/test';
import { speakProtocol } from '../support/network.ts';
import { ask, composer, createAccount, expectStatus, modelMenu, newestReply, sentMessages, sentTexts, waitForHydration } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('a tab of an older build works on', async ({ page, rivulet, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  await composer(page).fill('half a thought');
  await page.evaluate(() => Object.assign(window, { isTheSamePage: true }));
  const old = await filesOf(page);
  await rivulet.stop();
  await rivulet.upgrade();
  await rivulet.start();
  await expect(connectionBar(page)).toBeHidden();
  await expect(composer(page)).toHaveValue('half a thought');
  await composer(page).press('Enter');
  await expect(sentTexts(page)).toHaveText(['First', 'half a thought']);
  await expectStatus(newestReply(page), 'failed');
  expect(await page.evaluate(() => 'isTheSamePage' in window)).toBe(true);
  await expect(connectionBar(page)).toBeHidden();

  // What it loads late is still what it was; a page that is loaded now is of the new build, and works.
  for (const file of old) expect((await page.request.get(file)).headers()['cache-control'], file).toContain('immutable');
  await page.reload();
  await waitForHydration(page);
  for (const file of await filesOf(page)) expect(old).not.toContain(file);
  await expectStatus(await ask(page, 'Second', 'quick/demo-fails'), 'failed');
});

test('a tab that the server does not understand any more offers to reload, and keeps what was typed', async ({ page, rivulet, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  await composer(page).fill('half a thought');
  const reload = await speakProtocol(page, 0);
  await rivulet.restart();
  await expectOffer(page);
  await expect(composer(page)).toHaveValue('half a thought');
  await reload(offer(page));
  await expect(composer(page)).toHaveValue('half a thought');
  await composer(page).press('Enter');
  await expect(sentMessages(page)).toHaveCount(2);
  await expectStatus(newestReply(page), 'failed');
});

for (const place of ['a new conversation', 'an existing conversation']) {
  test(`a message that is refused for that returns to the composer, and the connection is given up: ${place}`, async ({ page, consoleLog }) => {
    consoleLog.allowStatus(410, 'Gone');
    await page.clock.install();
    const sockets: WebSocket[] = [];
    page.on('websocket', (socket) => sockets.push(socket));
    await createAccount(page);
    const before = place === 'a new conversation' ? 0 : 1;
    if (before) await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
    await waitForHydration(page);
    const reload = await speakProtocol(page, 0);
    await composer(page).fill('half a thought');
    await composer(page).press('Enter');
    await expectOffer(page);
    await expect.poll(() => sockets.every((socket) => socket.isClosed())).toBe(true);
    // By now a page that waits for its connection would say so.
    await page.clock.runFor(5_000);
    await expectOffer(page);
    await expect(composer(page)).toHaveValue('half a thought');
    await expect(page.getByRole('alert').filter({ visible: true })).toHaveText('Rivulet was updated. Reload this page; what you typed is kept.');
    await composer(page).fill('a whole thought');
    await reload(offer(page));
    await expect(composer(page)).toHaveValue('a whole thought');
    await modelMenu(page).selectOption('quick/demo-fails');
    await composer(page).press('Enter');
    await expect(sentMessages(page)).toHaveCount(before + 1);
    await expectStatus(newestReply(page), 'failed');
  });
}

test('a message that was not answered before the update returns to the composer after the reload', async ({ page, rivulet, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  await waitForHydration(page);
  const sent: string[] = [];
  await page.route('**/api/*/send', (route) => void sent.push(route.request().postDataJSON().sending.id), { times: 1 });
  await composer(page).fill('half a thought');
  await composer(page).press('Enter');
  await expect(sentMessages(page)).toHaveCount(2);
  await composer(page).fill('and more');
  const reload = await speakProtocol(page, 0);
  await rivulet.restart();
  await expectOffer(page);
  await expect(composer(page)).toHaveValue('and more');
  await reload(offer(page));
  await expect(composer(page)).toHaveValue('half a thought\n\nand more');
  await composer(page).fill('half a thought');
  const again = page.waitForRequest('**/api/*/send');
  await composer(page).press('Enter');
  expect([(await again).postDataJSON().sending.id], 'sent again as the same message').toEqual(sent);
  await expect(sentTexts(page)).toHaveText(['First', 'half a thought']);
  await expectStatus(newestReply(page), 'failed');
});

/** The addresses of the script, the program and the style sheet. */
async function filesOf(page: Page): Promise<string[]> {
  const files = await page.locator('head link[href^="/pkg/"]').evaluateAll((links) => links.map((link) => link.getAttribute('href')!));
  expect(files).toHaveLength(3);
  return files;
}

/** What shows that the page is not connected, or not for long any more. */
function connectionBar(page: Page): Locator {
  return page.locator('.link-bar');
}

function offer(page: Page): Locator {
  return connectionBar(page).getByRole('link', { name: 'Reload' });
}

async function expectOffer(page: Page): Promise<void> {
  await expect(connectionBar(page)).toHaveText('Rivulet was updated. What you typed is kept. Reload');
  await expect(offer(page)).toBeVisible();
}
