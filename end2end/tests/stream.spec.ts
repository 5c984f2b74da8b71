import { PROSE, RIVERS, createAccount, expectStatus, grownTo, idOf, reply, say, secondTab, textOf } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('a reply streams: thinking first, then text, then it is complete', async ({ page, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'How does a river keep its words?', 'demo/demo');
  const thinking = answer.locator('details');
  await expect(thinking).toHaveAttribute('open');
  await expect(thinking.getByText('Thinking…')).toBeVisible();
  await grownTo(answer, 200);
  await expectStatus(answer, 'streaming');
  const announced = answer.locator(':scope > [role="status"]');
  await expect(announced).toBeEmpty();
  await expect(thinking).not.toHaveAttribute('open');
  await expect(thinking.getByText(/^Thought for \d+ s$/)).toBeVisible();
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(RIVERS);
  await expect(announced).toContainText('How a river keeps its words');

  const id = await idOf(answer);
  const growth = await recorder.growth(page, id);
  const steps = (kind: string) => growth.filter((state) => state.parts.at(-1)?.kind === kind).length;
  expect(steps('thinking')).toBeGreaterThanOrEqual(3);
  expect(steps('text')).toBeGreaterThanOrEqual(3);
  await recorder.check(page, id);
});

test('plain prose is shown to the letter at every step', async ({ page, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  const id = await idOf(answer);
  expect((await recorder.growth(page, id)).length).toBeGreaterThan(100);
  await recorder.check(page, id, { prose: true });
});

test('two tabs are in step, and neither sees what the other does not get', async ({ page, context, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  const tab = await secondTab(context, page);
  const there = reply(tab);
  for (const units of [1000, 2500, 4000]) {
    await grownTo(answer, units);
    await grownTo(there, units);
  }
  await expectStatus(answer, 'completed');
  await expectStatus(there, 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  expect(await textOf(there)).toBe(PROSE);
  const id = await idOf(answer);
  for (const one of [page, tab]) {
    expect((await recorder.growth(one, id)).length).toBeGreaterThan(3);
  }
  await recorder.check(page, id, { prose: true });
});

test('a second tab opened in the middle has what the first one has', async ({ page, context, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'How does a river keep its words?', 'demo/demo');
  await grownTo(answer, 800);
  const tab = await secondTab(context, page);
  const id = await idOf(answer);
  const [first] = await recorder.states(tab, id);
  expect(first.status).toBe('streaming');
  expect(first.parts[1].shown.length).toBeGreaterThan(700);
  await expectStatus(answer, 'completed');
  await expectStatus(reply(tab), 'completed');
  expect(await textOf(reply(tab))).toBe(RIVERS);
  await recorder.check(page, id);
});

test('a very long reply streams fast, to the letter', async ({ page, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Read me the whole log.', 'quick/demo-long');
  await expectStatus(answer, 'completed', 50_000);
  expect((await textOf(answer)).length).toBeGreaterThan(200_000);
  await recorder.check(page, await idOf(answer), { prose: true });
});
