// axe-core finds nothing on any page, in any state, in either theme.

import { expectAccessible } from '../support/axe.ts';
import type { ConsoleLog } from '../support/console.ts';
import { ask, button, composer, createAccount, expectStatus, newestReply, sentMessages, signIn, waitForHydration } from '../support/person.ts';
import { expect, scripted, test } from '../support/test.ts';

const several = scripted.extend({
  providers: async ({ provider }, use) => use(provider.settings.replace('["model"]', '["model", "second", "third"]')),
});

test('pages without a chat', async ({ page, consoleLog }) => {
  allowRefusals(consoleLog);
  await page.goto('/');
  await expectAccessible(page, 'creating an account');
  await createAccount(page);
  for (const address of ['/settings', '/settings/security', '/no-such-page', '/?archived']) {
    await page.goto(address);
    await expectAccessible(page, address);
  }
  await page.context().clearCookies();
  await signIn(page, { name: '', email: 'ada@example.org', password: 'not the right one' });
  await expect(page.getByRole('alert')).toBeVisible();
  await expectAccessible(page, 'a sign-in that was refused');
});

scripted('a new chat and its dialogs', async ({ page }) => {
  await createAccount(page);
  await waitForHydration(page);
  await expectAccessible(page, 'a new chat');
  await page.keyboard.press('Control+/');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await expectAccessible(page, 'the shortcuts');
  await page.keyboard.press('Escape');
  await button(page, 'Options').click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await expectAccessible(page, 'the options of a new chat');
  await page.keyboard.press('Escape');
  await composer(page).fill('/');
  await expect(page.getByRole('listbox')).toBeVisible();
  await expectAccessible(page, 'saved prompts');
  await composer(page).fill('');
  await page.goto('/?temporary');
  await waitForHydration(page);
  await expectAccessible(page, 'a temporary chat');
  await page.setViewportSize({ width: 390, height: 844 });
  await button(page, 'Conversations').click();
  await expectAccessible(page, 'the drawer of a narrow page');
});

scripted('a conversation in all its states', async ({ page, provider, consoleLog }) => {
  allowRefusals(consoleLog);
  await createAccount(page);
  await ask(page, 'Hello');
  const writer = await provider.nextRequest();
  await expectAccessible(page, 'a reply before its first word');
  writer.thinks('What rivers are there?');
  writer.writes('Two `names`:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```rust\nfn main() {}\n```\n\n> A quotation, and [a link](https://example.org).');
  await expectStatus(newestReply(page), 'streaming');
  await expectAccessible(page, 'a reply that streams');
  for (const text of ['One', 'Two']) {
    await composer(page).fill(text);
    await composer(page).press('Enter');
  }
  const queue = page.getByRole('list', { name: 'Queued', exact: true });
  await expect(queue.getByRole('listitem')).toHaveText(['One', 'Two']);
  await expectAccessible(page, 'a queue');
  await button(queue.getByRole('listitem').first(), 'Edit').click();
  await expectAccessible(page, 'a queued message that is edited');
  await page.keyboard.press('Escape');
  await button(page, 'Stop').click();
  await expectStatus(newestReply(page), 'stopped');
  await expectAccessible(page, 'a reply that was stopped, and a queue that is held');
  for (const row of ['One', 'Two']) await button(queue.getByRole('listitem').filter({ hasText: row }), 'Remove').click();
  await expectAccessible(page, 'a message that was removed and can come back');

  await button(sentMessages(page).first(), 'Edit').click();
  await expect(page.getByRole('textbox', { name: 'Edit message' })).toBeFocused();
  await expectAccessible(page, 'a message that is edited');
  await page.keyboard.press('Escape');
  await button(newestReply(page), 'More').click();
  await expectAccessible(page, 'the menu of a reply');
  await page.getByRole('button', { name: 'Retry with', exact: true }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await expectAccessible(page, 'another model for a reply');
  await page.keyboard.press('Escape');
  for (const name of ['Options', 'Rename', 'Delete']) {
    await page.locator('header.bar').getByRole('button', { name, exact: true }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await expectAccessible(page, name);
    await page.keyboard.press('Escape');
  }
});

scripted('words that are selected, a second version, and what was deleted', async ({ page, provider }) => {
  await createAccount(page);
  await ask(page, 'Hello');
  let writer = await provider.nextRequest();
  writer.writes('A river has many names on its way.');
  writer.ends();
  await expectStatus(newestReply(page), 'completed');
  await button(newestReply(page), 'Good reply').click();
  await expect(newestReply(page).getByRole('textbox')).toBeVisible();
  await expectAccessible(page, 'a rating');
  await page.keyboard.press('Escape');
  await newestReply(page).locator('[data-part="text"] p').dblclick({ position: { x: 20, y: 12 } });
  await expect(page.getByRole('toolbar', { name: 'Selected text' })).toBeVisible();
  await expectAccessible(page, 'selected words');
  await button(page, 'Go on from here').click();
  await expectAccessible(page, 'how a reply is to be continued');
  await page.keyboard.press('Enter');
  writer = await provider.nextRequest();
  writer.writes('other things.');
  writer.ends();
  await expectStatus(newestReply(page), 'completed');
  await expectAccessible(page, 'two versions');
  await button(newestReply(page), 'More').click();
  await page.getByRole('button', { name: 'Delete message' }).click();
  await expect(button(page, 'Undo')).toBeVisible();
  await expectAccessible(page, 'a message that was deleted');
});

several('replies of several models', async ({ page, provider }) => {
  await createAccount(page);
  await waitForHydration(page);
  await button(page, 'Ask another model, too').click();
  await expectAccessible(page, 'the other models');
  await page.getByRole('group', { name: 'Ask another model, too' }).getByRole('button', { name: 'second' }).click();
  await expectAccessible(page, 'another model that is asked');
  await composer(page).fill('Hello');
  await composer(page).press('Enter');
  for (let count = 0; count < 2; count++) (await provider.nextRequest()).writes('Hi there.');
  await expect(page.getByText('Hi there.')).toHaveCount(2);
  await expectAccessible(page, 'two replies that stream');
  await page.setViewportSize({ width: 390, height: 844 });
  await expectAccessible(page, 'one of two replies');
});

test('the sidebar', async ({ page }) => {
  await createAccount(page);
  for (const title of ['First', 'Second']) {
    await expectStatus(await ask(page, title, 'quick/demo-fails'), 'failed');
    await button(page, 'New chat').click();
    await waitForHydration(page);
  }
  const row = page.getByRole('navigation', { name: 'Conversations' }).getByRole('listitem').filter({ hasText: 'First' });
  await expectAccessible(page, 'conversations, of which some are unread');
  const choose = async (action: string) => {
    await row.hover();
    await button(row, 'Conversation menu').click();
    await expectAccessible(page, `a menu with ${action}`);
    await button(row, action).click();
  };
  await choose('Pin');
  await expectAccessible(page, 'a pinned conversation');
  await choose('Select');
  await expectAccessible(page, 'conversations that are selected');
  await page.keyboard.press('Escape');
  await choose('Archive');
  await expectAccessible(page, 'a conversation that was archived');
});

/** Of forms that are sent back. */
function allowRefusals(log: ConsoleLog): void {
  log.allowStatus(401, 'Unauthorized');
  log.allowStatus(404, 'Not Found');
}

