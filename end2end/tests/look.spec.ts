import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Page } from '@playwright/test';
import { longConversation } from '../support/history.ts';
import { ada, button, composer, createAccount, expectStatus, ready, say } from '../support/person.ts';
import { site } from '../support/server.ts';
import { expect, test } from '../support/test.ts';

test('hydration changes nothing: not a tag, not a pixel', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'How does a *river* keep its words?', 'quick/demo'), 'completed');
  for (const address of [page.url(), await longConversation(page, 20), '/']) {
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    await page.route('**/*.wasm*', async (route) => {
      await arrived;
      await route.continue();
    }, { times: 1 });
    const live = page.waitForEvent('websocket').then((socket) => socket.waitForEvent('framereceived'));
    await page.goto(address, { waitUntil: 'commit' });
    await page.waitForFunction(() => document.readyState !== 'loading');
    await composer(page).focus();
    const [before, pictureBefore] = [await body(page), await picture(page)];
    arrive();
    await live;
    expect(await body(page)).toEqual(before);
    // On a busy machine a picture can be taken while a frame is still being painted: what counts is what stays.
    let last = pictureBefore;
    const isSame = async () => pictureBefore.equals((last = await picture(page)));
    await expect.poll(isSame, { message: 'the pictures are the same', timeout: 3_000 }).toBe(true).catch(async (error) => {
      await test.info().attach('before', { body: pictureBefore, contentType: 'image/png' });
      await test.info().attach('after', { body: last, contentType: 'image/png' });
      throw error;
    });
  }
});

/** All of the page that a script could change, and how much room it takes. */
function body(page: Page): Promise<[html: string[], heights: number[]]> {
  return page.evaluate(() => [
    document.body.outerHTML.split(/(?=<[a-z])/),
    Array.from(document.querySelectorAll('main *'), (element) => element.scrollHeight),
  ]);
}

/** Without the cursor, which blinks. */
function picture(page: Page): Promise<Buffer> {
  return page.screenshot({ animations: 'disabled', caret: 'initial', mask: [composer(page)] });
}

test('light and dark: as the system has it, until one is chosen', async ({ page, request }) => {
  await createAccount(page);
  await ready(page);
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await ground();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await ground();
  expect(dark).not.toBe(light);
  await button(page, 'Light or dark').click();
  await expect.poll(ground).toBe(light);
  await page.reload({ waitUntil: 'commit' });
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  expect(await ground()).toBe(light);
  // From the server, so that nothing flashes.
  expect(await (await page.request.get('/')).text()).toContain('data-theme="light"');
  expect(await (await request.get('/sign-in')).text()).not.toContain('data-theme');
  await ready(page);
  await button(page, 'Light or dark').click();
  await expect.poll(ground).toBe(dark);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test('the sidebar is a drawer', async ({ page }) => {
    await createAccountByTouch(page);
    await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
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
  });
});

test.describe('at 320 pixels', () => {
  test.use({ viewport: { width: 320, height: 640 } });

  test('nothing scrolls sideways, and nothing is cut off', async ({ page }) => {
    await page.goto('/create-account');
    await expectNoSidewaysScrolling(page);
    await createAccountByTouch(page);
    await ready(page);
    await expectNoSidewaysScrolling(page);
    const long = 'a-word-that-is-longer-than-the-page-is-wide-'.repeat(4);
    await expectStatus(await say(page, long, 'quick/demo'), 'completed');
    await expectNoSidewaysScrolling(page);
    await button(page, 'Delete').click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await expectNoSidewaysScrolling(page);
  });
});

/** The same as on a wide page, but New chat is in the drawer. */
async function createAccountByTouch(page: Page): Promise<void> {
  await page.goto('/create-account');
  await page.getByLabel('Name', { exact: true }).fill(ada.name);
  await page.getByLabel('Email', { exact: true }).fill(ada.email);
  await page.getByLabel('Password', { exact: true }).fill(ada.password);
  await button(page, 'Create account').click();
  await expect(composer(page)).toBeVisible();
}

