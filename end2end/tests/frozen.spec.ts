// A tab that is frozen, as phones do with those that are not visible: the process of the page is suspended.

import { PROSE, ask, createAccount, expectStatus, idOf, textOf, waitForLength, waitForServerLength } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

declare global {
  interface Window {
    /** The longest time in which the page's scripts did not run, in milliseconds. */
    longestPause: number;
  }
}

// Chromium's own command to freeze a page has no effect under Playwright, which keeps every page visible.
test('a tab that was frozen has the whole reply once it runs again', async ({ page, context, browser, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  const length = await waitForLength(reply, 300);
  await page.evaluate(() => {
    let last = performance.now();
    window.longestPause = 0;
    setInterval(() => {
      const now = performance.now();
      window.longestPause = Math.max(window.longestPause, now - last);
      last = now;
    }, 20);
  });
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  const start = performance.now();
  renderers.forEach((id) => process.kill(id, 'SIGSTOP'));
  try {
    await waitForServerLength(context, page, length + 1200);
  } finally {
    renderers.forEach((id) => process.kill(id, 'SIGCONT'));
  }
  const frozen = performance.now() - start;
  await expectStatus(reply, 'completed');
  expect(await page.evaluate(() => window.longestPause)).toBeGreaterThan(frozen / 2);
  expect(frozen).toBeGreaterThan(1000);
  expect(await textOf(reply)).toBe(PROSE);
  await recorder.check(page, await idOf(reply), { prose: true });
});
