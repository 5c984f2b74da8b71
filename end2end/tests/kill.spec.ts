import { PROSE, RIVERS, button, createAccount, expectStatus, grownTo, idOf, reply, say, secondTab, textOf, ready } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('kill -9 in the middle loses no word that any tab had shown, and Continue goes on from there', async ({
  page, context, rivulet, recorder, silence,
}) => {
  silence.allowLostNetwork(rivulet.url);
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  const id = await idOf(answer);
  const tab = await secondTab(context, page);
  await grownTo(reply(tab), 1500);
  await rivulet.kill9();
  await expect(page.getByText('Connection lost.')).toBeVisible();
  await rivulet.restart();
  for (const one of [page, tab]) {
    await expectStatus(reply(one), 'interrupted');
    await expect(one.getByText('The server stopped before this reply was finished.')).toBeVisible();
    await expect(one.getByText('Connection lost.')).toBeHidden();
  }
  const kept = await textOf(answer);
  expect(kept.length).toBeGreaterThanOrEqual(1500);
  expect(await textOf(reply(tab))).toBe(kept);
  expect(PROSE.startsWith(kept)).toBe(true);
  await recorder.check(page, id, { prose: true });

  await button(reply(tab), 'Continue').click();
  await expectStatus(answer, 'completed');
  await expectStatus(reply(tab), 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  expect(await textOf(reply(tab))).toBe(PROSE);
  await recorder.check(page, id, { prose: true });
});

test('killed three times in one reply, which still comes whole', async ({ page, rivulet, recorder, silence }) => {
  silence.allowLostNetwork(rivulet.url);
  await createAccount(page);
  const answer = await say(page, 'How does a river keep its words?', 'demo/demo');
  const id = await idOf(answer);
  for (const units of [100, 700, 1300]) {
    await grownTo(answer, units);
    await rivulet.kill9();
    await rivulet.restart();
    await expectStatus(answer, 'interrupted');
    await button(answer, 'Continue').click();
    await grownTo(answer, units + 50);
  }
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(RIVERS);
  await recorder.check(page, id);
  await page.reload();
  await expectStatus(answer, 'completed');
  await recorder.check(page, id);
});

test('killed at full speed, the server still has every word that was shown', async ({ page, rivulet, recorder, silence }) => {
  silence.allowLostNetwork(rivulet.url);
  await createAccount(page);
  const answer = await say(page, 'Read me the whole log.', 'quick/demo-long');
  await grownTo(answer, 30_000);
  await rivulet.kill9();
  await rivulet.restart();
  await expectStatus(answer, 'interrupted');
  const id = await idOf(answer);
  await recorder.check(page, id, { prose: true });
  await button(answer, 'Continue').click();
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toMatch(/^Day 1\. /);
  await recorder.check(page, id, { prose: true });
});

test('a server that is told to stop ends its replies and says so', async ({ page, rivulet, recorder, silence }) => {
  silence.allowLostNetwork(rivulet.url);
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'slow/demo-prose');
  await grownTo(answer, 100);
  await rivulet.stop();
  await expectStatus(answer, 'interrupted');
  await rivulet.start();
  await page.reload();
  await ready(page);
  await expectStatus(answer, 'interrupted');
  expect(PROSE.startsWith(await textOf(answer))).toBe(true);
  await recorder.check(page, await idOf(answer), { prose: true });
});
