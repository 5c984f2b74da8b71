import { PROSE, createAccount, expectStatus, grownTo, idOf, reply, say, textOf } from '../support/person.ts';
import { expect, test, told } from '../support/test.ts';

told('ten reloads in one reply lose nothing and double nothing', async ({ page, provider, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.');
  const telling = (await provider.isAsked()).tells(PROSE, 30);
  const id = await idOf(answer);
  for (let times = 1; times <= 10; times += 1) {
    const length = await grownTo(answer, times * 60);
    // Every second time before the page's scripts have come to anything.
    await page.reload({ waitUntil: times % 2 ? 'commit' : 'load' });
    await expectStatus(answer, 'streaming');
    const loads = async () => (await recorder.states(page, id)).filter((state) => state.fresh);
    await expect.poll(async () => (await loads()).length).toBe(times + 1);
    // What the server had written is no less than what the page had shown.
    expect((await loads())[times].parts[0].shown.length).toBeGreaterThanOrEqual(length);
  }
  await telling.finish();
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  await recorder.check(page, id, { prose: true });
});

test('leaving for another conversation and coming back misses nothing', async ({ page, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  const id = await idOf(answer);
  for (const units of [500, 2000]) {
    await grownTo(answer, units);
    await page.getByRole('button', { name: 'New chat', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
    await page.getByRole('link', { name: 'Tell me of the lock.' }).click();
    await expect(reply(page)).toHaveAttribute('data-message-id', id);
  }
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  await recorder.check(page, id, { prose: true });
});

test('away to another site and back misses nothing', async ({ page, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  const id = await idOf(answer);
  for (const units of [500, 2000]) {
    await grownTo(answer, units);
    await page.goto('about:blank');
    await page.goBack();
  }
  await expectStatus(answer, 'completed');
  await recorder.check(page, id, { prose: true });
  expect(await textOf(answer)).toBe(PROSE);
});
