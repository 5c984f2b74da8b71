// Networks that are lost, servers that hang, and frames that are lost, repeated or reordered.

import { PROSE, ask, createAccount, expectStatus, idOf, newestReply, openSecondTab, textOf, waitForLength, waitForServerLength } from '../support/person.ts';
import { expect, scripted, test } from '../support/test.ts';

const LOST = /^Connection lost\. Replies go on; this page catches up by itself\./

scripted('a network that is lost and comes back twice in a reply loses no word of it', async ({ page, context, provider, rivulet, recorder, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.');
  const writing = (await provider.nextRequest()).writesWords(PROSE, 20);
  const id = await idOf(reply);
  const tab = await openSecondTab(context, page);
  for (const units of [300, 2500]) {
    await waitForLength(reply, units);
    await waitForLength(newestReply(tab), units);
    await context.setOffline(true);
    await expect(page.getByText(LOST)).toBeVisible();
    const length = await waitForLength(reply, units);
    await waitForServerLength(context, page, length + 500);
    expect(await waitForLength(reply, units)).toBe(length);
    await context.setOffline(false);
    await waitForLength(reply, length + 500);
    await expect(page.getByText(LOST)).toBeHidden();
  }
  await writing.finish();
  await expectStatus(reply, 'completed');
  await expectStatus(newestReply(tab), 'completed');
  expect(await textOf(reply)).toBe(PROSE);
  expect(await textOf(newestReply(tab))).toBe(PROSE);
  await recorder.check(page, id, { prose: true });
});

test('a reply that ends while the network is lost is complete once it is back', async ({ page, context, rivulet, recorder, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  await waitForLength(reply, 300);
  await context.setOffline(true);
  await expect(page.getByText(LOST)).toBeVisible();
  await waitForServerLength(context, page, PROSE.trimEnd().length);
  await expectStatus(reply, 'streaming');
  await context.setOffline(false);
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toBe(PROSE);
  await recorder.check(page, await idOf(reply), { prose: true });
});

test('a server that hangs is noticed, and no word is lost once it responds again', async ({ page, rivulet, recorder, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  await waitForLength(reply, 300);
  rivulet.freeze();
  await expect(page.getByText(LOST)).toBeVisible();
  rivulet.thaw();
  await expect(page.getByText(LOST)).toBeHidden();
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toBe(PROSE);
  await recorder.check(page, await idOf(reply), { prose: true });
});

test('frames that are lost, repeated or reordered change nothing in the end', async ({ page, recorder }) => {
  const faults = { lost: 0, repeated: 0, reordered: 0 };
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
        faults.reordered += 1;
      } else if (count % 11 === 0) {
        faults.lost += 1;
      } else if (count % 7 === 0) {
        socket.send(text);
        socket.send(text);
        faults.repeated += 1;
      } else if (count % 5 === 0) {
        held = text;
      } else {
        socket.send(text);
      }
    });
  });
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  await expectStatus(reply, 'completed');
  expect(Math.min(...Object.values(faults))).toBeGreaterThan(3);
  expect(await textOf(reply)).toBe(PROSE);
  await recorder.check(page, await idOf(reply), { prose: true });
});
