import { createAccount, expectStatus, reply, say } from '../support/person.ts';
import { expect, told } from '../support/test.ts';

told('backslashes that stream do not block the page', async ({ page, provider }) => {
  await createAccount(page);
  const saying = say(page, 'Hello');
  const voice = await provider.isAsked();
  voice.says('Said. ');
  await saying;
  await page.evaluate(() => {
    const tasks: number[] = ((window as any).tasks = []);
    new PerformanceObserver((list) => list.getEntries().forEach((task) => tasks.push(task.duration))).observe({ type: 'longtask' });
  });
  const telling = voice.tells(`${'\\\\\\\\\\\\\\\\ '.repeat(3000)}end`, 1);
  await telling.finish();
  await expectStatus(reply(page), 'completed');
  await expect(reply(page)).toContainText('end');
  const longest: number = await page.evaluate(() => Math.max(0, ...(window as any).tasks));
  // An unoptimised build takes several times as long as what is shipped; before, it was a minute.
  expect(longest).toBeLessThan(2_000);
});

told('a reply of very many elements is shown as it was written, and does not block the page', async ({ page, provider }) => {
  await createAccount(page);
  const saying = say(page, 'Hello');
  const voice = await provider.isAsked();
  voice.says('`` ` ');
  await saying;
  // By tag: a role would have every element on the page looked at.
  const newest = page.locator('article').last();
  await newest.evaluate((article) => {
    const seen = ((window as any).seen = { most: 0, longest: 0 });
    const count = () => (seen.most = Math.max(seen.most, article.getElementsByTagName('code').length));
    new MutationObserver(count).observe(article, { childList: true, subtree: true });
    new PerformanceObserver((list) => list.getEntries().forEach((task) => (seen.longest = Math.max(seen.longest, task.duration)))).observe({ type: 'longtask' });
  });
  for (let said = 0; said < 160; said++) voice.says('`` ` '.repeat(400));
  voice.ends();
  await expectStatus(newest, 'completed');
  await expect(newest.locator('.prose > *')).toHaveCount(1);
  await expect(newest.locator('.prose > .code')).toHaveCount(1);
  const streamed: { most: number; longest: number } = await page.evaluate(() => (window as any).seen);
  expect(streamed.most).toBeLessThan(32_500);
  // Before, more than half a minute.
  expect(streamed.longest).toBeLessThan(2_000);
  await page.reload();
  await expect(newest.locator('.prose > *')).toHaveCount(1);
  await expect(newest.locator('.prose > .code')).toHaveCount(1);
});
