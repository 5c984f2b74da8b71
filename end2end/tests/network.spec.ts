import { PROSE, createAccount, expectStatus, grownTo, idOf, reply, say, secondTab, serverGrownTo, textOf } from '../support/person.ts';
import { expect, test, told } from '../support/test.ts';

const LOST = /^Connection lost\. Replies go on; this page catches up by itself\./

told('a network that goes and comes back in the middle costs nothing', async ({ page, context, provider, rivulet, recorder, silence }) => {
  silence.allowLostNetwork(rivulet.url);
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.');
  const telling = (await provider.isAsked()).tells(PROSE, 20);
  const id = await idOf(answer);
  const tab = await secondTab(context, page);
  for (const units of [300, 2500]) {
    await grownTo(answer, units);
    await grownTo(reply(tab), units);
    await context.setOffline(true);
    await expect(page.getByText(LOST)).toBeVisible();
    const length = await grownTo(answer, units);
    await serverGrownTo(context, page, length + 500);
    expect(await grownTo(answer, units)).toBe(length);
    await context.setOffline(false);
    await grownTo(answer, length + 500);
    await expect(page.getByText(LOST)).toBeHidden();
  }
  await telling.finish();
  await expectStatus(answer, 'completed');
  await expectStatus(reply(tab), 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  expect(await textOf(reply(tab))).toBe(PROSE);
  await recorder.check(page, id, { prose: true });
});

test('a reply that ends while the network is gone is there when it is back', async ({ page, context, rivulet, recorder, silence }) => {
  silence.allowLostNetwork(rivulet.url);
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  await grownTo(answer, 300);
  await context.setOffline(true);
  await expect(page.getByText(LOST)).toBeVisible();
  await serverGrownTo(context, page, PROSE.trimEnd().length);
  await expectStatus(answer, 'streaming');
  await context.setOffline(false);
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  await recorder.check(page, await idOf(answer), { prose: true });
});

test('a server that hangs is missed, and its words come when it is back', async ({ page, rivulet, recorder, silence }) => {
  silence.allowLostNetwork(rivulet.url);
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  await grownTo(answer, 300);
  rivulet.freeze();
  await expect(page.getByText(LOST)).toBeVisible();
  rivulet.thaw();
  await expect(page.getByText(LOST)).toBeHidden();
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  await recorder.check(page, await idOf(answer), { prose: true });
});

test('frames that get lost, doubled or swapped on the way leave no trace', async ({ page, recorder }) => {
  const meddled = { lost: 0, doubled: 0, swapped: 0 };
  await page.routeWebSocket(/\/live/, (socket) => {
    const server = socket.connectToServer();
    let held: string | undefined;
    let count = 0;
    server.onMessage((frame) => {
      const text = String(frame);
      if (!text.startsWith('{"e"')) return socket.send(text);
      count += 1;
      if (held !== undefined) {
        socket.send(text);
        socket.send(held);
        held = undefined;
        meddled.swapped += 1;
      } else if (count % 11 === 0) {
        meddled.lost += 1;
      } else if (count % 7 === 0) {
        socket.send(text);
        socket.send(text);
        meddled.doubled += 1;
      } else if (count % 5 === 0) {
        held = text;
      } else {
        socket.send(text);
      }
    });
  });
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  await expectStatus(answer, 'completed');
  expect(Math.min(...Object.values(meddled))).toBeGreaterThan(3);
  expect(await textOf(answer)).toBe(PROSE);
  await recorder.check(page, await idOf(answer), { prose: true });
});
