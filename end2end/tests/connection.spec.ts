// How soon a page notices that its connection is dead, and that the server is back.

import { interruptibleConnections } from '../support/network.ts';
import { PROSE, ask, createAccount, expectStatus, idOf, openSecondTab, textOf, waitForLength } from '../support/person.ts';
import { expect, scripted, test } from '../support/test.ts';

const LOST = /^Connection lost/;

scripted('a dead connection is noticed though the clock was set back an hour', async ({ page, provider, recorder }) => {
  await page.addInitScript(() => {
    const now = Date.now.bind(Date);
    let offset = 0;
    Date.now = () => now() - offset;
    Object.assign(window, { setClockBack: (millis: number) => (offset = millis) });
  });
  const connections = await interruptibleConnections(page);
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.');
  const writing = (await provider.nextRequest()).writesWords(PROSE, 20);
  const length = await waitForLength(reply, 300);
  await page.evaluate(() => (window as unknown as { setClockBack: (millis: number) => void }).setClockBack(3_600_000));
  connections.loseEverything();
  await waitForLength(reply, length + 500);
  expect(connections.count(), 'it has connected again').toBeGreaterThan(1);
  await writing.finish();
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toBe(PROSE);
  await recorder.check(page, await idOf(reply), { prose: true });
});

test('a page that becomes visible notices a dead connection at once', async ({ page, context }) => {
  const connections = await interruptibleConnections(page);
  await createAccount(page);
  await expect.poll(connections.count).toBe(1);
  const other = await openSecondTab(context, page);
  await ask(other, 'A question from elsewhere', 'demo/demo-prose');
  await expect(page.getByRole('link', { name: 'A question from elsewhere' })).toBeVisible();
  connections.loseEverything();
  await other.getByRole('link', { name: 'New chat' }).or(other.getByRole('button', { name: 'New chat' })).click();
  await ask(other, 'Another one', 'demo/demo-prose');
  const missed = page.getByRole('link', { name: 'Another one' });
  await expect(missed).toBeHidden();
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
  // Two seconds without a response, and some to connect and render. A page that stays hidden notices it after 40 s.
  await expect(missed).toBeVisible({ timeout: 8_000 });
});

test('a server that was down for long is reached within three seconds once it is back', async ({ page, rivulet, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  let attempts = 0;
  page.on('websocket', () => (attempts += 1));
  await createAccount(page);
  await expect.poll(() => attempts).toBeGreaterThan(0);
  await rivulet.kill9();
  await expect(page.getByText(LOST)).toBeVisible();
  // By now the pauses are as long as they get.
  await expect.poll(() => attempts, { timeout: 40_000 }).toBeGreaterThan(9);
  await rivulet.start();
  const start = Date.now();
  await expect(page.getByText(LOST)).toBeHidden();
  expect(Date.now() - start).toBeLessThan(3_000);
});

test('a pressed key makes the page connect at once', async ({ page, rivulet, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  let attempts = 0;
  page.on('websocket', () => (attempts += 1));
  await createAccount(page);
  await expect.poll(() => attempts).toBeGreaterThan(0);
  // The random pauses are as long as possible, so that only the key can be what makes it connect in time.
  await page.evaluate(() => (Math.random = () => 0.999));
  await rivulet.kill9();
  await expect.poll(() => attempts, { timeout: 40_000 }).toBeGreaterThan(6);
  const before = attempts;
  const start = Date.now();
  while (attempts < before + 3) {
    await page.keyboard.press('Shift');
    expect(Date.now() - start, 'a key makes it connect').toBeLessThan(10_000);
  }
  const taken = Date.now() - start;
  expect(taken, 'three attempts, without waiting for the pauses').toBeLessThan(4_500);
  expect(taken, 'but at most one a second').toBeGreaterThan(1_900);
  await rivulet.start();
});
