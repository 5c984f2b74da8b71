// Temporary chats: begun by a button, in no list, kept or closed.

import { type Page } from '@playwright/test';
import { button, composer, createAccount, link, newestReply, openSecondTab, replies, sentMessages, waitForHydration } from '../support/person.ts';
import { expect, scripted, test } from '../support/test.ts';

const WORDS = 'Between us only';
const toggle = (page: Page) => button(page, 'Temporary chat');
const heading = (page: Page) => page.getByRole('heading', { level: 1 });
const sidebar = (page: Page) => page.getByRole('navigation', { name: 'Conversations' });
/** All that the browser keeps of this site. */
const stored = (page: Page) => page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));

/** Begins a temporary chat by keyboard alone, whose reply still runs. */
async function begin(page: Page, words = WORDS): Promise<void> {
  await waitForHydration(page);
  await toggle(page).focus();
  await page.keyboard.press('Enter');
  await expect(toggle(page)).toHaveAttribute('aria-pressed', 'true');
  await expect(page).toHaveURL('/?temporary');
  await expect(page.getByText('This chat is in no list and in no backup')).toBeVisible();
  await composer(page).fill(words);
  await composer(page).press('Enter');
  await expect(replies(page)).toHaveCount(1);
  await expect(page).toHaveURL(/\/c\//);
}

scripted('a temporary chat is in no list, and a reload and a second tab have it', async ({ page, context, provider }) => {
  await createAccount(page);
  const other = await openSecondTab(context, page);
  await waitForHydration(other);
  await page.bringToFront();
  await begin(page);
  const writer = await provider.nextRequest();
  writer.writes('Yes, ');
  await expect(newestReply(page)).toContainText('Yes,');
  await expect(heading(page)).toHaveText('Temporary chat');
  for (const tab of [page, other]) await expect(sidebar(tab).getByRole('listitem')).toHaveCount(0);
  await page.reload();
  await expect(heading(page)).toHaveText('Temporary chat');
  const second = await openSecondTab(context, page);
  writer.writes('only us.');
  for (const tab of [page, second]) await expect(newestReply(tab)).toContainText('Yes, only us.');
  writer.ends();
  for (const tab of [page, second]) await expect(newestReply(tab)).toHaveAttribute('data-status', 'completed');
  await expect(sidebar(page).getByRole('listitem')).toHaveCount(0);
});

test('one that is kept appears in every tab', async ({ page, context }) => {
  await createAccount(page);
  await begin(page);
  const second = await openSecondTab(context, page);
  await expect(button(second, 'Keep')).toBeVisible();
  await button(page, 'Keep').click();
  for (const tab of [page, second]) {
    await expect(link(sidebar(tab), WORDS)).toBeVisible();
    await expect(heading(tab)).toHaveText(WORDS);
    await expect(button(tab, 'Close')).toHaveCount(0);
    await expect(button(tab, 'Rename')).toBeVisible();
  }
});

test('one that is closed is gone from the server, from every tab and from what the browser keeps', async ({ page, context, consoleLog }) => {
  // What a page asks as the reply ends, of a conversation that is gone by then.
  consoleLog.allowStatus(404, 'Not Found');
  await createAccount(page);
  await begin(page);
  await composer(page).fill('A secret draft');
  expect((await page.evaluate(() => JSON.stringify({ ...localStorage })))).not.toContain('A secret draft');
  expect(await stored(page)).toContain('A secret draft');
  const address = page.url();
  const second = await openSecondTab(context, page);
  await expect(button(second, 'Close')).toBeVisible();
  await button(page, 'Close').click();
  await expect(page).toHaveURL('/');
  await expect(toggle(page)).toHaveAttribute('aria-pressed', 'false');
  await expect(second.getByRole('alert').first()).toBeVisible();
  expect(await stored(page)).not.toContain('A secret draft');
  expect((await context.request.get(address)).status()).toBe(404);
});

test('closing its tab tells the server that it was left', async ({ page, context }) => {
  await createAccount(page);
  await begin(page);
  const id = new URL(page.url()).pathname.split('/').pop();
  const origin = new URL(page.url()).origin;
  /** How long it stays, in minutes, if nothing happens. */
  const minutes = async () => {
    const answer = await context.request.post(`${origin}/api/2/messages`, { data: { id, window: 'newest' } });
    return ((await answer.json()).conversation.expires_at - Date.now()) / 60_000;
  };
  expect(await minutes()).toBeGreaterThan(60);
  await page.close({ runBeforeUnload: false });
  await expect.poll(minutes).toBeLessThan(6);
});

test('at 390 pixels nothing overflows, and both buttons are there', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/');
  await page.getByLabel('Name', { exact: true }).fill('Ada');
  await page.getByLabel('Email', { exact: true }).fill('ada@example.org');
  await page.getByLabel('Password', { exact: true }).fill('under the bridge');
  await button(page, 'Create account').click();
  await begin(page);
  for (const name of ['Keep', 'Close']) await expect(button(page, name)).toBeInViewport();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });
  test('a checkbox begins one', async ({ page }) => {
    await page.goto('/');
    await page.getByLabel('Name', { exact: true }).fill('Ada');
    await page.getByLabel('Email', { exact: true }).fill('ada@example.org');
    await page.getByLabel('Password', { exact: true }).fill('under the bridge');
    await button(page, 'Create account').click();
    await page.getByRole('checkbox', { name: 'Temporary chat' }).check();
    await composer(page).fill(WORDS);
    await button(page, 'Send').click();
    await expect(heading(page)).toHaveText('Temporary chat');
    await expect(sentMessages(page)).toContainText(WORDS);
    await expect(sidebar(page).getByRole('listitem')).toHaveCount(0);
  });
});
