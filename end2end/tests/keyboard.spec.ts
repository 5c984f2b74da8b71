import { longConversation } from '../support/history.ts';
import { button, composer, createAccount, expectStatus, grownTo, ready, reply, said, say } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('Enter sends, Shift+Enter breaks the line', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  await expect(composer(page)).toBeFocused();
  await page.keyboard.type('one line');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('and another');
  await expect(composer(page)).toHaveValue('one line\nand another');
  await page.keyboard.press('Enter');
  await expect(said(page).last()).toHaveText('one line\nand another');
  await expect(composer(page)).toHaveValue('');
  await expect(composer(page)).toBeFocused();
  await expectStatus(reply(page), 'failed');
});

test('Tab reaches everything, in the order of the page', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo'), 'completed');
  await page.reload();
  await expect(composer(page)).toBeFocused();
  const names: string[] = [];
  const focused = () =>
    page.evaluate(() => {
      const here = document.activeElement;
      if (!here || here === document.body) return '';
      return here.getAttribute('aria-label') ?? here.textContent?.trim() ?? '';
    });
  // From the composer on to the end of the page, and from its beginning back to the composer.
  do {
    await page.keyboard.press('Tab');
    names.push(await focused());
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
  while ((await focused()) !== 'Skip to the conversation') await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Rename');
});

test('a dialog is worked by the keyboard alone; Escape closes it and gives the cursor back', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
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

test('a dialog that is opened again before the browser has told of its closing stays open', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  const rename = page.getByRole('dialog', { name: 'Rename this conversation' });
  await button(page, 'Rename').click();
  await expect(rename).toBeVisible();
  const told = rename.evaluate((dialog) => new Promise((told) => dialog.addEventListener('close', told, { once: true })).then(() => {}));
  await rename.evaluate((dialog: HTMLDialogElement) => {
    dialog.close();
    document.querySelector<HTMLButtonElement>('button[aria-label="Rename"]')!.click();
  });
  await told;
  await expect(rename.getByLabel('Title')).toBeFocused();
});

test('Stop, Retry and Continue by the keyboard', async ({ page }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'slow/demo-prose');
  await button(page, 'Stop').press('Enter');
  await expectStatus(answer, 'stopped');
  await button(answer, 'Retry').press('Space');
  await expectStatus(reply(page), 'streaming');
  await expect(composer(page)).toBeFocused();
  await grownTo(reply(page), 20);
  await button(page, 'Stop').press('Enter');
  await expectStatus(reply(page), 'stopped');
  await expect(reply(page).getByText('2/2')).toBeVisible();
  await button(reply(page), 'Continue').press('Enter');
  await expectStatus(reply(page), 'streaming');
  await expect(composer(page)).toBeFocused();
  await button(page, 'Stop').press('Enter');
  await expectStatus(reply(page), 'stopped');
});

test('Jump to latest by the keyboard leads to the composer', async ({ page }) => {
  await createAccount(page);
  await page.goto(await longConversation(page, 10));
  await ready(page);
  await said(page).first().scrollIntoViewIfNeeded();
  await button(page, 'Jump to latest').press('Enter');
  await expect(reply(page)).toBeInViewport();
  await expect(composer(page)).toBeFocused();
});

test('who pages through the attempts by the keyboard keeps the cursor', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  for (const count of [2, 3]) {
    await button(reply(page), 'Retry').click();
    await expect(reply(page).getByText(`${count}/${count}`)).toBeVisible();
    await expectStatus(reply(page), 'failed');
  }
  const [earlier, later] = [button(reply(page), 'Earlier attempt'), button(reply(page), 'Later attempt')];
  await earlier.focus();
  await page.keyboard.press('Enter');
  await expect(reply(page).getByText('2/3')).toBeVisible();
  await expect(earlier).toBeFocused();
  await page.keyboard.press('Space');
  await expect(reply(page).getByText('1/3')).toBeVisible();
  await expect(later).toBeFocused();
});

test('New chat is pressed by Space as by Enter', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  await button(page, 'New chat').focus();
  await page.keyboard.press('Space');
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
});
