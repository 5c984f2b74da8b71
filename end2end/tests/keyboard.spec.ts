// What can be done by the keyboard alone.

import { longConversation } from '../support/history.ts';
import { ask, button, composer, createAccount, expectStatus, newestReply, sentMessages, sentTexts, waitForHydration, waitForLength } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('Enter sends, and Shift+Enter inserts a line break', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  await expect(composer(page)).toBeFocused();
  await page.keyboard.type('one line');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('and another');
  await expect(composer(page)).toHaveValue('one line\nand another');
  await page.keyboard.press('Enter');
  await expect(sentTexts(page).last()).toHaveText('one line\nand another');
  await expect(composer(page)).toHaveValue('');
  await expect(composer(page)).toBeFocused();
  await expectStatus(newestReply(page), 'failed');
});

test('Tab reaches every control in the order of the page', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo'), 'completed');
  await page.reload();
  await expect(composer(page)).toBeFocused();
  const names: string[] = [];
  const focusedName = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return '';
      return element.getAttribute('aria-label') ?? element.textContent?.trim() ?? '';
    });
  // From the composer to the end of the page, and from its start back to the composer.
  do {
    await page.keyboard.press('Tab');
    names.push(await focusedName());
  } while (names.at(-1) !== 'Message' && names.length < 60);
  const order = [
    'Skip to the conversation', 'New chat', 'First', 'Light or dark', 'Security', 'Sign out', 'Rename', 'Delete', 'Copy', 'Retry', 'Message',
  ];
  const from = names.indexOf('Skip to the conversation');
  let at = from;
  for (const name of order) {
    const next = names.indexOf(name, at);
    expect(next, `${name} in ${names.join(', ')}`).toBeGreaterThanOrEqual(at);
    at = next;
  }
  expect(names.slice(0, from)).toEqual(expect.arrayContaining(['Model', 'Send']));

  await page.keyboard.press('Shift+Tab');
  while ((await focusedName()) !== 'Skip to the conversation') await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  expect(await focusedName()).toBe('Rename');
});

test('a dialog is used by the keyboard alone; Escape closes it and returns the focus', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  const rename = page.getByRole('dialog', { name: 'Rename this conversation' });
  await button(page, 'Rename').focus();
  await page.keyboard.press('Enter');
  await expect(rename.getByLabel('Title')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(rename).toBeHidden();
  await expect(button(page, 'Rename')).toBeFocused();
  await expect(page.getByRole('heading', { name: 'First' })).toBeVisible();

  await page.keyboard.press('Enter');
  await expect(rename.getByLabel('Title')).toBeFocused();
  await page.keyboard.type('By hand');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'By hand' })).toBeVisible();

  const question = page.getByRole('dialog', { name: 'Delete this conversation' });
  await button(page, 'Delete').focus();
  await page.keyboard.press('Enter');
  await expect(question).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  await expect(page.getByRole('heading', { name: 'By hand' })).toBeVisible();
});

test('a dialog that is opened again before its close event stays open', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  const rename = page.getByRole('dialog', { name: 'Rename this conversation' });
  await button(page, 'Rename').click();
  await expect(rename).toBeVisible();
  const closed = rename.evaluate((dialog) => new Promise((closed) => dialog.addEventListener('close', closed, { once: true })).then(() => {}));
  await rename.evaluate((dialog: HTMLDialogElement) => {
    dialog.close();
    document.querySelector<HTMLButtonElement>('button[aria-label="Rename"]')!.click();
  });
  await closed;
  await expect(rename.getByLabel('Title')).toBeFocused();
});

test('Stop, Retry and Continue by the keyboard', async ({ page }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'slow/demo-prose');
  await button(page, 'Stop').press('Enter');
  await expectStatus(reply, 'stopped');
  await button(reply, 'Retry').press('Space');
  await expectStatus(newestReply(page), 'streaming');
  await expect(composer(page)).toBeFocused();
  await waitForLength(newestReply(page), 20);
  await button(page, 'Stop').press('Enter');
  await expectStatus(newestReply(page), 'stopped');
  await expect(newestReply(page).getByText('2/2')).toBeVisible();
  await button(newestReply(page), 'Continue').press('Enter');
  await expectStatus(newestReply(page), 'streaming');
  await expect(composer(page)).toBeFocused();
  await button(page, 'Stop').press('Enter');
  await expectStatus(newestReply(page), 'stopped');
});

test('Jump to latest by the keyboard moves the focus to the composer', async ({ page }) => {
  await createAccount(page);
  await page.goto(await longConversation(page, 10));
  await waitForHydration(page);
  await sentMessages(page).first().scrollIntoViewIfNeeded();
  await button(page, 'Jump to latest').press('Enter');
  await expect(newestReply(page)).toBeInViewport();
  await expect(composer(page)).toBeFocused();
});

test('paging through siblings by the keyboard keeps the focus on the links', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  for (const count of [2, 3]) {
    await button(newestReply(page), 'Retry').click();
    await expect(newestReply(page).getByText(`${count}/${count}`)).toBeVisible();
    await expectStatus(newestReply(page), 'failed');
  }
  const [earlier, later] = [button(newestReply(page), 'Previous version'), button(newestReply(page), 'Next version')];
  await earlier.focus();
  await page.keyboard.press('Enter');
  await expect(newestReply(page).getByText('2/3')).toBeVisible();
  await expect(earlier).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(newestReply(page).getByText('1/3')).toBeVisible();
  await expect(later).toBeFocused();
});

test('Space presses New chat', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  await button(page, 'New chat').focus();
  await page.keyboard.press('Space');
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
});
