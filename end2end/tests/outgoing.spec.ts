// One's own words between Enter and the server's answer.

import { type Page } from '@playwright/test';
import { longConversation } from '../support/history.ts';
import { button, composer, createAccount, expectStatus, holdAnswer, ready, replies, reply, said, say } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

const WORDS = 'On a slow line, at once';

for (const place of ['a new conversation', 'one that there is']) {
  test(`on a line of 600 ms one's own words are there within 100 ms, once, and stay: ${place}`, async ({ page, recorder }) => {
    await createAccount(page);
    if (place !== 'a new conversation') await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
    await ready(page);
    await page.getByLabel('Model', { exact: true }).selectOption('quick/demo-fails');
    await slowLine(page, 'send', 600);
    const took: number[] = [];
    // Several times, as the machine may have other work, too.
    for (const words of ['On a slow line', 'at once', 'each time']) {
      await watchFor(page, words);
      await composer(page).fill(words);
      await composer(page).press('Enter');
      await expect(said(page).last()).toContainText('Sending…');
      await expect(composer(page)).toHaveValue('');
      await expectStatus(reply(page), 'failed');
      await expect(said(page).last()).not.toContainText('Sending…');
      await expect(composer(page)).toBeFocused();
      const seen = await page.evaluate(() => (window as unknown as { seen: Seen }).seen);
      took.push(seen.shown - seen.pressed);
      expect(seen.counts, 'neither doubled nor gone in any frame').toEqual([0, 1]);
      const id = await said(page).last().getAttribute('data-message-id');
      const texts = (await recorder.states(page, id!)).map((state) => state.parts[0].shown);
      expect(new Set(texts)).toEqual(new Set([words]));
      if (place !== 'a new conversation') continue;
      await button(page, 'New chat').click();
      await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
    }
    expect(Math.min(...took), 'ms').toBeLessThan(100);
  });
}

test('where the list is faster than the answer, a message is there once', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  const answer = await holdAnswer(page, 'send');
  await watchFor(page, WORDS);
  await composer(page).fill(WORDS);
  await composer(page).press('Enter');
  await answer.asked;
  await expect(replies(page)).toHaveCount(2);
  await expectStatus(reply(page), 'failed');
  await expect(said(page).last()).not.toContainText('Sending…');
  await answer.release();
  await composer(page).fill('And then?');
  await composer(page).press('Enter');
  await expect(said(page)).toHaveText(['First', WORDS, 'And then?']);
  await expect(replies(page)).toHaveCount(3);
  expect((await page.evaluate(() => (window as unknown as { seen: Seen }).seen)).counts).toEqual([0, 1]);
});

for (const place of ['a new conversation', 'one that there is']) {
  test(`a message that is refused comes back with the reason, before what was typed meanwhile: ${place}`, async ({ page, silence }) => {
    silence.allowStatus(422, 'Unprocessable Entity');
    await createAccount(page);
    const before = place === 'a new conversation' ? 0 : 1;
    if (before) await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
    await ready(page);
    const model = page.getByLabel('Model', { exact: true });
    await model.selectOption('quick/demo-fails');
    // By the time it arrives, its model is gone.
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route('**/api/send', async (route) => {
      await released;
      const { sending } = route.request().postDataJSON();
      await route.continue({ postData: JSON.stringify({ sending: { ...sending, model: 'gone/gone' } }) });
    }, { times: 1 });
    await composer(page).fill(WORDS);
    await composer(page).press('Enter');
    await expect(said(page)).toHaveCount(before + 1);
    await expect(composer(page)).toHaveValue('');
    await composer(page).fill('and more');
    release();
    await expect(page.getByRole('alert').filter({ visible: true })).toHaveText('This model is not offered here any more. Choose another one.');
    await expect(composer(page)).toHaveValue(`${WORDS}\n\nand more`);
    await expect(said(page)).toHaveCount(before);
    await expect(composer(page)).toBeFocused();
    if (!before) await expect(page).toHaveURL('/');

    await page.reload();
    await ready(page);
    await expect(composer(page)).toHaveValue(`${WORDS}\n\nand more`);
    await model.selectOption('quick/demo-fails');
    await composer(page).press('Enter');
    await expect(said(page).last()).toHaveText(`${WORDS}\n\nand more`);
    await expectStatus(reply(page), 'failed');
    await expect(composer(page)).toHaveValue('');
  });

  test(`a page that is reloaded while its message is on the way has it back, once: ${place}`, async ({ page }) => {
    await createAccount(page);
    const before = place === 'a new conversation' ? 0 : 1;
    if (before) await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
    await ready(page);
    await page.getByLabel('Model', { exact: true }).selectOption('quick/demo-fails');
    const address = page.url();
    // It never reaches the server.
    await page.route('**/api/send', () => {}, { times: 1 });
    await composer(page).fill(WORDS);
    const asked = page.waitForRequest('**/api/send');
    await composer(page).press('Enter');
    await asked;
    await expect(said(page)).toHaveCount(before + 1);
    await composer(page).fill('a draft');
    await page.goto(address);
    await ready(page);
    await expect(composer(page)).toHaveValue(before ? `${WORDS}\n\na draft` : new RegExp(`^${WORDS}`));
    await expect(said(page)).toHaveCount(before);
    await page.reload();
    await ready(page);
    await expect(composer(page)).toHaveValue(before ? `${WORDS}\n\na draft` : new RegExp(`^${WORDS}`));
  });
}

