// Replies that would be costly to render.

import { ask, createAccount, expectStatus, newestReply } from '../support/person.ts';
import { expect, scripted } from '../support/test.ts';

scripted('a reply of backslashes does not block the page', async ({ page, provider }) => {
  await createAccount(page);
  const asking = ask(page, 'Hello');
  const writer = await provider.nextRequest();
  writer.writes('Hello. ');
  await asking;
  await page.evaluate(() => {
    const tasks: number[] = ((window as any).tasks = []);
    new PerformanceObserver((list) => list.getEntries().forEach((task) => tasks.push(task.duration))).observe({ type: 'longtask' });
  });
  const writing = writer.writesWords(`${'\\\\\\\\\\\\\\\\ '.repeat(3000)}end`, 1);
  await writing.finish();
  await expectStatus(newestReply(page), 'completed');
  await expect(newestReply(page)).toContainText('end');
  const longestTask: number = await page.evaluate(() => Math.max(0, ...(window as any).tasks));
  // A debug build takes several times as long as a release; rendering with quadratic cost took a minute.
  expect(longestTask).toBeLessThan(2_000);
});

scripted('a reply of very many elements is shown as plain text, and does not block the page', async ({ page, provider }) => {
  await createAccount(page);
  const asking = ask(page, 'Hello');
  const writer = await provider.nextRequest();
  writer.writes('`` ` ');
  await asking;
  // By tag, because a role makes Playwright look at every element of the page.
  const newest = page.locator('article').last();
  await newest.evaluate((article) => {
    const seen = ((window as any).seen = { elements: 0, longestTask: 0 });
    const count = () => (seen.elements = Math.max(seen.elements, article.getElementsByTagName('code').length));
    new MutationObserver(count).observe(article, { childList: true, subtree: true });
    new PerformanceObserver((list) => list.getEntries().forEach((task) => (seen.longestTask = Math.max(seen.longestTask, task.duration)))).observe({ type: 'longtask' });
  });
  for (let times = 0; times < 160; times += 1) writer.writes('`` ` '.repeat(400));
  writer.ends();
  await expectStatus(newest, 'completed');
  await expect(newest.locator('.prose > *')).toHaveCount(1);
  await expect(newest.locator('.prose > .code')).toHaveCount(1);
  const seen: { elements: number; longestTask: number } = await page.evaluate(() => (window as any).seen);
  expect(seen.elements).toBeLessThan(32_500);
  // Without the limit on elements it was more than half a minute.
  expect(seen.longestTask).toBeLessThan(2_000);
  await page.reload();
  await expect(newest.locator('.prose > *')).toHaveCount(1);
  await expect(newest.locator('.prose > .code')).toHaveCount(1);
});
