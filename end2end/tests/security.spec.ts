// The settings page of sessions and password: forms that work without scripts.

import { type Browser, type Page } from '@playwright/test';
import { ada, button, composer, createAccount, signIn, waitForHydration } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

const NEW = 'over the other bridge';

for (const scripts of [true, false]) {
  test.describe(scripts ? 'with scripts' : 'without scripts', () => {
    test.use({ javaScriptEnabled: scripts });

    test('a person sees where they are signed in, ends a session, and changes the password', async ({ page, browser, baseURL, consoleLog }) => {
      consoleLog.allowStatus(422, 'Unprocessable Entity');
      await createAccount(page);
      const elsewhere = await signedInElsewhere(browser, baseURL!);
      await page.getByRole('link', { name: 'Security', exact: true }).click();
      await expect(page.getByRole('heading', { name: 'Security', exact: true })).toBeVisible();
      const sessions = page.getByRole('listitem');
      await expect(sessions).toHaveCount(2);
      await expect(sessions.filter({ hasText: 'This one' })).toHaveCount(1);
      await expect(sessions.first()).toContainText('Chrome on Linux');
      await page.getByRole('button', { name: /^End the session in Chrome on Linux/ }).click();
      await expect(page.getByRole('status')).toHaveText('The session is ended.');
      await expect(sessions).toHaveCount(1);
      await expect(elsewhere.getByText('You are signed out.')).toBeVisible();

      await changePassword(page, 'not this one', NEW);
      await expect(page.getByRole('alert')).toHaveText('The present password is wrong. Nothing was changed.');
      await changePassword(page, ada.password, 'qwertyuiop');
      await expect(page.getByRole('alert')).toContainText('one of the most used ones');
      await changePassword(page, ada.password, NEW);
      await expect(page.getByRole('status')).toHaveText('The password is changed, and all other sessions are ended.');
      await page.getByRole('link', { name: 'Back to the chats' }).click();
      await expect(composer(page)).toBeVisible();
      await elsewhere.context().close();
    });
  });
}

test('changing the password keeps the tabs of this browser signed in, with their drafts', async ({ page, context }) => {
  await createAccount(page);
  await waitForHydration(page);
  await composer(page).fill('typed before');
  const reconnected = page.waitForEvent('websocket');
  const tab = await context.newPage();
  await tab.goto('/settings/security');
  await changePassword(tab, ada.password, NEW);
  await expect(tab.getByRole('status')).toBeVisible();
  const socket = await reconnected;
  await socket.waitForEvent('framereceived');
  await expect(page.getByText('You are signed out.')).toBeHidden();
  await expect(composer(page)).toHaveValue('typed before');
});

test('Tab reaches every control', async ({ page }) => {
  await createAccount(page);
  await page.goto('/settings/security');
  const names: string[] = [];
  for (let at = 0; at < 5; at++) {
    await page.keyboard.press('Tab');
    names.push(await page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement;
      return element.labels?.[0]?.firstChild?.textContent?.trim() ?? element.textContent ?? '';
    }));
  }
  expect(names).toEqual(['Back to the chats', 'Settings', 'Present password', 'New password', 'Change password']);
});

for (const [width, height] of [[1280, 800], [390, 844], [320, 640]]) {
  test(`nothing scrolls sideways at ${width} px`, async ({ page, browser, baseURL }) => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await createAccount(page);
    const elsewhere = await signedInElsewhere(browser, baseURL!);
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.goto('/settings/security');
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      if (process.env.RIVULET_PICTURES) await page.screenshot({ path: `${process.env.RIVULET_PICTURES}/security-${width}-${colorScheme}.png`, fullPage: true });
    }
    await elsewhere.context().close();
  });
}

test('drafts of another person in this browser are deleted', async ({ page }) => {
  await createAccount(page);
  await waitForHydration(page);
  await composer(page).fill('a secret');
  // The storage is another person's if the `era` in it has another name.
  await page.evaluate(() => localStorage.setItem('era', localStorage.getItem('era')!.replace('ada@', 'eve@')));
  await page.reload();
  await waitForHydration(page);
  await expect(composer(page)).toHaveValue('');
  const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
  expect(kept).not.toContain('secret');
});

test('ending a session from elsewhere deletes its drafts', async ({ page, browser, baseURL }) => {
  await createAccount(page);
  await waitForHydration(page);
  await composer(page).fill('a secret');
  const elsewhere = await signedInElsewhere(browser, baseURL!);
  await elsewhere.goto('/settings/security');
  await button(elsewhere, 'End all other sessions').click();
  await expect(page.getByText('You are signed out.')).toBeVisible();
  const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
  expect(kept).not.toContain('secret');
  await elsewhere.context().close();
});

/** A page of another browser in which Ada is signed in. */
async function signedInElsewhere(browser: Browser, baseURL: string): Promise<Page> {
  const page = await (await browser.newContext({ baseURL, javaScriptEnabled: true })).newPage();
  await signIn(page);
  await waitForHydration(page);
  return page;
}

async function changePassword(page: Page, present: string, next: string): Promise<void> {
  await page.getByLabel('Present password', { exact: true }).fill(present);
  await page.getByLabel('New password', { exact: true }).fill(next);
  await button(page, 'Change password').click();
}
