// What the sidebar shows of replies that run and have ended, and what people pin and archive.

import { type Locator, type Page } from '@playwright/test';
import { ask, button, composer, createAccount, expectStatus, link, newestReply, openSecondTab, waitForHydration } from '../support/person.ts';
import { expect, scripted, test } from '../support/test.ts';

const sidebar = (page: Page): Locator => page.getByRole('navigation', { name: 'Conversations' });
const row = (page: Page, title: string): Locator => sidebar(page).getByRole('listitem').filter({ has: page.getByRole('link', { name: title, exact: true }) });
/** The titles under a heading of the sidebar. */
const group = (page: Page, name: string): Locator =>
  sidebar(page).locator('section').filter({ has: page.getByRole('heading', { name, exact: true }) }).getByRole('link');

/** Begins a conversation whose reply fails at once, and leaves it for a new chat. */
async function begin(page: Page, title: string): Promise<void> {
  await expectStatus(await ask(page, title, 'quick/demo-fails'), 'failed');
  await button(page, 'New chat').click();
  await waitForHydration(page);
}

async function choose(page: Page, title: string, action: string): Promise<void> {
  await row(page, title).hover();
  await button(row(page, title), 'Conversation menu').click();
  await button(row(page, title), action).click();
}

scripted('a reply that runs and one that is unread are shown in every tab, until somebody looks', async ({ page, context, provider }) => {
  await createAccount(page);
  await ask(page, 'Where does it rise?');
  const writer = await provider.nextRequest();
  writer.writes('In the hills.');
  await expectStatus(newestReply(page), 'streaming');
  const title = 'Where does it rise?';
  const address = page.url();
  const tab = await context.newPage();
  await tab.goto('/');
  await waitForHydration(tab);
  for (const one of [page, tab]) await expect(link(sidebar(one), title)).toHaveAccessibleDescription('A reply is being written');

  await button(page, 'New chat').click();
  await waitForHydration(page);
  writer.ends();
  for (const one of [page, tab]) await expect(link(sidebar(one), 'A title')).toHaveAccessibleDescription('Unread');
  await tab.reload();
  await expect(link(sidebar(tab), 'A title')).toHaveAccessibleDescription('Unread');

  await link(sidebar(page), 'A title').click();
  await expect(page).toHaveURL(address);
  for (const one of [page, tab]) await expect(link(sidebar(one), 'A title')).not.toHaveAccessibleDescription(/./);
  // What ends while it is looked at is not unread anywhere.
  await ask(page, 'And then?');
  (await provider.nextRequest()).writes('Down.');
  await expect(link(sidebar(tab), 'A title')).toHaveAccessibleDescription('A reply is being written');
  await button(page, 'Stop').click();
  await expectStatus(newestReply(page), 'stopped');
  await expect(link(sidebar(tab), 'A title')).not.toHaveAccessibleDescription(/./);
});

test('what one tab pins and archives is so in the other, too, and can be undone', async ({ page, context }) => {
  await createAccount(page);
  for (const title of ['One', 'Two', 'Three']) await begin(page, title);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await page.bringToFront();
  await choose(page, 'One', 'Pin');
  for (const one of [page, tab]) {
    await expect(group(one, 'Pinned')).toHaveText(['One']);
    await expect(group(one, 'Today')).toHaveText(['Three', 'Two']);
  }
  await choose(page, 'Two', 'Archive');
  await expect(page.getByText('“Two” is archived.')).toBeVisible();
  for (const one of [page, tab]) await expect(group(one, 'Today')).toHaveText(['Three']);
  await button(page, 'Undo').click();
  for (const one of [page, tab]) await expect(group(one, 'Today')).toHaveText(['Three', 'Two']);

  await choose(page, 'Two', 'Archive');
  await button(sidebar(page), 'Archived').click();
  await expect(group(page, 'Archived')).toHaveText(['Two']);
  await choose(page, 'Two', 'Unarchive');
  await expect(sidebar(page).getByText('Nothing is archived.')).toBeVisible();
  await button(sidebar(page), 'Archived').click();
  for (const one of [page, tab]) await expect(group(one, 'Today')).toHaveText(['Three', 'Two']);
  await choose(page, 'One', 'Unpin');
  for (const one of [page, tab]) await expect(group(one, 'Today')).toHaveText(['Three', 'Two', 'One']);
});

