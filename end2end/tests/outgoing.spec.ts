// A message between Enter and the server's response.

import { type Page } from '@playwright/test';
import { longConversation } from '../support/history.ts';
import { gate, holdResponse } from '../support/network.ts';
import { ask, button, composer, createAccount, expectStatus, modelMenu, newestReply, replies, sentMessages, sentTexts, waitForHydration } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

const TEXT = 'On a slow network, at once';

for (const place of ['a new conversation', 'an existing conversation']) {
  test(`with a network of 600 ms a sent message is shown within 100 ms, once, and stays: ${place}`, async ({ page, recorder }) => {
    await createAccount(page);
    if (place !== 'a new conversation') await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
    await waitForHydration(page);
    await modelMenu(page).selectOption('quick/demo-fails');
    await slowDown(page, 'send', 600);
    const times: number[] = [];
    // The fastest of three, because the machine may be busy.
    for (const text of ['On a slow network', 'at once', 'each time']) {
      await watchFor(page, text);
      await composer(page).fill(text);
      await composer(page).press('Enter');
      await expect(sentMessages(page).last()).toContainText('Sending…');
      await expect(composer(page)).toHaveValue('');
      await expectStatus(newestReply(page), 'failed');
      await expect(sentMessages(page).last()).not.toContainText('Sending…');
      await expect(composer(page)).toBeFocused();
      const seen = await page.evaluate(() => (window as unknown as { seen: Seen }).seen);
      times.push(seen.shown - seen.pressed);
      expect(seen.counts, 'shown exactly once in every frame').toEqual([0, 1]);
      const id = await sentMessages(page).last().getAttribute('data-message-id');
      const texts = (await recorder.states(page, id!)).map((state) => state.parts[0].shown);
      expect(new Set(texts)).toEqual(new Set([text]));
      if (place !== 'a new conversation') continue;
      await button(page, 'New chat').click();
      await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
    }
    expect(Math.min(...times), 'ms').toBeLessThan(100);
  });
}

test('a message is shown once though the list has it before the response comes', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  const send = await holdResponse(page, 'send');
  await watchFor(page, TEXT);
  await composer(page).fill(TEXT);
  await composer(page).press('Enter');
  await send.requested;
  await expect(replies(page)).toHaveCount(2);
  await expectStatus(newestReply(page), 'failed');
  await expect(sentMessages(page).last()).not.toContainText('Sending…');
  await send.release();
  await composer(page).fill('And then?');
  await composer(page).press('Enter');
  await expect(sentTexts(page)).toHaveText(['First', TEXT, 'And then?']);
  await expect(replies(page)).toHaveCount(3);
  expect((await page.evaluate(() => (window as unknown as { seen: Seen }).seen)).counts).toEqual([0, 1]);
});

for (const place of ['a new conversation', 'an existing conversation']) {
  test(`a refused message returns to the composer, before what was typed meanwhile, with the reason: ${place}`, async ({ page, consoleLog }) => {
    consoleLog.allowStatus(422, 'Unprocessable Entity');
    await createAccount(page);
    const before = place === 'a new conversation' ? 0 : 1;
    if (before) await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
    await waitForHydration(page);
    const model = modelMenu(page);
    await model.selectOption('quick/demo-fails');
    // The model is not offered any more when the message arrives.
    const { opened, open } = gate();
    await page.route('**/api/*/send', async (route) => {
      await opened;
      const { sending } = route.request().postDataJSON();
      await route.continue({ postData: JSON.stringify({ sending: { ...sending, model: 'gone/gone' } }) });
    }, { times: 1 });
    await composer(page).fill(TEXT);
    await composer(page).press('Enter');
    await expect(sentMessages(page)).toHaveCount(before + 1);
    await expect(composer(page)).toHaveValue('');
    await composer(page).fill('and more');
    open();
    await expect(page.getByRole('alert').filter({ visible: true })).toHaveText('This model is not offered here any more. Choose another one.');
    await expect(composer(page)).toHaveValue(`${TEXT}\n\nand more`);
    await expect(sentMessages(page)).toHaveCount(before);
    await expect(composer(page)).toBeFocused();
    if (!before) await expect(page).toHaveURL('/');

    await page.reload();
    await waitForHydration(page);
    await expect(composer(page)).toHaveValue(`${TEXT}\n\nand more`);
    await model.selectOption('quick/demo-fails');
    await composer(page).press('Enter');
    await expect(sentTexts(page).last()).toHaveText(`${TEXT}\n\nand more`);
    await expectStatus(newestReply(page), 'failed');
    await expect(composer(page)).toHaveValue('');
  });

  test(`a message that was under way when its page was reloaded returns to the composer, once: ${place}`, async ({ page }) => {
    await createAccount(page);
    const before = place === 'a new conversation' ? 0 : 1;
    if (before) await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
    await waitForHydration(page);
    await modelMenu(page).selectOption('quick/demo-fails');
    const address = page.url();
    // The message never reaches the server.
    await page.route('**/api/*/send', () => {}, { times: 1 });
    await composer(page).fill(TEXT);
    const requested = page.waitForRequest('**/api/*/send');
    await composer(page).press('Enter');
    await requested;
    await expect(sentMessages(page)).toHaveCount(before + 1);
    await composer(page).fill('a draft');
    await page.goto(address);
    await waitForHydration(page);
    await expect(composer(page)).toHaveValue(before ? `${TEXT}\n\na draft` : new RegExp(`^${TEXT}`));
    await expect(sentMessages(page)).toHaveCount(before);
    await page.reload();
    await waitForHydration(page);
    await expect(composer(page)).toHaveValue(before ? `${TEXT}\n\na draft` : new RegExp(`^${TEXT}`));
  });
}

