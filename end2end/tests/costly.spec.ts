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
