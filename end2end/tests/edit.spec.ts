// Another version of one's own message, deleting messages and conversations, links, and another model.

import type { Locator, Page } from '@playwright/test';
import { ask, button, composer, createAccount, expectStatus, idOf, newestReply, openSecondTab, replies, sentMessages, waitForHydration, waitForLength } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

/** Asks, and stops the reply after its first words. */
async function answered(page: Page, text: string): Promise<Locator> {
  // The cursor may be at what was pressed last.
  await composer(page).click();
  const reply = await ask(page, text, 'demo/demo-prose');
  await stopped(page);
  return reply;
}

async function stopped(page: Page): Promise<void> {
  await waitForLength(newestReply(page), 20);
  await button(page, 'Stop').click();
  await expectStatus(newestReply(page), 'stopped');
}

test('Edit opens in place, its draft survives a reload, and Send makes a sibling', async ({ page, context }) => {
  await createAccount(page);
  await answered(page, 'Hallo');
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  const question = sentMessages(page).last();
  const first = await idOf(question);
  await composer(page).press('ArrowUp');
  const field = question.getByRole('textbox', { name: 'Edit message' });
  await expect(field).toBeFocused();
  await field.press('Escape');
  await expect(field).toHaveCount(0);
  await expect(composer(page)).toBeFocused();

  await question.hover();
  await button(question, 'Edit').click();
  await field.fill('Hello, another');
  await page.reload();
  await expect(field).toHaveValue('Hello, another');
  await waitForHydration(page);
  await field.press('Enter');
  await expect(sentMessages(page).last()).not.toHaveAttribute('data-message-id', first);
  await expect(sentMessages(page).last()).toContainText('Hello, another');
  await expect(sentMessages(page).last().getByText('2/2')).toBeVisible();
  await stopped(page);
  await expect(replies(page)).toHaveCount(1);
  await button(sentMessages(page).last(), 'Previous version').click();
  await expect(sentMessages(page).last()).toHaveAttribute('data-message-id', first);
  await page.reload();
  await expect(sentMessages(page).last()).toHaveAttribute('data-message-id', first);
});

test('a message is deleted with what hangs on it, in every tab, and Undo brings it back', async ({ page, context }) => {
  await createAccount(page);
  await answered(page, 'One');
  await answered(page, 'Two');
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await expect(replies(tab)).toHaveCount(2);
  const second = sentMessages(page).last();
  await second.hover();
  await button(second, 'More').click();
  await button(page, 'Delete message').click();
  await expect(page.getByText('2 messages deleted.')).toBeVisible();
  for (const one of [page, tab]) {
    await expect(replies(one)).toHaveCount(1);
    await expect(sentMessages(one)).toHaveCount(1);
  }
  await button(page, 'Undo').click();
  for (const one of [page, tab]) {
    await expect(replies(one)).toHaveCount(2);
    await expect(sentMessages(one).last()).toContainText('Two');
  }
  await page.reload();
  await expect(replies(page)).toHaveCount(2);
});

test('a deleted conversation comes back with Undo', async ({ page }) => {
  await createAccount(page);
  await answered(page, 'One');
  const address = page.url();
  await button(page.locator('header.bar'), 'Delete').click();
  await button(page.getByRole('dialog', { name: 'Delete this conversation' }), 'Delete').click();
  await expect(page).not.toHaveURL(address);
  await expect(page.locator('.conversations a')).toHaveCount(0);
  await button(page, 'Undo').click();
  await expect(page).toHaveURL(address);
  await expect(replies(page)).toHaveCount(1);
  await expect(page.locator('.conversations a')).toHaveCount(1);
});

test('Copy link gives an address that opens at the message; Retry with asks another model', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await createAccount(page);
  const reply = await answered(page, 'One');
  const id = await idOf(reply);
  await reply.hover();
  await button(reply, 'More').click();
  await button(page, 'Copy link').click();
  await expect(page.getByText('Link copied.')).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toContain(`?m=${id}`);
  await reply.hover();
  await button(reply, 'More').click();
  await button(page, 'Retry with').click();
  const dialog = page.getByRole('dialog', { name: 'Ask another model' });
  await dialog.getByRole('combobox', { name: 'Model' }).selectOption('demo/demo-prose');
  await dialog.getByRole('button', { name: 'Retry' }).click();
  await expect(newestReply(page)).not.toHaveAttribute('data-message-id', id);
  await expect(newestReply(page).getByText('2/2')).toBeVisible();
  await page.goto(link);
  await expect(page.locator(`[data-message-id="${id}"]`)).toBeVisible();
});

test('where the shown version is deleted, the page shows what is left, with what hangs on it', async ({ page }) => {
  await createAccount(page);
  const first = await idOf(await answered(page, 'One'));
  await answered(page, 'Two');
  await replies(page).first().hover();
  await button(replies(page).first(), 'Retry').click();
  await expect(replies(page)).toHaveCount(1);
  await expect(newestReply(page)).not.toHaveAttribute('data-message-id', first);
  await expect(button(page, 'Send')).toBeVisible();
  // The other version is not loaded now.
  await page.reload();
  await waitForHydration(page);
  await newestReply(page).hover();
  await button(newestReply(page), 'More').click();
  await button(page, 'Delete message').click();
  await expect(replies(page)).toHaveCount(2);
  await expect(replies(page).first()).toHaveAttribute('data-message-id', first);
  await expect(replies(page).first()).toHaveAttribute('data-status', 'stopped');
  await expect(sentMessages(page).last()).toContainText('Two');
});
