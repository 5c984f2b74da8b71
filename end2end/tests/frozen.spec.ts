// A tab that is really frozen, as phones do with what nobody looks at: the process of the page stands still.

import { PROSE, createAccount, expectStatus, grownTo, idOf, say, serverGrownTo, textOf } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

declare global {
  interface Window {
    /** How long the page's scripts stood still at the longest, in milliseconds. */
    longestPause: number;
  }
}

// The browser's own way to freeze is none for Playwright, which keeps every page as if it was looked at.
test('a tab that was frozen has all when it goes on', async ({ page, context, browser, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  const length = await grownTo(answer, 300);
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
  const begun = performance.now();
  renderers.forEach((id) => process.kill(id, 'SIGSTOP'));
  try {
    await serverGrownTo(context, page, length + 1200);
  } finally {
    renderers.forEach((id) => process.kill(id, 'SIGCONT'));
  }
  const frozen = performance.now() - begun;
  await expectStatus(answer, 'completed');
  expect(await page.evaluate(() => window.longestPause)).toBeGreaterThan(frozen / 2);
  expect(frozen).toBeGreaterThan(1000);
  expect(await textOf(answer)).toBe(PROSE);
  await recorder.check(page, await idOf(answer), { prose: true });
});