test('the page of a conversation that never began leads back to what was typed for it', async ({ page, silence }) => {
  silence.allowStatus(404, 'Not Found');
  await createAccount(page);
  await ready(page);
  await page.route('**/api/send', () => {}, { times: 1 });
  await composer(page).fill(WORDS);
  await composer(page).press('Enter');
  await expect(page).toHaveURL(/\/c\/conv_/);
  await expect(said(page)).toContainText(WORDS);
  await composer(page).fill('a second thought');
  await page.reload();
  await expect(page).toHaveURL('/');
  await expect(composer(page)).toHaveValue(`${WORDS}\n\na second thought`);
});

test('a message that arrived while its page was reloaded is not handed back', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  const answer = await holdAnswer(page, 'send');
  await composer(page).fill(WORDS);
  await composer(page).press('Enter');
  await answer.asked;
  await page.reload();
  await ready(page);
  await expect(said(page)).toHaveText(['First', WORDS]);
  await expect(composer(page)).toHaveValue('');
  expect(await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('sent:')))).toEqual([]);
});

test('what is sent while one has scrolled up shows itself', async ({ page }) => {
  await createAccount(page);
  await page.goto(await longConversation(page, 10));
  await ready(page);
  await said(page).nth(1).scrollIntoViewIfNeeded();
  await expect(button(page, 'Jump to latest')).toBeVisible();
  await composer(page).fill(WORDS);
  await composer(page).press('Enter');
  await expect(said(page).last()).toHaveText(WORDS);
  await expect(said(page).last()).toBeInViewport({ ratio: 1 });
  await expect(button(page, 'Jump to latest')).toBeHidden();
});

test('no frame of a slow navigation is blank', async ({ page }) => {
  await createAccount(page);
  for (const text of ['First', 'Second']) {
    await ready(page);
    await expectStatus(await say(page, text, 'quick/demo-fails'), 'failed');
    await button(page, 'New chat').click();
    await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  }
  await page.evaluate(() => {
    const frames: string[] = [];
    Object.assign(window, { frames_: frames });
    const look = () => {
      const shown = (selector: string) => document.querySelector(selector)?.checkVisibility() ?? false;
      const seen = [
        shown('main .bar h1') && document.querySelector('main .bar h1')!.textContent,
        shown('main .composer') && 'composer',
        shown('main article') ? 'messages' : shown('main .skeleton') ? 'skeleton' : shown('main .empty') && 'greeting',
      ].join(' ');
      if (frames.at(-1) !== seen) frames.push(seen);
      requestAnimationFrame(look);
    };
    look();
  });
  await slowLine(page, 'messages', 1500);
  for (const name of ['First', 'Second']) {
    await page.getByRole('link', { name, exact: true }).click();
    await expect(composer(page)).toBeFocused();
    await expect(said(page)).toHaveText(name);
  }
  const frames = await page.evaluate(() => (window as unknown as { frames_: string[] }).frames_);
  expect(frames).toEqual([
    'New chat composer greeting',
    'First composer skeleton',
    'First composer messages',
    'Second composer skeleton',
    'Second composer messages',
  ]);
});

test('what is typed while a conversation is loaded stays, and can be sent', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  await button(page, 'New chat').click();
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  const load = await holdAnswer(page, 'messages');
  await page.getByRole('link', { name: 'First', exact: true }).click();
  await load.asked;
  await expect(page.getByRole('heading', { name: 'First' })).toBeVisible();
  await ready(page);
  await page.keyboard.type('early');
  await load.release();
  await expect(said(page)).toHaveText('First');
  await page.keyboard.type(' words');
  await expect(composer(page)).toHaveValue('early words');
  await page.keyboard.press('Enter');
  await expect(said(page)).toHaveText(['First', 'early words']);
  await expectStatus(reply(page), 'failed');
});

interface Seen {
  pressed: number;
  shown: number;
  /** How many messages had these words, from frame to frame. */
  counts: number[];
}

/** Looks at every change of the page for messages with these words. */
async function watchFor(page: Page, words: string): Promise<void> {
  await page.evaluate((words) => {
    const seen: Seen = { pressed: 0, shown: 0, counts: [0] };
    Object.assign(window, { seen });
    addEventListener('keydown', (event) => event.key === 'Enter' && (seen.pressed ||= performance.now()), true);
    const count = () =>
      Array.from(document.querySelectorAll('article[aria-label="You"] .plain')).filter((text) => text.textContent === words).length;
    const look = () => {
      const now = count();
      if (now && !seen.shown) seen.shown = performance.now();
      if (now !== seen.counts.at(-1)) seen.counts.push(now);
      requestAnimationFrame(look);
    };
    look();
  }, words);
}

/** Each call of this server function takes so much longer. */
async function slowLine(page: Page, name: string, ms: number): Promise<void> {
  await page.route(`**/api/${name}`, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    await route.continue();
  });
}
