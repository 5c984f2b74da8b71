// How pages look: hydration, colours, narrow windows, paper, directions.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Page } from '@playwright/test';
import { longConversation } from '../support/history.ts';
import { holdHydration } from '../support/network.ts';
import { ada, ask, button, composer, createAccount, expectStatus, waitForHydration } from '../support/person.ts';
import { site } from '../support/server.ts';
import { expect, test } from '../support/test.ts';

test('hydration changes neither a tag nor a pixel', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'How does a *river* keep its words?', 'quick/demo'), 'completed');
  for (const address of [page.url(), await longConversation(page, 20), '/']) {
    const hydration = await holdHydration(page);
    const live = page.waitForEvent('websocket').then((socket) => socket.waitForEvent('framereceived'));
    await page.goto(address, { waitUntil: 'commit' });
    await page.waitForFunction(() => document.readyState !== 'loading');
    await composer(page).focus();
    const [before, pictureBefore] = [await body(page), await picture(page)];
    hydration.release();
    await live;
    expect(await body(page)).toEqual(before);
    // On a busy machine a screenshot can show a frame that is not complete yet: what counts is what it settles to.
    let last = pictureBefore;
    const isSame = async () => pictureBefore.equals((last = await picture(page)));
    await expect.poll(isSame, { message: 'the pictures are the same', timeout: 3_000 }).toBe(true).catch(async (error) => {
      await test.info().attach('before', { body: pictureBefore, contentType: 'image/png' });
      await test.info().attach('after', { body: last, contentType: 'image/png' });
      throw error;
    });
  }
});

/** The tags of the page, and the heights of its elements. */
function body(page: Page): Promise<[html: string[], heights: number[]]> {
  return page.evaluate(() => [
    document.body.outerHTML.split(/(?=<[a-z])/),
    Array.from(document.querySelectorAll('main *'), (element) => element.scrollHeight),
  ]);
}

/** A screenshot without the text cursor, which blinks. */
function picture(page: Page): Promise<Buffer> {
  return page.screenshot({ animations: 'disabled', caret: 'initial', mask: [composer(page)] });
}

test('light or dark: as the system prefers, until one is chosen', async ({ page, request }) => {
  await createAccount(page);
  await waitForHydration(page);
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await background();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await background();
  expect(dark).not.toBe(light);
  await button(page, 'Light or dark').click();
  await expect.poll(background).toBe(light);
  await page.reload({ waitUntil: 'commit' });
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  expect(await background()).toBe(light);
  // The server renders it, so that nothing flashes.
  expect(await (await page.request.get('/')).text()).toContain('data-theme="light"');
  expect(await (await request.get('/sign-in')).text()).not.toContain('data-theme');
  await waitForHydration(page);
  await button(page, 'Light or dark').click();
  await expect.poll(background).toBe(dark);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test('the sidebar opens over the conversation', async ({ page }) => {
    await createAccountOnPhone(page);
    await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
    const drawer = page.getByRole('navigation', { name: 'Conversations' });
    const menu = button(page, 'Conversations');
    await expect(drawer).not.toBeInViewport();
    await menu.click();
    await expect(drawer).toBeInViewport({ ratio: 0.9 });
    await expect(menu).toHaveAttribute('aria-expanded', 'true');
    await expect(button(drawer, 'New chat')).toBeFocused();
    await page.mouse.click(380, 500);
    await expect(drawer).not.toBeInViewport();
    await expect(menu).toHaveAttribute('aria-expanded', 'false');
    await expect(menu).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(button(drawer, 'New chat')).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(drawer).not.toBeInViewport();
    await expect(menu).toBeFocused();

    await menu.click();
    await button(drawer, 'New chat').click();
    await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
    await expect(drawer).not.toBeInViewport();
    await menu.click();
    await drawer.getByRole('link', { name: 'First' }).click();
    await expect(page.getByRole('heading', { name: 'First' })).toBeVisible();
    await expect(drawer).not.toBeInViewport();
    await expect(composer(page)).toBeInViewport();
    await menu.click();
    await drawer.getByRole('link', { name: 'First' }).click();
    await expect(drawer, 'also to where one is').not.toBeInViewport();
  });
});

test.describe('at 320 pixels', () => {
  test.use({ viewport: { width: 320, height: 640 } });

  test('nothing scrolls sideways, and nothing is cut off', async ({ page }) => {
    await page.goto('/create-account');
    await expectNoSidewaysScrolling(page);
    await createAccountOnPhone(page);
    await waitForHydration(page);
    await expectNoSidewaysScrolling(page);
    const long = 'a-word-that-is-longer-than-the-page-is-wide-'.repeat(4);
    await expectStatus(await ask(page, long, 'quick/demo'), 'completed');
    await expectNoSidewaysScrolling(page);
    await button(page, 'Delete').click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await expectNoSidewaysScrolling(page);
  });
});

/** Like `createAccount`, which waits for New chat: here that is in the closed drawer. */
async function createAccountOnPhone(page: Page): Promise<void> {
  await page.goto('/create-account');
  await page.getByLabel('Name', { exact: true }).fill(ada.name);
  await page.getByLabel('Email', { exact: true }).fill(ada.email);
  await page.getByLabel('Password', { exact: true }).fill(ada.password);
  await button(page, 'Create account').click();
  await expect(composer(page)).toBeVisible();
}

