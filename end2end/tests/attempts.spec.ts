import { readFileSync } from 'node:fs';
import { PROSE, button, createAccount, expectStatus, grownTo, idOf, ready, replies, reply, say, secondTab, textOf } from '../support/person.ts';
import { expect, test, told } from '../support/test.ts';

test('Stop from the other tab stops both at the same word, and Continue goes on from it', async ({ page, context, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  const id = await idOf(answer);
  const tab = await secondTab(context, page);
  await ready(tab);
  await grownTo(reply(tab), 800);
  await button(tab, 'Stop').click();
  await expectStatus(answer, 'stopped');
  await expectStatus(reply(tab), 'stopped');
  const kept = await textOf(answer);
  expect(kept.length).toBeGreaterThanOrEqual(800);
  expect(kept.length).toBeLessThan(PROSE.length);
  expect(PROSE.startsWith(kept)).toBe(true);
  expect(await textOf(reply(tab))).toBe(kept);
  await recorder.check(page, id, { prose: true });
  await page.reload();
  await expectStatus(answer, 'stopped');
  await ready(page);
  expect(await textOf(answer)).toBe(kept);

  await button(answer, 'Continue').click();
  await expectStatus(answer, 'completed');
  await expectStatus(reply(tab), 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  await recorder.check(page, id, { prose: true });
});

test('Retry makes another attempt beside the old one, in both tabs', async ({ page, context, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  const first = await idOf(answer);
  const tab = await secondTab(context, page);
  await ready(tab);
  await grownTo(reply(tab), 300);
  await button(page, 'Stop').click();
  await expectStatus(reply(tab), 'stopped');
  const kept = await textOf(answer);

  await button(reply(tab), 'Retry').click();
  for (const one of [page, tab]) {
    await expect(reply(one)).not.toHaveAttribute('data-message-id', first);
    await expect(replies(one)).toHaveCount(1);
    await expectStatus(reply(one), 'completed');
    await expect(reply(one).getByText('2/2')).toBeVisible();
    expect(await textOf(reply(one))).toBe(PROSE);
  }
  const second = await idOf(answer);

  await button(reply(page), 'Earlier attempt').click();
  for (const one of [page, tab]) {
    await expect(reply(one)).toHaveAttribute('data-message-id', first);
    await expectStatus(reply(one), 'stopped');
    await expect(reply(one).getByText('1/2')).toBeVisible();
    await expect(button(reply(one), 'Earlier attempt')).toBeDisabled();
    expect(await textOf(reply(one))).toBe(kept);
  }
  await recorder.check(page, first, { prose: true });

  await button(reply(tab), 'Later attempt').click();
  await expect(answer).toHaveAttribute('data-message-id', second);
  expect(await textOf(answer)).toBe(PROSE);
  await page.reload();
  await expect(answer).toHaveAttribute('data-message-id', second);
  await expect(answer.getByText('2/2')).toBeVisible();
  await recorder.check(page, second, { prose: true });
});

test('a reply that fails says why and keeps what had come; Continue goes on from there', async ({ page, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Go over the weir.', 'demo/demo-fails');
  await expectStatus(answer, 'failed');
  const script = readFileSync(new URL('../../src/provider/demo/fails.txt', import.meta.url), 'utf8');
  const kept = await textOf(answer);
  expect(kept).toBe(script.slice(0, script.indexOf('\n\n')));
  const why = answer.getByRole('note').getByText('this model fails here on purpose');
  await expect(page.locator('#status')).toHaveText(/^The reply failed: .*this model fails here on purpose/);
  await expect(why).toBeVisible();
  await page.reload();
  await expect(why).toBeVisible();
  await ready(page);
  await button(answer, 'Continue').click();
  await expectStatus(answer, 'completed');
  await expect(why).toBeHidden();
  expect(await textOf(answer)).toBe(script);
  await recorder.check(page, await idOf(answer), { prose: true });
});

test('Retry and Continue ask the model that is chosen now', async ({ page }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'quick/demo-fails');
  await expectStatus(answer, 'failed');
  const id = await idOf(answer);
  await page.getByLabel('Model', { exact: true }).selectOption('quick/demo-prose');
  await button(answer, 'Retry').click();
  await expect(answer).not.toHaveAttribute('data-message-id', id);
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  await button(answer, 'Earlier attempt').click();
  await expect(answer).toHaveAttribute('data-message-id', id);
  const asked = page.waitForRequest('**/api/continue');
  await button(answer, 'Continue').click();
  expect((await asked).postDataJSON()).toMatchObject({ id, model: 'quick/demo-prose' });
});

test('while a reply runs there is Stop in the place of Send, and neither Retry nor Continue', async ({ page }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'slow/demo-prose');
  await grownTo(answer, 50);
  await expect(button(page, 'Send')).toBeHidden();
  for (const name of ['Retry', 'Continue']) await expect(button(answer, name)).toBeHidden();
  await button(page, 'Stop').click();
  await expectStatus(answer, 'stopped');
  await expect(button(page, 'Stop')).toBeHidden();
  await expect(button(page, 'Send')).toBeVisible();
  for (const name of ['Retry', 'Continue', 'Copy']) await expect(button(answer, name)).toBeVisible();
});

told('a reply without a word offers no Continue and counts no tokens', async ({ page, provider }) => {
  await createAccount(page);
  const answer = await say(page, 'Say nothing.');
  const voice = await provider.isAsked();
  voice.thinks('Hm.');
  await expect(answer.getByText('Thinking…')).toBeVisible();
  await button(page, 'Stop').click();
  await expectStatus(answer, 'stopped');
  await expect(button(answer, 'Retry')).toBeVisible();
  await expect(button(answer, 'Continue')).toBeHidden();
  await expect(answer.getByText('token')).toBeHidden();
});