test('a reload of a conversation whose first message never arrived returns to New chat with its text', async ({ page, consoleLog }) => {
  consoleLog.allowStatus(404, 'Not Found');
  await createAccount(page);
  await waitForHydration(page);
  await page.route('**/api/*/send', () => {}, { times: 1 });
  await composer(page).fill(TEXT);
  await composer(page).press('Enter');
  await expect(page).toHaveURL(/\/c\/conv_/);
  await expect(sentMessages(page)).toContainText(TEXT);
  await composer(page).fill('a second thought');
  await page.reload();
  await expect(page).toHaveURL('/');
  await expect(composer(page)).toHaveValue(`${TEXT}\n\na second thought`);
});

test('a message that arrived while its page was reloaded does not return to the composer', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  const send = await holdResponse(page, 'send');
  await composer(page).fill(TEXT);
  await composer(page).press('Enter');
  await send.requested;
  await page.reload();
  await waitForHydration(page);
  await expect(sentTexts(page)).toHaveText(['First', TEXT]);
  await expect(composer(page)).toHaveValue('');
  expect(await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('sent:')))).toEqual([]);
});

test('sending a message scrolls to it', async ({ page }) => {
  await createAccount(page);
  await page.goto(await longConversation(page, 10));
  await waitForHydration(page);
  await sentMessages(page).nth(1).scrollIntoViewIfNeeded();
  await expect(button(page, 'Jump to latest')).toBeVisible();
  await composer(page).fill(TEXT);
  await composer(page).press('Enter');
  await expect(sentTexts(page).last()).toHaveText(TEXT);
  await expect(sentMessages(page).last()).toBeInViewport({ ratio: 1 });
  await expect(button(page, 'Jump to latest')).toBeHidden();
});

test('no frame of a slow navigation is blank', async ({ page }) => {
  await createAccount(page);
  for (const text of ['First', 'Second']) {
    await waitForHydration(page);
    await expectStatus(await ask(page, text, 'quick/demo-fails'), 'failed');
    await button(page, 'New chat').click();
    await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  }
  await page.evaluate(() => {
    const frames: string[] = [];
    Object.assign(window, { recordedFrames: frames });
    const recordFrame = () => {
      const shown = (selector: string) => document.querySelector(selector)?.checkVisibility() ?? false;
      const seen = [
        shown('main .bar h1') && document.querySelector('main .bar h1')!.textContent,
        shown('main .composer') && 'composer',
        shown('main article') ? 'messages' : shown('main .skeleton') ? 'skeleton' : shown('main .empty') && 'greeting',
      ].join(' ');
      if (frames.at(-1) !== seen) frames.push(seen);
      requestAnimationFrame(recordFrame);
    };
    recordFrame();
  });
  await slowDown(page, 'messages', 1500);
  for (const name of ['First', 'Second']) {
    await page.getByRole('link', { name, exact: true }).click();
    await expect(composer(page)).toBeFocused();
    await expect(sentTexts(page)).toHaveText(name);
  }
  const frames = await page.evaluate(() => (window as unknown as { recordedFrames: string[] }).recordedFrames);
  expect(frames).toEqual([
    'New chat composer greeting',
    'First composer skeleton',
    'First composer messages',
    'Second composer skeleton',
    'Second composer messages',
  ]);
});

test('what is typed while a conversation loads is kept, and can be sent', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  await button(page, 'New chat').click();
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  const load = await holdResponse(page, 'messages');
  await page.getByRole('link', { name: 'First', exact: true }).click();
  await load.requested;
  await expect(page.getByRole('heading', { name: 'First' })).toBeVisible();
  await waitForHydration(page);
  await page.keyboard.type('early');
  await load.release();
  await expect(sentTexts(page)).toHaveText('First');
  await page.keyboard.type(' words');
  await expect(composer(page)).toHaveValue('early words');
  await page.keyboard.press('Enter');
  await expect(sentTexts(page)).toHaveText(['First', 'early words']);
  await expectStatus(newestReply(page), 'failed');
});

interface Seen {
  pressed: number;
  shown: number;
  /** How many messages had the text, each time that number changed. */
  counts: number[];
}

/** Notes in each frame how many of the sent messages have this text. */
async function watchFor(page: Page, text: string): Promise<void> {
  await page.evaluate((text) => {
    const seen: Seen = { pressed: 0, shown: 0, counts: [0] };
    Object.assign(window, { seen });
    addEventListener('keydown', (event) => event.key === 'Enter' && (seen.pressed ||= performance.now()), true);
    const count = () =>
      Array.from(document.querySelectorAll('article[aria-label="You"] .plain')).filter((element) => element.textContent === text).length;
    const recordFrame = () => {
      const now = count();
      if (now && !seen.shown) seen.shown = performance.now();
      if (now !== seen.counts.at(-1)) seen.counts.push(now);
      requestAnimationFrame(recordFrame);
    };
    recordFrame();
  }, text);
}

/** Delays each call of this server function by so many milliseconds. */
async function slowDown(page: Page, name: string, ms: number): Promise<void> {
  await page.route(`**/api/*/${name}`, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    await route.continue();
  });
}
