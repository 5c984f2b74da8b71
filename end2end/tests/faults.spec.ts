// Tabs that are hidden, kept for Back, reloaded in a loop, or slow. (Lost networks are in network.spec.ts, long replies in
// stream.spec.ts, and pages that are left and opened again in reload.spec.ts.)

import { type BrowserContext, type Page } from '@playwright/test';
import { interruptibleConnections } from '../support/network.ts';
import { PROSE, ask, createAccount, expectStatus, idOf, newestReply, openSecondTab, textOf, waitForLength, waitForServerLength } from '../support/person.ts';
import { expect, scripted, test } from '../support/test.ts';

// Playwright keeps every page visible, and Chromium keeps no page for Back that is marked `no-store`, as all of ours are.
// So the tests dispatch the events that the browser would, and pause the page's scripts meanwhile, as it would.
test('a tab that was hidden for minutes has the whole reply once it is visible again', async ({ page, context, recorder }) => {
  const connections = await interruptibleConnections(page);
  await page.clock.install();
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  const length = await waitForLength(reply, 300);
  const pause = () => page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    debugger;
  });
  const before = connections.count();
  await whilePaused(page, context, pause, () => {
    // As on a sleeping phone, the connection dies without being closed.
    connections.loseEverything();
    return waitForServerLength(context, page, length + 800);
  });
  await page.clock.fastForward('05:00');
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await expectStatus(reply, 'completed');
  expect(connections.count()).toBeGreaterThan(before);
  expect(await textOf(reply)).toBe(PROSE);
  await recorder.check(page, await idOf(reply), { prose: true });
});

test('a page that was kept for Back has the whole reply once it is shown again', async ({ page, context, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  const length = await waitForLength(reply, 300);
  const reconnected = page.waitForEvent('websocket');
  const pause = () => page.evaluate(() => {
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    debugger;
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  });
  await whilePaused(page, context, pause, () => waitForServerLength(context, page, length + 800));
  await reconnected;
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toBe(PROSE);
  await recorder.check(page, await idOf(reply), { prose: true });
});

scripted('one of two tabs reloads in a loop, and both get the whole reply', async ({ page, context, provider, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.');
  const writing = (await provider.nextRequest()).writesWords(PROSE, 12);
  const tab = await openSecondTab(context, page);
  for (let reloads = 0; reloads < 12; reloads += 1) {
    await tab.reload({ waitUntil: reloads % 2 ? 'commit' : 'load' });
    await expect(newestReply(tab)).toBeVisible();
  }
  await expectStatus(reply, 'streaming');
  await writing.finish();
  for (const one of [page, tab]) {
    await expectStatus(newestReply(one), 'completed');
    expect(await textOf(newestReply(one))).toBe(PROSE);
  }
  await recorder.check(page, await idOf(reply), { prose: true });
});

test('a slow processor shows every word', async ({ page, context, recorder }) => {
  await createAccount(page);
  const browser = await context.newCDPSession(page);
  await browser.send('Emulation.setCPUThrottlingRate', { rate: 6 });
  const reply = await ask(page, 'Tell me of the lock.', 'quick/demo-prose');
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toBe(PROSE);
  await recorder.check(page, await idOf(reply), { prose: true });
});

test('a slow processor shows every word of 200 KB at full speed', async ({ page, context, recorder }) => {
  test.setTimeout(150_000);
  await createAccount(page);
  const browser = await context.newCDPSession(page);
  await browser.send('Emulation.setCPUThrottlingRate', { rate: 6 });
  const reply = await ask(page, 'Read me the whole log.', 'quick/demo-long');
  await expectStatus(reply, 'completed', 120_000);
  expect((await textOf(reply)).length).toBeGreaterThan(200_000);
  await recorder.check(page, await idOf(reply), { prose: true });
});

/** Runs `pause` in the page, whose scripts stop at its `debugger` statement until `meanwhile` is done. */
async function whilePaused(page: Page, context: BrowserContext, pause: () => Promise<void>, meanwhile: () => Promise<void>): Promise<void> {
  const browser = await context.newCDPSession(page);
  await browser.send('Debugger.enable');
  const paused = new Promise((resolve) => browser.once('Debugger.paused', resolve));
  const resumed = pause();
  await paused;
  await meanwhile();
  await browser.send('Debugger.resume');
  await resumed;
  await browser.detach();
}
