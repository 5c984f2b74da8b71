// What a person thinks of a reply: two buttons and a word, in all their tabs.

import { type Locator, type Page } from '@playwright/test';
import { ask, button, createAccount, expectStatus, newestReply, openSecondTab, waitForHydration } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

const good = (page: Page): Locator => button(newestReply(page), 'Good reply');
const bad = (page: Page): Locator => button(newestReply(page), 'Bad reply');
const field = (page: Page, what: 'good' | 'wrong'): Locator => page.getByRole('textbox', { name: `What was ${what}? (optional)` });

async function expectRating(page: Page, rating: 'good' | 'bad' | 'none'): Promise<void> {
  await expect(good(page)).toHaveAttribute('aria-pressed', String(rating === 'good'));
  await expect(bad(page)).toHaveAttribute('aria-pressed', String(rating === 'bad'));
}

test('a reply is rated by keyboard, with a word, in both tabs and after a reload', async ({ page, context }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'Hello', 'quick/demo-prose'), 'completed');
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await page.bringToFront();

  await good(page).press('Enter');
  await expect(field(page, 'good')).toBeFocused();
  for (const one of [page, tab]) await expectRating(one, 'good');
  await expect(field(tab, 'good')).toBeHidden();
  await page.keyboard.press('Escape');
  await expect(field(page, 'good')).toBeHidden();
  await expect(good(page)).toBeFocused();

  await bad(page).press('Space');
  await field(page, 'wrong').fill('It wanders');
  await page.keyboard.press('Enter');
  await expect(field(page, 'wrong')).toBeHidden();
  await expect(bad(page)).toBeFocused();
  for (const one of [page, tab]) {
    await expectRating(one, 'bad');
    await expect(newestReply(one).getByText('It wanders')).toBeVisible();
  }
  await page.reload();
  await waitForHydration(page);
  await expectRating(page, 'bad');
  await button(newestReply(page), 'Change what you wrote').click();
  await expect(field(page, 'wrong')).toHaveValue('It wanders');
  await field(page, 'wrong').fill('It wanders about');
  await button(newestReply(page), 'Save').click();
  await expect(newestReply(tab).getByText('It wanders about')).toBeVisible();

  await tab.bringToFront();
  await bad(tab).click();
  for (const one of [page, tab]) {
    await expectRating(one, 'none');
    await expect(newestReply(one).getByText('It wanders about')).toBeHidden();
  }
});

test('what was pressed last is what stays, and what cannot be kept is shown as it was', async ({ page, context, consoleLog, rivulet }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'Hello', 'quick/demo-prose'), 'completed');
  await page.evaluate(() => {
    const buttons = [...document.querySelectorAll<HTMLButtonElement>('.rate button')];
    for (const at of [0, 1, 1, 0, 1]) buttons[at]!.click();
  });
  await expectRating(page, 'bad');
  const tab = await openSecondTab(context, page);
  await expectRating(tab, 'bad');
  await tab.close();

  consoleLog.allowLostNetwork(rivulet.url);
  await page.route('**/api/2/rate', (route) => route.abort());
  await good(page).click();
  await expect(newestReply(page).getByRole('alert').filter({ visible: true })).toBeVisible();
  await expectRating(page, 'bad');
});

test('in a window of 320 px a reply is rated, and nothing overflows', async ({ page }) => {
  await createAccount(page);
  await page.setViewportSize({ width: 320, height: 640 });
  await expectStatus(await ask(page, 'Hello', 'quick/demo-prose'), 'completed');
  await bad(page).click();
  await expect(field(page, 'wrong')).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
});

test.describe('without scripts', () => {
  test('a reply is rated by its form', async ({ page, browser, context, rivulet }) => {
    await createAccount(page);
    await expectStatus(await ask(page, 'Hello', 'quick/demo-prose'), 'completed');
    const still = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState(), baseURL: rivulet.url });
    const plain = await still.newPage();
    await plain.goto(page.url());
    await good(plain).click();
    await expectRating(plain, 'good');
    await expectRating(page, 'good');
    await good(plain).click();
    await expectRating(plain, 'none');
    await still.close();
  });
});
