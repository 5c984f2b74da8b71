// Pages that are reloaded, or left and opened again, while a reply streams.

import { PROSE, ask, createAccount, expectStatus, idOf, newestReply, textOf, waitForLength } from '../support/person.ts';
import { expect, scripted, test } from '../support/test.ts';

scripted('ten reloads in one reply neither lose nor repeat a word', async ({ page, provider, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.');
  const writing = (await provider.nextRequest()).writesWords(PROSE, 30);
  const id = await idOf(reply);
  for (let times = 1; times <= 10; times += 1) {
    const length = await waitForLength(reply, times * 60);
    // Every second reload comes before the page is hydrated.
    await page.reload({ waitUntil: times % 2 ? 'commit' : 'load' });
    await expectStatus(reply, 'streaming');
    const firstStates = async () => (await recorder.states(page, id)).filter((state) => state.isFirst);
    await expect.poll(async () => (await firstStates()).length).toBe(times + 1);
    // The server renders no less than what the page had shown.
    expect((await firstStates())[times].parts[0].shown.length).toBeGreaterThanOrEqual(length);
  }
  await writing.finish();
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toBe(PROSE);
  await recorder.check(page, id, { prose: true });
});

test('switching to another conversation and back loses no word', async ({ page, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  const id = await idOf(reply);
  for (const units of [500, 2000]) {
    await waitForLength(reply, units);
    await page.getByRole('button', { name: 'New chat', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
    await page.getByRole('link', { name: 'Tell me of the lock.' }).click();
    await expect(newestReply(page)).toHaveAttribute('data-message-id', id);
  }
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toBe(PROSE);
  await recorder.check(page, id, { prose: true });
});

test('going to another site and back loses no word', async ({ page, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  const id = await idOf(reply);
  for (const units of [500, 2000]) {
    await waitForLength(reply, units);
    await page.goto('about:blank');
    await page.goBack();
  }
  await expectStatus(reply, 'completed');
  await recorder.check(page, id, { prose: true });
  expect(await textOf(reply)).toBe(PROSE);
});
