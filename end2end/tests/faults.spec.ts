// What befalls a tab in the hands of a browser and its owner. (A network that goes is in network.spec.ts, a long reply in
// stream.spec.ts, a page that is left and come back to in reload.spec.ts.)

import { type BrowserContext, type Page } from '@playwright/test';
import { PROSE, createAccount, expectStatus, grownTo, idOf, reply, say, secondTab, serverGrownTo, textOf } from '../support/person.ts';
import { expect, test, told } from '../support/test.ts';

// Playwright keeps every page visible, and Chromium keeps no page that is marked `no-store` for Back, as all of ours are:
// so the page is told of it by the browser's events, and its scripts stand still meanwhile, as they do there.
test('a tab that is hidden for minutes has all when it is looked at again', async ({ page, context, recorder }) => {
  // The socket that the page had dies meanwhile, as a sleeping phone's does: nobody tells it, and nothing comes any more.
  const sockets: { dead: boolean }[] = [];
  await page.routeWebSocket(/\/live/, (socket) => {
    const state = { dead: false };
    sockets.push(state);
    const server = socket.connectToServer();
    socket.onMessage((frame) => state.dead || server.send(frame));
    server.onMessage((frame) => state.dead || socket.send(frame));
    server.onClose((code, reason) => state.dead || void socket.close({ code, reason }));
  });
  await page.clock.install();
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  const length = await grownTo(answer, 300);
  const sleep = () => page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    debugger;
  });
  const before = sockets.length;
  await asleep(page, context, sleep, () => {
    sockets.forEach((socket) => (socket.dead = true));
    return serverGrownTo(context, page, length + 800);
  });
  await page.clock.fastForward('05:00');
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await expectStatus(answer, 'completed');
  expect(sockets.length).toBeGreaterThan(before);
  expect(await textOf(answer)).toBe(PROSE);
  await recorder.check(page, await idOf(answer), { prose: true });
});

test('a page that is kept for Back has all when it is come back to', async ({ page, context, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  const length = await grownTo(answer, 300);
  const again = page.waitForEvent('websocket');
  const sleep = () => page.evaluate(() => {
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    debugger;
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  });
  await asleep(page, context, sleep, () => serverGrownTo(context, page, length + 800));
  await again;
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  await recorder.check(page, await idOf(answer), { prose: true });
});

told('of two tabs one reloads in a loop, and both have all', async ({ page, context, provider, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.');
  const telling = (await provider.isAsked()).tells(PROSE, 12);
  const tab = await secondTab(context, page);
  for (let reloads = 0; reloads < 12; reloads += 1) {
    await tab.reload({ waitUntil: reloads % 2 ? 'commit' : 'load' });
    await expect(reply(tab)).toBeVisible();
  }
  await expectStatus(answer, 'streaming');
  await telling.finish();
  for (const one of [page, tab]) {
    await expectStatus(reply(one), 'completed');
    expect(await textOf(reply(one))).toBe(PROSE);
  }
  await recorder.check(page, await idOf(answer), { prose: true });
});

test('a slow processor shows every word, later', async ({ page, context, recorder }) => {
  await createAccount(page);
  const browser = await context.newCDPSession(page);
  await browser.send('Emulation.setCPUThrottlingRate', { rate: 6 });
  const answer = await say(page, 'Tell me of the lock.', 'quick/demo-prose');
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  await recorder.check(page, await idOf(answer), { prose: true });
});

test('a slow processor and 200 KB at full speed', async ({ page, context, recorder }) => {
  test.setTimeout(150_000);
  await createAccount(page);
  const browser = await context.newCDPSession(page);
  await browser.send('Emulation.setCPUThrottlingRate', { rate: 6 });
  const answer = await say(page, 'Read me the whole log.', 'quick/demo-long');
  await expectStatus(answer, 'completed', 120_000);
  expect((await textOf(answer)).length).toBeGreaterThan(200_000);
  await recorder.check(page, await idOf(answer), { prose: true });
});

/** The page's scripts stand still at their `debugger` until this is done. */
async function asleep(page: Page, context: BrowserContext, sleep: () => Promise<void>, meanwhile: () => Promise<void>): Promise<void> {
  const browser = await context.newCDPSession(page);
  await browser.send('Debugger.enable');
  const paused = new Promise((resolve) => browser.once('Debugger.paused', resolve));
  const slept = sleep();
  await paused;
  await meanwhile();
  await browser.send('Debugger.resume');
  await slept;
  await browser.detach();
}
