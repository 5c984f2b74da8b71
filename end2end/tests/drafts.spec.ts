// Drafts: each tab has its own, and a new tab inherits those of closed tabs.

import { type Page } from '@playwright/test';
import { ask, button, composer, createAccount, expectStatus, openSecondTab, signIn, waitForHydration } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

for (const place of ['a new conversation', 'an existing conversation']) {
  test(`two tabs have drafts of their own, and keep them over a reload: ${place}`, async ({ page, context }) => {
    await createAccount(page);
    if (place !== 'a new conversation') await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
    await waitForHydration(page);
    await composer(page).fill('typed in one');
    const tab = await openSecondTab(context, page);
    await waitForHydration(tab);
    await waitForInheritance(tab);
    await expect(composer(tab)).toHaveValue('');
    await composer(tab).fill('typed in two');
    for (const [one, text] of [[page, 'typed in one'], [tab, 'typed in two']] as const) {
      await one.bringToFront();
      await one.reload();
      await waitForHydration(one);
      await waitForInheritance(one);
      await expect(composer(one)).toHaveValue(text);
    }
  });
}

test('a draft stays with its conversation when another one is opened', async ({ page }) => {
  await createAccount(page);
  for (const text of ['First', 'Second']) {
    await expectStatus(await ask(page, text, 'quick/demo-fails'), 'failed');
    if (text === 'First') await button(page, 'New chat').click();
  }
  await composer(page).fill('for the second');
  for (const [name, text] of [['First', ''], ['Second', 'for the second'], ['First', '']]) {
    await page.getByRole('link', { name, exact: true }).click();
    await expect(page.getByRole('heading', { name })).toBeVisible();
    await expect(composer(page)).toBeFocused();
    await expect(composer(page)).toHaveValue(text);
  }
});

test('the drafts of closed tabs are inherited by one new tab', async ({ page, context }) => {
  await createAccount(page);
  await waitForHydration(page);
  for (const text of ['typed in one', 'typed in two']) {
    const tab = await openSecondTab(context, page);
    await waitForHydration(tab);
    await composer(tab).fill(text);
    // The tabs are closed only now, so that the second did not inherit from the first.
    if (text === 'typed in two') for (const old of context.pages().filter((old) => old !== page)) await old.close();
  }
  const inheriting = await openSecondTab(context, page);
  await waitForHydration(inheriting);
  await expect(composer(inheriting)).toHaveValue('typed in one\n\ntyped in two');
  const later = await openSecondTab(context, page);
  await waitForHydration(later);
  await waitForInheritance(later);
  await expect(composer(later)).toHaveValue('');
  await expect(composer(page)).toHaveValue('');
});

test('a duplicated tab has a draft of its own', async ({ page, context }) => {
  await createAccount(page);
  await waitForHydration(page);
  await composer(page).fill('typed in one');
  // As when a browser duplicates a tab, the new one starts with a copy of the session storage.
  const duplicate = context.waitForEvent('page');
  await page.evaluate(() => void window.open('/', '_blank'));
  const copy = await duplicate;
  await waitForHydration(copy);
  await expect(composer(copy)).toHaveValue('typed in one');
  await expect.poll(() => tabId(copy)).not.toBe(await tabId(page));
  await composer(copy).fill('typed in the copy');
  for (const tab of [page, copy]) await tab.close();
  const inheriting = await context.newPage();
  await inheriting.goto('/');
  await expect(composer(inheriting)).toHaveValue(/^typed in (one|the copy)\n\ntyped in (one|the copy)$/);
});

test('signing out deletes the drafts of all tabs', async ({ page, context }) => {
  await createAccount(page);
  await waitForHydration(page);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await composer(tab).fill('a secret');
  await composer(page).fill('another secret');
  await button(page, 'Sign out').click();
  await expect(page).toHaveURL('/sign-in');
  await expect(tab.getByText('You are signed out.')).toBeVisible();
  await composer(tab).fill('a late secret');
  for (const one of [page, tab]) {
    await signIn(one);
    await waitForHydration(one);
    await waitForInheritance(one);
    await expect(composer(one)).toHaveValue('');
    const kept = await one.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
    expect(kept).not.toContain('secret');
  }
});

/** Waits until the tab has inherited the drafts of closed tabs, if there are any. */
async function waitForInheritance(tab: Page): Promise<void> {
  await tab.waitForFunction(() => sessionStorage.getItem('inherited') === 'yes');
}

function tabId(tab: Page): Promise<string | null> {
  return tab.evaluate(() => sessionStorage.getItem('tab'));
}
