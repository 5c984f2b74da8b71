// Writing much, with an input method, and when nothing can be sent.

import { type Page } from '@playwright/test';
import { composer, createAccount, modelMenu, openSecondTab, sentMessages, waitForHydration } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

/** How long the page may be busy with one key, in milliseconds. */
const LONG_TASK = 100;

test('a paste of 500 KB keeps the page responsive, and comes back after a reload', async ({ page }) => {
  await createAccount(page);
  await waitForHydration(page);
  const text = 'How does a river keep its words? '.repeat(15_500);
  const longest = await page.evaluate((text) => {
    const field = document.querySelector<HTMLTextAreaElement>('.composer textarea')!;
    const times: number[] = [];
    for (let at = 0; at < 30; at++) {
      field.value = text + 'x'.repeat(at);
      const start = performance.now();
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      times.push(performance.now() - start);
    }
    return Math.max(...times);
  }, text);
  expect(longest).toBeLessThan(LONG_TASK);
  await page.reload();
  await waitForHydration(page);
  await expect(composer(page)).toHaveValue(text + 'x'.repeat(29));
});

test('what was typed last is kept though the tab is killed', async ({ page, context }) => {
  await createAccount(page);
  await waitForHydration(page);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await composer(tab).pressSequentially('typed key by key');
  await expect.poll(() => tab.evaluate(() => Object.values(localStorage).includes('typed key by key'))).toBe(true);
  await tab.goto('chrome://crash').catch(() => {});
  await tab.close();
  const next = await openSecondTab(context, page);
  await waitForHydration(next);
  await expect(composer(next)).toHaveValue('typed key by key');
});

test('a message of 600 KB is refused in words, and stays', async ({ page }) => {
  await createAccount(page);
  await waitForHydration(page);
  const text = 'x'.repeat(600 * 1024);
  await paste(page, text);
  await composer(page).press('Enter');
  await expect(page.getByRole('alert').filter({ visible: true })).toHaveText('This message is too long: it may have 512 KiB. Shorten it and send again.');
  expect(await composer(page).inputValue()).toBe(text);
  await expect(sentMessages(page)).toHaveCount(0);
});

test('Enter that belongs to an input method does not send', async ({ page }) => {
  await createAccount(page);
  await waitForHydration(page);
  await composer(page).fill('かわ');
  for (const how of [{ isComposing: true }, { keyCode: 229 }]) {
    await composer(page).evaluate((field, how) => field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...how })), how);
  }
  await expect(composer(page)).toHaveValue('かわ');
  await expect(page).toHaveURL('/');
  await composer(page).press('Enter');
  await expect(sentMessages(page)).toHaveCount(1);
});

async function paste(page: Page, text: string): Promise<void> {
  await composer(page).evaluate((field: HTMLTextAreaElement, text) => {
    field.value = text;
    field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertFromPaste' }));
  }, text);
}

test('Enter that cannot send shows why, and keeps the text', async ({ page }) => {
  await createAccount(page);
  await waitForHydration(page);
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/api/*/send', async (route) => {
    await held;
    await route.continue();
  });
  await modelMenu(page).selectOption('quick/demo-fails');
  await composer(page).fill('First');
  await composer(page).press('Enter');
  await expect(page).toHaveURL(/\/c\/conv_/);
  await composer(page).fill('Second');
  await composer(page).press('Enter');
  const alert = page.getByRole('alert').filter({ visible: true });
  await expect(alert).toHaveText('The message before it is still being sent. Press Enter again in a moment.');
  await expect(composer(page)).toHaveValue('Second');
  release();
  await expect(alert).toBeHidden();
});
