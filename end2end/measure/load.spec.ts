// The first page load with an empty cache, until a person can type.

import type { Browser, BrowserContextOptions, Locator, Page } from '@playwright/test';
import { composer, createAccount } from '../support/person.ts';
import { addRow } from './rows.ts';
import { expect, test } from './test.ts';

const TIMES = 5;

interface Load {
  bytes: number;
  requests: number;
  paint: number;
  usable: number;
}

type Cookies = BrowserContextOptions['storageState'];

/** Loads a page until its field has the focus. */
async function load(browser: Browser, url: string, cookies: Cookies, field: (page: Page) => Locator): Promise<Load> {
  const context = await browser.newContext({ storageState: cookies });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  const load = { bytes: 0, requests: 0 };
  session.on('Network.requestWillBeSent', () => (load.requests += 1));
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (load.bytes += encodedDataLength));
  await page.addInitScript(() => {
    addEventListener('focusin', () => ((window as unknown as { usable: number }).usable ??= performance.now()));
  });
  await page.goto(url, { waitUntil: 'load' });
  await expect(field(page)).toBeFocused();
  const paint = await page.evaluate(firstPaint);
  const usable = await page.evaluate(() => (window as unknown as { usable: number }).usable);
  await context.close();
  return { ...load, paint, usable };
}

/** Runs in the page: milliseconds until the first text was painted. */
function firstPaint(): Promise<number> {
  return new Promise((painted) => {
    new PerformanceObserver((paints) => {
      for (const paint of paints.getEntriesByName('first-contentful-paint')) painted(paint.startTime);
    }).observe({ type: 'paint', buffered: true });
  });
}

const median = (loads: Load[], of: keyof Load) => loads.map((load) => load[of]).sort((a, b) => a - b)[Math.floor(loads.length / 2)];

test('the first load', async ({ page, browser, rivulet, bare }) => {
  await createAccount(page);
  const cookies = await page.context().storageState();
  const [ours, theirs]: [Load[], Load[]] = [[], []];
  for (let time = 0; time < TIMES; time += 1) {
    theirs.push(await load(browser, bare.url, undefined, (page) => page.locator('textarea')));
    ours.push(await load(browser, rivulet.url, cookies, composer));
  }
  const both = (of: keyof Load, unit: number) => ({ measured: median(ours, of) / unit, bare: median(theirs, of) / unit });
  const what = 'first load to a usable composer';
  addRow({ row: `${what}, MB`, ...both('bytes', 1e6), most: 0.45 });
  addRow({ row: `${what}, requests`, ...both('requests', 1), most: 10 });
  addRow({ row: `${what}, first paint, ms: median of ${TIMES}`, ...both('paint', 1), most: 1000 });
  addRow({ row: `${what}, time to interactive, ms: median of ${TIMES}`, ...both('usable', 1), most: 2000 });
});
