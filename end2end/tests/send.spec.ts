import { type Page, type WebSocketRoute } from '@playwright/test';
import { button, composer, createAccount, expectStatus, ready, replies, reply, said, say, textOf } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

const UNREACHABLE = 'Rivulet cannot be reached. Check the connection and try again.';

test('a message that could not be sent is still there, after a reload too, and is sent once', async ({ page, rivulet, silence }) => {
  silence.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  const text = 'Nothing of this\nmay be lost. 🌊';
  await composer(page).pressSequentially('Nothing of');
  await rivulet.kill9();
  await composer(page).fill(text);
  await composer(page).press('Enter');
  await expect(page.getByRole('alert').filter({ visible: true })).toHaveText(UNREACHABLE);
  await expect(composer(page)).toHaveValue(text);
  await expect(said(page)).toHaveCount(1);

  await rivulet.restart();
  await page.reload();
  await ready(page);
  await expect(composer(page)).toHaveValue(text);
  await composer(page).press('Enter');
  await expect(said(page)).toHaveCount(2);
  expect(await textOf(said(page).last())).toBe(text);
  await expect(composer(page)).toHaveValue('');
  await expect(replies(page)).toHaveCount(2);
  await expectStatus(reply(page), 'failed');
  await page.reload();
  await ready(page);
  await expect(composer(page)).toHaveValue('');
  await expect(said(page)).toHaveCount(2);
  await expect(replies(page)).toHaveCount(2);
});

for (const place of ['a new conversation', 'one that there is']) {
  test(`sent twice, as the answer to the first was lost, a message comes once: ${place}`, async ({ page, silence, rivulet }) => {
    silence.allowLostNetwork(rivulet.url);
    await createAccount(page);
    const before = place === 'a new conversation' ? 0 : 1;
    if (before) await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
    await ready(page);
    await page.getByLabel('Model', { exact: true }).selectOption('quick/demo-fails');
    await loseTheFirstAnswer(page);
    // Nor may the list tell that it came.
    const lists = await muteLists(page);
    await composer(page).fill('Once and no more');
    await composer(page).press('Enter');
    await expect(page.getByRole('alert').filter({ visible: true })).toHaveText(UNREACHABLE);
    await expect(composer(page)).toHaveValue('Once and no more');

    await button(page, 'Send').click();
    if (before) await expect(composer(page)).toHaveValue('');
    lists.speak();
    await expect(page).toHaveURL(/\/c\/conv_/);
    await expect(composer(page)).toHaveValue('');
    await expect(said(page)).toHaveCount(before + 1);
    await expectStatus(reply(page), 'failed');
    await page.reload();
    await ready(page);
    await expect(said(page)).toHaveCount(before + 1);
    await expect(replies(page)).toHaveCount(before + 1);
    await expect(composer(page)).toHaveValue('');
  });
}

test('a message whose answer was lost is known to be sent as soon as the list has it; the same words again are another', async ({ page, silence, rivulet }) => {
  silence.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  for (const count of [2, 3]) {
    await loseTheFirstAnswer(page);
    await composer(page).fill('yes');
    await composer(page).press('Enter');
    await expect(said(page)).toHaveCount(count);
    await expect(composer(page)).toHaveValue('');
    await expect(page.getByRole('alert').filter({ visible: true })).toHaveCount(0);
    await expect(replies(page)).toHaveCount(count);
    await expectStatus(reply(page), 'failed');
    await expect(button(page, 'Send')).toBeEnabled();
  }
  await page.reload();
  await ready(page);
  await expect(said(page)).toHaveText(['First', 'yes', 'yes']);
  await expect(composer(page)).toHaveValue('');
});

test('a first message whose answer was lost leads to its conversation as soon as the list has it', async ({ page, silence, rivulet }) => {
  silence.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await ready(page);
  await page.getByLabel('Model', { exact: true }).selectOption('quick/demo-fails');
  await loseTheFirstAnswer(page);
  await composer(page).fill('Once and no more');
  await composer(page).press('Enter');
  await expect(page).toHaveURL(/\/c\/conv_/);
  await expect(said(page)).toHaveText('Once and no more');
  await button(page, 'New chat').click();
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  await expect(composer(page)).toHaveValue('');
});

test('a message that is never answered is given up after half a minute, and can be sent again', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  await page.clock.install();
  await page.route('**/api/send', () => {}, { times: 1 });
  const asked = page.waitForRequest('**/api/send');
  await composer(page).fill('Into the dark');
  await composer(page).press('Enter');
  await asked;
  await expect(button(page, 'Send')).toBeDisabled();
  await expect(said(page)).toHaveCount(2);
  await page.clock.fastForward(31_000);
  await expect(page.getByRole('alert').filter({ visible: true })).toHaveText(UNREACHABLE);
  await expect(composer(page)).toHaveValue('Into the dark');
  await button(page, 'Send').click();
  await expect(said(page)).toHaveText(['First', 'Into the dark']);
  await expect(composer(page)).toHaveValue('');
});

test('what was typed is kept over a reload, for each conversation by itself', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  await composer(page).fill('half a thought\nand a');
  await page.reload();
  await ready(page);
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

test('nothing but white space is not sent', async ({ page }) => {
  await createAccount(page);
  await ready(page);
  await composer(page).fill('  \n ');
  await button(page, 'Send').click();
  await expect(composer(page)).toHaveValue('  \n ');
  await expect(page).toHaveURL('/');
  await expect(page.getByRole('navigation', { name: 'Conversations' }).getByRole('listitem')).toHaveCount(0);
});

test('a message that is too long is refused with its text kept', async ({ page, silence }) => {
  silence.allowStatus(413, 'Payload Too Large');
  await createAccount(page);
  await ready(page);
  const text = 'long '.repeat(200_000);
  await composer(page).fill(text);
  await composer(page).press('Enter');
  await expect(page.getByRole('alert').filter({ visible: true })).toContainText('This message is too long');
  await expect(composer(page)).toHaveValue(text);
});

test('the model that was chosen stays chosen', async ({ page }) => {
  await createAccount(page);
  await ready(page);
  const model = page.getByLabel('Model', { exact: true });
  await model.selectOption('quick/demo-fails');
  await page.reload();
  await ready(page);
  await expect(model).toHaveValue('quick/demo-fails');
  await expectStatus(await say(page, 'First'), 'failed');
  await expect(model).toHaveValue('quick/demo-fails');
});

/** The first message reaches the server, but the page never hears of it. */
async function loseTheFirstAnswer(page: Page): Promise<void> {
  await page.route('**/api/send', async (route) => {
    await route.fetch();
    await route.abort();
  }, { times: 1 });
}

/** The socket says nothing more of lists, until it may speak: then it begins anew. */
async function muteLists(page: Page): Promise<{ speak: () => void }> {
  let muted = true;
  const sockets: WebSocketRoute[] = [];
  await page.routeWebSocket(/\/live/, (socket) => {
    sockets.push(socket);
    const server = socket.connectToServer();
    server.onMessage((frame) => {
      if (!muted || !/^\{"(messages|conversations)"/.test(String(frame))) socket.send(frame);
    });
  });
  await page.reload();
  await ready(page);
  const speak = () => {
    muted = false;
    for (const socket of sockets) void socket.close();
  };
  return { speak };
}
