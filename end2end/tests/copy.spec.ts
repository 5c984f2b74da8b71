import { type Page } from '@playwright/test';
import { RIVERS, button, composer, createAccount, expectStatus, said, say } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('Copy copies a message as it was written, and a code block as it is', async ({ page, context, rivulet }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: rivulet.url });
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await createAccount(page);
  const question = 'How does a *river*\nkeep its words? 🐟';
  const answer = await say(page, question, 'quick/demo');
  await expectStatus(answer, 'completed');

  await button(answer.locator('.actions'), 'Copy').click();
  await expectTold(page, 'Copied');
  const tick = answer.locator('[data-copied="true"]');
  await expect(tick).toBeVisible();
  expect(await clipboard()).toBe(RIVERS);
  await expect(tick).toBeHidden();
  // Told once a page, and again for the second time.
  await page.locator('#status').evaluate((region) => region.replaceChildren());
  await button(answer.locator('.actions'), 'Copy').click();
  await expect(tick).toBeVisible();
  await expectTold(page, 'Copied');

  await said(page).hover();
  await button(said(page), 'Copy').click();
  await expect(said(page).locator('[data-copied="true"]')).toBeVisible();
  expect(await clipboard()).toBe(question);

  const code = /```rust\n(.*?)```/s.exec(RIVERS)![1];
  const block = answer.locator('.code');
  await button(block, 'Copy').click();
  await expect(button(block, 'Copied')).toBeVisible();
  expect(await clipboard()).toBe(code);
  await expect(button(block, 'Copy')).toBeVisible();
});

test('Copy works where a page has no clipboard, as on plain http in a home', async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined }));
  await createAccount(page);
  const question = 'Two lines\nto take along 🐟';
  const answer = await say(page, question, 'quick/demo');
  await expectStatus(answer, 'completed');
  await said(page).hover();
  const copy = button(said(page), 'Copy');
  await copy.click();
  await expectTold(page, 'Copied');
  await expect(copy).toBeFocused();
  await composer(page).focus();
  await page.keyboard.press('Control+V');
  await expect(composer(page)).toHaveValue(question);
});

test('who cannot copy is told so', async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined });
    Document.prototype.execCommand = () => false;
  });
  await createAccount(page);
  const answer = await say(page, 'How does a river keep its words?', 'quick/demo');
  await expectStatus(answer, 'completed');
  await button(answer.locator('.actions'), 'Copy').click();
  await expectTold(page, 'Not copied');
  await expect(answer.locator('[data-copied="false"]')).toBeVisible();
  await button(answer.locator('.code'), 'Copy').click();
  await expect(button(answer.locator('.code'), 'Not copied')).toBeVisible();
});

/** What a screen reader is told, in the page's one region for that. */
async function expectTold(page: Page, text: string): Promise<void> {
  await expect(page.locator('[role="status"]').filter({ hasText: text })).toHaveCount(1);
  await expect(page.locator('#status')).toHaveText(text);
}