test('a message in an archived conversation brings it back', async ({ page, context }) => {
  await createAccount(page);
  await begin(page, 'One');
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await page.bringToFront();
  await link(sidebar(page), 'One').click();
  await choose(page, 'One', 'Archive');
  await expect(link(sidebar(tab), 'One')).toBeHidden();
  // A page that opens now has no row of it.
  await tab.reload();
  await waitForHydration(tab);
  await page.bringToFront();
  await composer(page).click();
  await expectStatus(await ask(page, 'Another', 'quick/demo-fails'), 'failed');
  for (const one of [page, tab]) await expect(group(one, 'Today')).toHaveText(['One']);
});

test('the menu of a row works by keyboard alone, and the cursor stays with the row', async ({ page }) => {
  await createAccount(page);
  for (const title of ['One', 'Two']) await begin(page, title);
  await link(sidebar(page), 'One').focus();
  await page.keyboard.press('Tab');
  await expect(button(row(page, 'One'), 'Conversation menu')).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(button(row(page, 'One'), 'Pin')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(group(page, 'Pinned')).toHaveText(['One']);
  await expect(button(row(page, 'One'), 'Conversation menu')).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(button(row(page, 'One'), 'Pin')).toBeHidden();
  await choose(page, 'One', 'Rename');
  const rename = page.getByRole('dialog', { name: 'Rename this conversation' });
  await rename.getByLabel('Title').fill('The spring');
  await page.keyboard.press('Enter');
  await expect(rename).toBeHidden();
  await expect(group(page, 'Pinned')).toHaveText(['The spring']);
  await choose(page, 'The spring', 'Delete');
  await expect(link(sidebar(page), 'The spring')).toBeHidden();
  await button(page, 'Undo').click();
  await expect(group(page, 'Pinned')).toHaveText(['The spring']);
});

test('when a row goes, the cursor is at the next one, or else at the one before, or else at New chat', async ({ page }) => {
  await createAccount(page);
  for (const title of ['One', 'Two', 'Three']) await begin(page, title);
  const press = async (title: string, action: string) => {
    await button(row(page, title), 'Conversation menu').press('Enter');
    await button(row(page, title), action).press('Enter');
    await expect(link(sidebar(page), title)).toBeHidden();
  };
  await press('Two', 'Archive');
  await expect(link(sidebar(page), 'One')).toBeFocused();
  await press('One', 'Delete');
  await expect(link(sidebar(page), 'Three')).toBeFocused();
  await press('Three', 'Archive');
  await expect(button(sidebar(page), 'New chat')).toBeFocused();
  await button(sidebar(page), 'Archived').press('Enter');
  await press('Three', 'Unarchive');
  await expect(link(sidebar(page), 'Two')).toBeFocused();
  // Whoever is elsewhere by then stays there.
  await button(row(page, 'Two'), 'Conversation menu').press('Enter');
  await page.route('**/api/2/archive', async (route) => {
    await composer(page).focus();
    await route.continue();
  });
  await button(row(page, 'Two'), 'Unarchive').press('Enter');
  await expect(link(sidebar(page), 'Two')).toBeHidden();
  await expect(composer(page)).toBeFocused();
});

scripted('a conversation whose end was shown is not unread in that page, though the server does not know that yet', async ({ page, provider }) => {
  await createAccount(page);
  await ask(page, 'Where does it rise?');
  const writer = await provider.nextRequest();
  writer.writes('In the hills.');
  await page.route('**/api/2/see', () => {});
  const seen = page.waitForRequest('**/api/2/see');
  writer.ends();
  await expectStatus(newestReply(page), 'completed');
  await seen;
  await button(page, 'New chat').click();
  await waitForHydration(page);
  await expect(link(sidebar(page), 'A title')).not.toHaveAccessibleDescription(/./);
});

test('in a window of 320 px a row can be pinned', async ({ page }) => {
  await createAccount(page);
  await begin(page, 'A title that is much longer than the narrow drawer of a small window');
  await page.setViewportSize({ width: 320, height: 640 });
  await button(page, 'Conversations').click();
  const title = 'A title that is much longer than the narrow…';
  await choose(page, title, 'Pin');
  await expect(group(page, 'Pinned')).toHaveCount(1);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
});

test('many are selected, with Shift a range, and archived or deleted together, which can be undone', async ({ page, context }) => {
  await createAccount(page);
  for (const title of ['One', 'Two', 'Three', 'Four']) await begin(page, title);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await page.bringToFront();
  const box = (title: string) => sidebar(page).getByRole('checkbox', { name: title, exact: true });
  const selected = sidebar(page).getByRole('group', { name: 'Selected conversations' });
  await choose(page, 'Four', 'Select');
  await expect(box('Four')).toBeChecked();
  await box('Two').click({ modifiers: ['Shift'] });
  await expect(selected.getByText('3 selected')).toBeVisible();
  await link(sidebar(page), 'Four').click();
  await expect(box('Four')).not.toBeChecked();
  await button(selected, 'Delete').click();
  await expect(page.getByText('2 conversations deleted.')).toBeVisible();
  for (const one of [page, tab]) await expect(group(one, 'Today')).toHaveText(['Four', 'One']);
  await expect(selected).toBeHidden();
  await button(page, 'Undo').click();
  for (const one of [page, tab]) await expect(group(one, 'Today')).toHaveText(['Four', 'Three', 'Two', 'One']);

  await choose(page, 'One', 'Select');
  await box('Two').press('Space');
  await button(selected, 'Archive').click();
  for (const one of [page, tab]) await expect(group(one, 'Today')).toHaveText(['Four', 'Three']);
  await button(page, 'Undo').click();
  for (const one of [page, tab]) await expect(group(one, 'Today')).toHaveText(['Four', 'Three', 'Two', 'One']);
  await choose(page, 'One', 'Select');
  await box('One').press('Escape');
  await expect(selected).toBeHidden();
  await link(sidebar(page), 'One').click();
  await expect(page.getByRole('heading', { name: 'One' })).toBeVisible();
});

test.describe('without scripts', () => {
  test('what is pinned stands first, and what is archived on a page of its own', async ({ page, browser, context, rivulet }) => {
    await createAccount(page);
    for (const title of ['One', 'Two', 'Three']) await begin(page, title);
    await choose(page, 'One', 'Pin');
    await expect(group(page, 'Pinned')).toHaveText(['One']);
    await choose(page, 'Two', 'Archive');
    await expect(link(sidebar(page), 'Two')).toBeHidden();
    const still = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState(), baseURL: rivulet.url });
    const plain = await still.newPage();
    await plain.goto('/');
    await expect(sidebar(plain).getByRole('listitem').getByRole('link')).toHaveText(['One', 'Three']);
    await sidebar(plain).getByRole('button', { name: 'Archived' }).click();
    await expect(group(plain, 'Archived')).toHaveText(['Two']);
    await button(row(plain, 'Two'), 'Unarchive').click();
    await expect(sidebar(plain).getByText('Nothing is archived.')).toBeVisible();
    await expect(group(page, 'Today')).toHaveText(['Three', 'Two']);
    await sidebar(plain).getByRole('button', { name: 'Archived' }).click();
    await expect(group(plain, 'Pinned')).toHaveText(['One']);
    await still.close();
  });
});