/** Nothing is wider than the window, except inside code and tables, which scroll by themselves. */
async function expectNoSidewaysScrolling(page: Page): Promise<void> {
  const wide = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const inOwnScroller = (element: Element) => {
      for (let at = element.parentElement; at && at.localName !== 'article'; at = at.parentElement) {
        if (['auto', 'scroll'].includes(getComputedStyle(at).overflowX)) return true;
      }
      return false;
    };
    const elements = Array.from(document.querySelectorAll('main *, dialog[open], dialog[open] *'));
    const cut = elements.filter((element) => {
      const box = element.getBoundingClientRect();
      const hidden = !element.checkVisibility() || element.closest('.visually-hidden') || box.width === 0;
      return !hidden && (box.right > width + 1 || box.left < -1) && !inOwnScroller(element);
    });
    return {
      page: document.documentElement.scrollWidth - width,
      cut: cut.map((element) => element.outerHTML.slice(0, 120)),
    };
  });
  expect(wide).toEqual({ page: 0, cut: [] });
}

test('on paper there are the messages with the names of who wrote them, and no controls', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'How does a river keep its words?', 'quick/demo'), 'completed');
  await page.emulateMedia({ media: 'print' });
  for (const hidden of [page.getByRole('navigation'), composer(page), button(page, 'Rename'), button(page, 'Copy').first()]) {
    await expect(hidden).toBeHidden();
  }
  await expect(page.getByRole('heading', { name: 'How does a river keep its words?' })).toBeVisible();
  await expect(page.locator('.writer')).toHaveText('demo');
  await expect(page.locator('.writer')).toBeVisible();
  const [you, reply] = ['article[aria-label="You"]', 'article[aria-label="Assistant"]'].map((one) => page.locator(one));
  expect(await you.evaluate((article) => getComputedStyle(article, '::before').content)).toBe('"You"');
  for (const message of [you, reply]) expect(await message.evaluate((article) => getComputedStyle(article).borderTopWidth)).toBe('1px');
  const [above, below] = [await page.locator('.writer').boundingBox(), await reply.locator('.prose').boundingBox()];
  expect(above!.y).toBeLessThan(below!.y);
  const [mine, theirs] = [await you.locator('.plain').boundingBox(), await reply.locator('.prose').boundingBox()];
  expect(mine!.x).toBe(theirs!.x);
});

test('a message is nearer to the reply that follows it than to the one before it', async ({ page }) => {
  await createAccount(page);
  for (const text of ['First', 'Second']) await expectStatus(await ask(page, text, 'quick/demo-prose'), 'completed');
  const boxes = await page.locator('[data-part="text"]').evaluateAll((parts) => parts.map((part) => part.getBoundingClientRect().toJSON()));
  const gaps = boxes.slice(1).map((box, at) => box.top - boxes[at].bottom);
  expect(gaps[0]).toBeLessThan(gaps[1]);
  expect(gaps[2]).toBe(gaps[0]);
});

test('right-to-left text is shown right to left in the composer, in a message and as a title', async ({ page }) => {
  await createAccount(page);
  await waitForHydration(page);
  const direction = (element: Element) => getComputedStyle(element).direction;
  const text = 'مرحبا بالعالم.';
  await composer(page).fill(text);
  expect(await composer(page).evaluate(direction)).toBe('rtl');
  await expectStatus(await ask(page, text, 'quick/demo-fails'), 'failed');
  expect(await page.getByRole('heading', { name: text }).evaluate(direction)).toBe('rtl');
  expect(await page.getByRole('link', { name: text }).evaluate(direction)).toBe('rtl');
});

test('pages and server functions are compressed, and files are sent as they were compressed before', async ({ page }) => {
  await createAccount(page);
  const get = (path: string, encoding: string) => page.request.get(path, { headers: { 'accept-encoding': encoding } });
  const plain = await get('/', 'identity');
  expect(plain.headers()['content-encoding']).toBeUndefined();
  for (const encoding of ['br', 'gzip']) {
    const compressed = await get('/', encoding);
    expect(compressed.headers()['content-encoding']).toBe(encoding);
    expect(compressed.headers()['vary']).toContain('accept-encoding');
    expect((await compressed.text()).slice(0, 40)).toBe((await plain.text()).slice(0, 40));
  }
  const response = await page.request.post('/api/2/conversations', { data: { list: 'mine', after: [0, 'conv_00000000000000000000000000'] }, headers: { 'accept-encoding': 'br' } });
  expect(response.headers()['content-encoding']).toBe('br');

  const [style] = /\/pkg\/[0-9a-f]+\/rivulet\.css/.exec(await plain.text())!;
  const file = await get(style, 'br');
  expect(file.headers()['content-encoding']).toBe(existsSync(join(site, `${style}.br`)) ? 'br' : undefined);
  expect(await file.text()).toBe(await (await get(style, 'identity')).text());
});
