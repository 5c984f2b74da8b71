// What is typed and not sent: each tab has its own, and a new tab inherits what closed ones left.

import { type Page } from '@playwright/test';
import { button, composer, createAccount, expectStatus, ready, say, secondTab, signIn } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

for (const place of ['a new conversation', 'one that there is']) {
  test(`two tabs do not share what is typed, and keep it over a reload: ${place}`, async ({ page, context }) => {
    await createAccount(page);
    if (place !== 'a new conversation') await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
    await ready(page);
    await composer(page).fill('typed in one');
    const tab = await secondTab(context, page);
    await ready(tab);
    await rollCall(tab);
    await expect(composer(tab)).toHaveValue('');
    await composer(tab).fill('typed in two');
    for (const [one, text] of [[page, 'typed in one'], [tab, 'typed in two']] as const) {
      await one.bringToFront();
      await one.reload();
      await ready(one);
      await rollCall(one);
      await expect(composer(one)).toHaveValue(text);
    }
  });
}

test('what is typed stays with its conversation, straight from one to the other', async ({ page }) => {
  await createAccount(page);
  for (const text of ['First', 'Second']) {
    await expectStatus(await say(page, text, 'quick/demo-fails'), 'failed');
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

test('what tabs that are gone had typed is inherited by a new one, once', async ({ page, context }) => {
  await createAccount(page);
  await ready(page);
  for (const text of ['typed in one', 'typed in two']) {
    const tab = await secondTab(context, page);
    await ready(tab);
    await composer(tab).fill(text);
    // Both live until the other is there.
    if (text === 'typed in two') for (const old of context.pages().filter((old) => old !== page)) await old.close();
  }
  const heir = await secondTab(context, page);
  await ready(heir);
  await expect(composer(heir)).toHaveValue('typed in one\n\ntyped in two');
  const other = await secondTab(context, page);
  await ready(other);
  await rollCall(other);
  await expect(composer(other)).toHaveValue('');
  await expect(composer(page)).toHaveValue('');
});

test('a duplicated tab goes its own way', async ({ page, context }) => {
  await createAccount(page);
  await ready(page);
  await composer(page).fill('typed in one');
  // As a browser duplicates: the new tab begins with a copy of the session.
  const opened = context.waitForEvent('page');
  await page.evaluate(() => void window.open('/', '_blank'));
  const copy = await opened;
  await ready(copy);
  await expect(composer(copy)).toHaveValue('typed in one');
  await expect.poll(() => name(copy)).not.toBe(await name(page));
  await composer(copy).fill('typed in the copy');
  for (const tab of [page, copy]) await tab.close();
  const heir = await context.newPage();
  await heir.goto('/');
  await expect(composer(heir)).toHaveValue(/^typed in (one|the copy)\n\ntyped in (one|the copy)$/);
});

test('who signs out leaves nothing behind that was typed, in no tab', async ({ page, context }) => {
  await createAccount(page);
  await ready(page);
  const tab = await secondTab(context, page);
  await ready(tab);
  await composer(tab).fill('a secret');
  await composer(page).fill('another secret');
  await button(page, 'Sign out').click();
  await expect(page).toHaveURL('/sign-in');
  await expect(tab.getByText('You are signed out.')).toBeVisible();
  await composer(tab).fill('a late secret');
  for (const one of [page, tab]) {
    await signIn(one);
    await ready(one);
    await rollCall(one);
    await expect(composer(one)).toHaveValue('');
    const kept = await one.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
    expect(kept).not.toContain('secret');
  }
});

/** Waits until a new tab has what others left. */
async function rollCall(tab: Page): Promise<void> {
  await tab.waitForFunction(() => sessionStorage.getItem('inherited') === 'yes');
}

function name(tab: Page): Promise<string | null> {
  return tab.evaluate(() => sessionStorage.getItem('tab'));
}
