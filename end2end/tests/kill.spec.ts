// What a person sees when the server is killed or stopped, and started again.

import { PROSE, RIVERS, ask, button, createAccount, expectStatus, idOf, newestReply, openSecondTab, textOf, waitForHydration, waitForLength } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('SIGKILL loses no word that any tab had shown, and Continue continues from there', async ({
  page, context, rivulet, recorder, consoleLog,
}) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  const id = await idOf(reply);
  const tab = await openSecondTab(context, page);
  await waitForLength(newestReply(tab), 1500);
  await rivulet.kill9();
  await expect(page.getByText('Connection lost.')).toBeVisible();
  await rivulet.restart();
  for (const one of [page, tab]) {
    await expectStatus(newestReply(one), 'interrupted');
    await expect(one.getByText('The server stopped before this reply was finished.')).toBeVisible();
    await expect(one.getByText('Connection lost.')).toBeHidden();
  }
  const kept = await textOf(reply);
  expect(kept.length).toBeGreaterThanOrEqual(1500);
  expect(await textOf(newestReply(tab))).toBe(kept);
  expect(PROSE.startsWith(kept)).toBe(true);
  await recorder.check(page, id, { prose: true });

  await button(newestReply(tab), 'Continue').click();
  await expectStatus(reply, 'completed');
  await expectStatus(newestReply(tab), 'completed');
  expect(await textOf(reply)).toBe(PROSE);
  expect(await textOf(newestReply(tab))).toBe(PROSE);
  await recorder.check(page, id, { prose: true });
});

test('a reply whose server is killed three times is complete in the end', async ({ page, rivulet, recorder, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  const reply = await ask(page, 'How does a river keep its words?', 'demo/demo');
  const id = await idOf(reply);
  for (const units of [100, 700, 1300]) {
    await waitForLength(reply, units);
    await rivulet.kill9();
    await rivulet.restart();
    await expectStatus(reply, 'interrupted');
    await button(reply, 'Continue').click();
    await waitForLength(reply, units + 50);
  }
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toBe(RIVERS);
  await recorder.check(page, id);
  await page.reload();
  await expectStatus(reply, 'completed');
  await recorder.check(page, id);
});

test('SIGKILL at full speed loses no word that was shown', async ({ page, rivulet, recorder, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  const reply = await ask(page, 'Read me the whole log.', 'quick/demo-long');
  await waitForLength(reply, 30_000);
  await rivulet.kill9();
  await rivulet.restart();
  await expectStatus(reply, 'interrupted');
  const id = await idOf(reply);
  await recorder.check(page, id, { prose: true });
  await button(reply, 'Continue').click();
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toMatch(/^Day 1\. /);
  await recorder.check(page, id, { prose: true });
});

test('a server that is stopped interrupts its replies, and pages show it', async ({ page, rivulet, recorder, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'slow/demo-prose');
  await waitForLength(reply, 100);
  await rivulet.stop();
  await expectStatus(reply, 'interrupted');
  await rivulet.start();
  await page.reload();
  await waitForHydration(page);
  await expectStatus(reply, 'interrupted');
  expect(PROSE.startsWith(await textOf(reply))).toBe(true);
  await recorder.check(page, await idOf(reply), { prose: true });
});
