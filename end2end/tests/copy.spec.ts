// The Copy buttons.

import { type Page } from '@playwright/test';
import { RIVERS, ask, button, composer, createAccount, expectStatus, sentMessages } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('Copy copies the Markdown of a message, and the text of a code block', async ({ page, context, rivulet }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: rivulet.url });
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await createAccount(page);
  const question = 'How does a *river*\nkeep its words? 🐟';
  const reply = await ask(page, question, 'quick/demo');
  await expectStatus(reply, 'completed');

  await button(reply.locator('.actions'), 'Copy').click();
  await expectAnnounced(page, 'Copied');
  const tick = reply.locator('[data-copied="true"]');
  await expect(tick).toBeVisible();
  expect(await clipboard()).toBe(RIVERS);
  await expect(tick).toBeHidden();
  // The second copy is announced, too.
  await page.locator('#status').evaluate((region) => region.replaceChildren());
  await button(reply.locator('.actions'), 'Copy').click();
  await expect(tick).toBeVisible();
  await expectAnnounced(page, 'Copied');

  await sentMessages(page).hover();
  await button(sentMessages(page), 'Copy').click();
  await expect(sentMessages(page).locator('[data-copied="true"]')).toBeVisible();
  expect(await clipboard()).toBe(question);

  const code = /```rust\n(.*?)```/s.exec(RIVERS)![1];
  const block = reply.locator('.code');
  await button(block, 'Copy').click();
  await expect(button(block, 'Copied')).toBeVisible();
  expect(await clipboard()).toBe(code);
  await expect(button(block, 'Copy')).toBeVisible();
});

test('Copy works where a page has no clipboard API, as over plain http', async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined }));
  await createAccount(page);
  const question = 'Two lines\nto take along 🐟';
  const reply = await ask(page, question, 'quick/demo');
  await expectStatus(reply, 'completed');
  await sentMessages(page).hover();
  const copy = button(sentMessages(page), 'Copy');
  await copy.click();
  await expectAnnounced(page, 'Copied');
  await expect(copy).toBeFocused();
  await composer(page).focus();
  await page.keyboard.press('Control+V');
  await expect(composer(page)).toHaveValue(question);
});

test('a failed copy is shown and announced', async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined });
    Document.prototype.execCommand = () => false;
  });
  await createAccount(page);
  const reply = await ask(page, 'How does a river keep its words?', 'quick/demo');
  await expectStatus(reply, 'completed');
  await button(reply.locator('.actions'), 'Copy').click();
  await expectAnnounced(page, 'Not copied');
  await expect(reply.locator('[data-copied="false"]')).toBeVisible();
  await button(reply.locator('.code'), 'Copy').click();
  await expect(button(reply.locator('.code'), 'Not copied')).toBeVisible();
});

/** What screen readers announce: the text of the page's one status region. */
async function expectAnnounced(page: Page, text: string): Promise<void> {
  await expect(page.locator('[role="status"]').filter({ hasText: text })).toHaveCount(1);
  await expect(page.locator('#status')).toHaveText(text);
}