/** Neither the page nor what scrolls in it is wider than the window; only code and tables scroll by themselves. */
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

test('on paper there is what was said, and who said it', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'How does a river keep its words?', 'quick/demo'), 'completed');
  await page.emulateMedia({ media: 'print' });
  for (const hidden of [page.getByRole('navigation'), composer(page), button(page, 'Rename'), button(page, 'Copy').first()]) {
    await expect(hidden).toBeHidden();
  }
  await expect(page.getByRole('heading', { name: 'How does a river keep its words?' })).toBeVisible();
  await expect(page.locator('.writer')).toHaveText('demo');
  await expect(page.locator('.writer')).toBeVisible();
  const [you, answer] = ['article[aria-label="You"]', 'article[aria-label="Assistant"]'].map((one) => page.locator(one));
  expect(await you.evaluate((article) => getComputedStyle(article, '::before').content)).toBe('"You"');
  for (const turn of [you, answer]) expect(await turn.evaluate((article) => getComputedStyle(article).borderTopWidth)).toBe('1px');
  const [above, below] = [await page.locator('.writer').boundingBox(), await answer.locator('.prose').boundingBox()];
  expect(above!.y).toBeLessThan(below!.y);
  const [mine, theirs] = [await you.locator('.plain').boundingBox(), await answer.locator('.prose').boundingBox()];
  expect(mine!.x).toBe(theirs!.x);
});

test('a question is nearer to its answer than to the one before', async ({ page }) => {
  await createAccount(page);
  for (const text of ['First', 'Second']) await expectStatus(await say(page, text, 'quick/demo-prose'), 'completed');
  const boxes = await page.locator('[data-part="text"]').evaluateAll((parts) => parts.map((part) => part.getBoundingClientRect().toJSON()));
  const gaps = boxes.slice(1).map((box, at) => box.top - boxes[at].bottom);
  expect(gaps[0]).toBeLessThan(gaps[1]);
  expect(gaps[2]).toBe(gaps[0]);
});

test('what is written from right to left stands so: in the composer, in a bubble, as a title', async ({ page }) => {
  await createAccount(page);
  await ready(page);
  const direction = (element: Element) => getComputedStyle(element).direction;
  const text = 'مرحبا بالعالم.';
  await composer(page).fill(text);
  expect(await composer(page).evaluate(direction)).toBe('rtl');
  await expectStatus(await say(page, text, 'quick/demo-fails'), 'failed');
  expect(await page.getByRole('heading', { name: text }).evaluate(direction)).toBe('rtl');
  expect(await page.getByRole('link', { name: text }).evaluate(direction)).toBe('rtl');
});

test('pages and functions are sent compressed, and files as they were packed', async ({ page }) => {
  await createAccount(page);
  const get = (path: string, encoding: string) => page.request.get(path, { headers: { 'accept-encoding': encoding } });
  const plain = await get('/', 'identity');
  expect(plain.headers()['content-encoding']).toBeUndefined();
  for (const encoding of ['br', 'gzip']) {
    const packed = await get('/', encoding);
    expect(packed.headers()['content-encoding']).toBe(encoding);
    expect(packed.headers()['vary']).toContain('accept-encoding');
    expect((await packed.text()).slice(0, 40)).toBe((await plain.text()).slice(0, 40));
  }
  const answer = await page.request.post('/api/conversations', { data: { before: 0 }, headers: { 'accept-encoding': 'br' } });
  expect(answer.headers()['content-encoding']).toBe('br');

  const [style] = /\/pkg\/rivulet\.css\?v=[0-9a-f]+/.exec(await plain.text())!;
  const file = await get(style, 'br');
  expect(file.headers()['content-encoding']).toBe(existsSync(join(site, 'pkg/rivulet.css.br')) ? 'br' : undefined);
  expect(await file.text()).toBe(await (await get(style, 'identity')).text());
});
