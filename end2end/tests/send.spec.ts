// Messages whose sending fails or is repeated, and what is typed meanwhile.

import { type Page, type WebSocketRoute } from '@playwright/test';
import { ask, button, composer, createAccount, expectStatus, modelMenu, newestReply, replies, sentMessages, sentTexts, textOf, waitForHydration } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

const UNREACHABLE = 'Rivulet cannot be reached. Check the connection and try again.';

test('a message that could not be sent is kept, over a reload too, and is sent once', async ({ page, rivulet, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  const text = 'Nothing of this\nmay be lost. 🌊';
  await composer(page).pressSequentially('Nothing of');
  await rivulet.kill9();
  await composer(page).fill(text);
  await composer(page).press('Enter');
  await expect(page.getByRole('alert').filter({ visible: true })).toHaveText(UNREACHABLE);
  await expect(composer(page)).toHaveValue(text);
  await expect(sentMessages(page)).toHaveCount(1);

  await rivulet.restart();
  await page.reload();
  await waitForHydration(page);
  await expect(composer(page)).toHaveValue(text);
  await composer(page).press('Enter');
  await expect(sentMessages(page)).toHaveCount(2);
  expect(await textOf(sentMessages(page).last())).toBe(text);
  await expect(composer(page)).toHaveValue('');
  await expect(replies(page)).toHaveCount(2);
  await expectStatus(newestReply(page), 'failed');
  await page.reload();
  await waitForHydration(page);
  await expect(composer(page)).toHaveValue('');
  await expect(sentMessages(page)).toHaveCount(2);
  await expect(replies(page)).toHaveCount(2);
});

for (const place of ['a new conversation', 'an existing conversation']) {
  test(`a message that is sent again because the response was lost is there once: ${place}`, async ({ page, consoleLog, rivulet }) => {
    consoleLog.allowLostNetwork(rivulet.url);
    await createAccount(page);
    const before = place === 'a new conversation' ? 0 : 1;
    if (before) await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
    await waitForHydration(page);
    await modelMenu(page).selectOption('quick/demo-fails');
    await loseFirstResponse(page);
    // Nor may the page learn from the list that it was sent.
    const lists = await holdLists(page);
    await composer(page).fill('Once and no more');
    await composer(page).press('Enter');
    await expect(page.getByRole('alert').filter({ visible: true })).toHaveText(UNREACHABLE);
    await expect(composer(page)).toHaveValue('Once and no more');

    await button(page, 'Send').click();
    if (before) await expect(composer(page)).toHaveValue('');
    lists.release();
    await expect(page).toHaveURL(/\/c\/conv_/);
    await expect(composer(page)).toHaveValue('');
    await expect(sentMessages(page)).toHaveCount(before + 1);
    await expectStatus(newestReply(page), 'failed');
    await page.reload();
    await waitForHydration(page);
    await expect(sentMessages(page)).toHaveCount(before + 1);
    await expect(replies(page)).toHaveCount(before + 1);
    await expect(composer(page)).toHaveValue('');
  });
}

test('a message whose response was lost is taken as sent once the list has it; the same text again is another message', async ({ page, consoleLog, rivulet }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  for (const count of [2, 3]) {
    await loseFirstResponse(page);
    await composer(page).fill('yes');
    await composer(page).press('Enter');
    await expect(sentMessages(page)).toHaveCount(count);
    await expect(composer(page)).toHaveValue('');
    await expect(page.getByRole('alert').filter({ visible: true })).toHaveCount(0);
    await expect(replies(page)).toHaveCount(count);
    await expectStatus(newestReply(page), 'failed');
    await expect(button(page, 'Send')).toBeEnabled();
  }
  await page.reload();
  await waitForHydration(page);
  await expect(sentTexts(page)).toHaveText(['First', 'yes', 'yes']);
  await expect(composer(page)).toHaveValue('');
});

test('a first message whose response was lost opens its conversation once the list has it', async ({ page, consoleLog, rivulet }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await waitForHydration(page);
  await modelMenu(page).selectOption('quick/demo-fails');
  await loseFirstResponse(page);
  await composer(page).fill('Once and no more');
  await composer(page).press('Enter');
  await expect(page).toHaveURL(/\/c\/conv_/);
  await expect(sentTexts(page)).toHaveText('Once and no more');
  await button(page, 'New chat').click();
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  await expect(composer(page)).toHaveValue('');
});

test('a message without a response returns to the composer after half a minute, and can be sent again', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  await page.clock.install();
  await page.route('**/api/*/send', () => {}, { times: 1 });
  const requested = page.waitForRequest('**/api/*/send');
  await composer(page).fill('Into the dark');
  await composer(page).press('Enter');
  await requested;
  await expect(button(page, 'Send')).toBeDisabled();
  await expect(sentMessages(page)).toHaveCount(2);
  await page.clock.fastForward(31_000);
  await expect(page.getByRole('alert').filter({ visible: true })).toHaveText(UNREACHABLE);
  await expect(composer(page)).toHaveValue('Into the dark');
  await button(page, 'Send').click();
  await expect(sentTexts(page)).toHaveText(['First', 'Into the dark']);
  await expect(composer(page)).toHaveValue('');
});

