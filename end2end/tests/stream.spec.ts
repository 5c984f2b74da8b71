import { PROSE, RIVERS, createAccount, expectStatus, grownTo, idOf, reply, say, secondTab, textOf } from '../support/person.ts';
import { expect, test, told } from '../support/test.ts';

told('thinking is shown while it lasts, and folds when the text begins', async ({ page, provider, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'How does a river keep its words?');
  const voice = await provider.isAsked();
  voice.thinks('A river has ');
  const thinking = answer.locator('details');
  await expect(thinking).toHaveAttribute('open');
  await expect(thinking.getByText('Thinking…')).toBeVisible();
  await expect(thinking.getByText('A river has')).toBeVisible();
  voice.thinks('no memory.');
  await expect(thinking.getByText('A river has no memory.')).toBeVisible();
  voice.says('It keeps them ');
  await expectStatus(answer, 'streaming');
  const announced = answer.locator(':scope > [role="status"]');
  await expect(announced).toBeEmpty();
  await expect(thinking).not.toHaveAttribute('open');
  await expect(thinking.getByText(/^Thought for (a moment|\d+ s)$/)).toBeVisible();
  voice.says('by moving on.');
  voice.ends();
  await expectStatus(answer, 'completed');
  await expect(announced).toHaveText('The reply is finished.');
  await recorder.check(page, await idOf(answer));
});

test('a reply streams: thinking first, then text, then it is complete', async ({ page, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'How does a river keep its words?', 'demo/demo');
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(RIVERS);
  await expect(answer.getByText(/^Thought for \d+ s$/)).toBeVisible();
  await expect(answer.getByText('How a river keeps its words')).toHaveCount(1);

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

told('a second tab opened in the middle has what the first one has', async ({ page, context, provider, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'How does a river keep its words?');
  const voice = await provider.isAsked();
  voice.thinks('Of rivers.');
  const telling = voice.tells(RIVERS, 20);
  await grownTo(answer, 800);
  const tab = await secondTab(context, page);
  const id = await idOf(answer);
  const [first] = await recorder.states(tab, id);
  expect(first.status).toBe('streaming');
  expect(first.parts[1].shown.length).toBeGreaterThan(700);
  await telling.finish();
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

test('a message that becomes another one, as after a backup was restored, is shown as that', async ({ page }) => {
  let number: number | undefined;
  let epoch = [0, 0];
  let tell: (frame: string) => void = () => {};
  let replaced = false;
  await page.routeWebSocket(/\/live/, (socket) => {
    const server = socket.connectToServer();
    tell = (frame) => socket.send(frame);
    server.onMessage((frame) => {
      const { e } = JSON.parse(String(frame));
      if (e) [number, epoch] = e;
      if (!replaced) socket.send(frame);
    });
  });
  await createAccount(page);
  const answer = await say(page, 'How does a river keep its words?', 'demo/demo');
  await grownTo(answer, 1500);
  const [id, before] = [await idOf(answer), (await textOf(answer)).length];
  const text = Array.from({ length: 200 }, (_, at) => `NEW block ${at} of the message that was put in its place.\n`).join('\n');
  expect(text.length).toBeGreaterThan(before);
  replaced = true;
  const part = (kind: string, text: string) => ({ kind, started_at: 0, text });
  const message = {
    id, role: 'assistant', model: 'demo/demo', epoch: [epoch[0] + 1, 1], status: 'completed', ended_at: 1,
    parts: [part('text', text), part('thinking', 'Afterthought')],
  };
  tell(JSON.stringify({ e: [number, message.epoch, { snapshot: { message, reset: false } }] }));
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(text);
  await expect(answer.locator('[data-part="text"]')).toHaveText(/^NEW block 0 of.*NEW block 199 of the message that was put in its place\.$/s);
  await expect(answer.locator('[data-part]').last()).toHaveAttribute('data-part', 'thinking');
  await expect(answer.locator('[data-part]')).toHaveCount(2);
});
