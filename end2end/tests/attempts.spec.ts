// Stop, Retry and Continue.

import { readFileSync } from 'node:fs';
import { PROSE, ask, button, createAccount, expectStatus, idOf, newestReply, openSecondTab, replies, textOf, waitForHydration, waitForLength } from '../support/person.ts';
import { expect, scripted, test } from '../support/test.ts';

test('Stop in one tab stops both at the same word, and Continue continues from there', async ({ page, context, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  const id = await idOf(reply);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await waitForLength(newestReply(tab), 800);
  await button(tab, 'Stop').click();
  await expectStatus(reply, 'stopped');
  await expectStatus(newestReply(tab), 'stopped');
  const kept = await textOf(reply);
  expect(kept.length).toBeGreaterThanOrEqual(800);
  expect(kept.length).toBeLessThan(PROSE.length);
  expect(PROSE.startsWith(kept)).toBe(true);
  expect(await textOf(newestReply(tab))).toBe(kept);
  await recorder.check(page, id, { prose: true });
  await page.reload();
  await expectStatus(reply, 'stopped');
  await waitForHydration(page);
  expect(await textOf(reply)).toBe(kept);

  await button(reply, 'Continue').click();
  await expectStatus(reply, 'completed');
  await expectStatus(newestReply(tab), 'completed');
  expect(await textOf(reply)).toBe(PROSE);
  await recorder.check(page, id, { prose: true });
});

test('Retry adds an attempt beside the old one, in both tabs', async ({ page, context, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  const first = await idOf(reply);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await waitForLength(newestReply(tab), 300);
  await button(page, 'Stop').click();
  await expectStatus(newestReply(tab), 'stopped');
  const kept = await textOf(reply);

  await button(newestReply(tab), 'Retry').click();
  for (const one of [page, tab]) {
    await expect(newestReply(one)).not.toHaveAttribute('data-message-id', first);
    await expect(replies(one)).toHaveCount(1);
    await expectStatus(newestReply(one), 'completed');
    await expect(newestReply(one).getByText('2/2')).toBeVisible();
    expect(await textOf(newestReply(one))).toBe(PROSE);
  }
  const second = await idOf(reply);

  await button(newestReply(page), 'Earlier attempt').click();
  for (const one of [page, tab]) {
    await expect(newestReply(one)).toHaveAttribute('data-message-id', first);
    await expectStatus(newestReply(one), 'stopped');
    await expect(newestReply(one).getByText('1/2')).toBeVisible();
    await expect(button(newestReply(one), 'Earlier attempt')).toBeDisabled();
    expect(await textOf(newestReply(one))).toBe(kept);
  }
  await recorder.check(page, first, { prose: true });

  await button(newestReply(tab), 'Later attempt').click();
  await expect(reply).toHaveAttribute('data-message-id', second);
  expect(await textOf(reply)).toBe(PROSE);
  await page.reload();
  await expect(reply).toHaveAttribute('data-message-id', second);
  await expect(reply.getByText('2/2')).toBeVisible();
  await recorder.check(page, second, { prose: true });
});

test('a failed reply shows the reason and keeps its text; Continue continues from there', async ({ page, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'Go over the weir.', 'demo/demo-fails');
  await expectStatus(reply, 'failed');
  const script = readFileSync(new URL('../../src/provider/demo/fails.txt', import.meta.url), 'utf8');
  const kept = await textOf(reply);
  expect(kept).toBe(script.slice(0, script.indexOf('\n\n')));
  const reason = reply.getByRole('note').getByText('this model fails here on purpose');
  await expect(page.locator('#status')).toHaveText(/^The reply failed: .*this model fails here on purpose/);
  await expect(reason).toBeVisible();
  await page.reload();
  await expect(reason).toBeVisible();
  await waitForHydration(page);
  await button(reply, 'Continue').click();
  await expectStatus(reply, 'completed');
  await expect(reason).toBeHidden();
  expect(await textOf(reply)).toBe(script);
  await recorder.check(page, await idOf(reply), { prose: true });
});

test('Retry and Continue use the model that is chosen now', async ({ page }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'quick/demo-fails');
  await expectStatus(reply, 'failed');
  const id = await idOf(reply);
  await page.getByLabel('Model', { exact: true }).selectOption('quick/demo-prose');
  await button(reply, 'Retry').click();
  await expect(reply).not.toHaveAttribute('data-message-id', id);
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toBe(PROSE);
  await button(reply, 'Earlier attempt').click();
  await expect(reply).toHaveAttribute('data-message-id', id);
  const request = page.waitForRequest('**/api/continue');
  await button(reply, 'Continue').click();
  expect((await request).postDataJSON()).toMatchObject({ id, model: 'quick/demo-prose' });
});

test('while a reply runs there is Stop instead of Send, and neither Retry nor Continue', async ({ page }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'slow/demo-prose');
  await waitForLength(reply, 50);
  await expect(button(page, 'Send')).toBeHidden();
  for (const name of ['Retry', 'Continue']) await expect(button(reply, name)).toBeHidden();
  await button(page, 'Stop').click();
  await expectStatus(reply, 'stopped');
  await expect(button(page, 'Stop')).toBeHidden();
  await expect(button(page, 'Send')).toBeVisible();
  for (const name of ['Retry', 'Continue', 'Copy']) await expect(button(reply, name)).toBeVisible();
});

scripted('a reply without text offers no Continue and shows no tokens', async ({ page, provider }) => {
  await createAccount(page);
  const reply = await ask(page, 'Say nothing.');
  const writer = await provider.nextRequest();
  writer.thinks('Hm.');
  await expect(reply.getByText('Thinking…')).toBeVisible();
  await button(page, 'Stop').click();
  await expectStatus(reply, 'stopped');
  await expect(button(reply, 'Retry')).toBeVisible();
  await expect(button(reply, 'Continue')).toBeHidden();
  await expect(reply.getByText('token')).toBeHidden();
});