test('each conversation has a draft of its own, which is kept over a reload', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  await composer(page).fill('half a thought\nand a');
  await page.reload();
  await waitForHydration(page);
  await expect(composer(page)).toHaveValue('half a thought\nand a');
  await button(page, 'New chat').click();
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  await expect(composer(page)).toHaveValue('');
  await composer(page).fill('another one');
  await page.getByRole('link', { name: 'First' }).click();
  await expect(page.getByRole('heading', { name: 'First' })).toBeVisible();
  await expect(composer(page)).toHaveValue('half a thought\nand a');
  await page.goto('/');
  await expect(composer(page)).toHaveValue('another one');
});

test('a message of nothing but white space is not sent', async ({ page }) => {
  await createAccount(page);
  await waitForHydration(page);
  await composer(page).fill('  \n ');
  await button(page, 'Send').click();
  await expect(composer(page)).toHaveValue('  \n ');
  await expect(page).toHaveURL('/');
  await expect(page.getByRole('navigation', { name: 'Conversations' }).getByRole('listitem')).toHaveCount(0);
});

test('a message that is too long is refused, and its text is kept', async ({ page, consoleLog }) => {
  consoleLog.allowStatus(413, 'Payload Too Large');
  await createAccount(page);
  await waitForHydration(page);
  const text = 'long '.repeat(200_000);
  await composer(page).fill(text);
  await composer(page).press('Enter');
  await expect(page.getByRole('alert').filter({ visible: true })).toContainText('This message is too long');
  await expect(composer(page)).toHaveValue(text);
});

test('the chosen model stays chosen', async ({ page }) => {
  await createAccount(page);
  await waitForHydration(page);
  const model = modelMenu(page);
  await model.selectOption('quick/demo-fails');
  await page.reload();
  await waitForHydration(page);
  await expect(model).toHaveValue('quick/demo-fails');
  await expectStatus(await ask(page, 'First'), 'failed');
  await expect(model).toHaveValue('quick/demo-fails');
});

/** The next message reaches the server, but the page never receives the response. */
async function loseFirstResponse(page: Page): Promise<void> {
  await page.route('**/api/*/send', async (route) => {
    await route.fetch();
    await route.abort();
  }, { times: 1 });
}

/** Drops all frames of lists until they are released. Then the page connects anew. */
async function holdLists(page: Page): Promise<{ release: () => void }> {
  let isHeld = true;
  const sockets: WebSocketRoute[] = [];
  await page.routeWebSocket(/\/live/, (socket) => {
    sockets.push(socket);
    const server = socket.connectToServer();
    server.onMessage((frame) => {
      if (!isHeld || !/^\{"(messages|conversations)"/.test(String(frame))) socket.send(frame);
    });
  });
  await page.reload();
  await waitForHydration(page);
  const release = () => {
    isHeld = false;
    for (const socket of sockets) void socket.close();
  };
  return { release };
}
