import type { Page } from '@playwright/test';
import { PROSE, createAccount, expectStatus, grownTo, idOf, say, secondTab, textOf } from '../support/person.ts';
import { expect, test, told } from '../support/test.ts';

const LOST = /^Connection lost/;

/** The page's connections, each of which can be made to swallow everything, with nobody being told. */
async function swallowable(page: Page): Promise<{ swallow: () => void; opened: () => number }> {
  const open: { swallows: boolean }[] = [];
  await page.routeWebSocket(/\/live/, (socket) => {
    const line = { swallows: false };
    open.push(line);
    const server = socket.connectToServer();
    socket.onMessage((frame) => line.swallows || server.send(frame));
    server.onMessage((frame) => line.swallows || socket.send(frame));
  });
  return { swallow: () => open.forEach((line) => (line.swallows = true)), opened: () => open.length };
}

told('a dead connection is missed though the clock was set back an hour', async ({ page, provider, recorder }) => {
  await page.addInitScript(() => {
    const now = Date.now.bind(Date);
    let back = 0;
    Date.now = () => now() - back;
    Object.assign(window, { setClockBack: (millis: number) => (back = millis) });
  });
  const line = await swallowable(page);
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.');
  const telling = (await provider.isAsked()).tells(PROSE, 20);
  const seen = await grownTo(answer, 300);
  await page.evaluate(() => (window as unknown as { setClockBack: (millis: number) => void }).setClockBack(3_600_000));
  line.swallow();
  await grownTo(answer, seen + 500);
  expect(line.opened(), 'it connected again').toBeGreaterThan(1);
  await telling.finish();
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  await recorder.check(page, await idOf(answer), { prose: true });
});

test('a page that is looked at again is up to date in a moment', async ({ page, context }) => {
  const line = await swallowable(page);
  await createAccount(page);
  await expect.poll(line.opened).toBe(1);
  const other = await secondTab(context, page);
  await say(other, 'A question from elsewhere', 'demo/demo-prose');
  await expect(page.getByRole('link', { name: 'A question from elsewhere' })).toBeVisible();
  line.swallow();
  await other.getByRole('link', { name: 'New chat' }).or(other.getByRole('button', { name: 'New chat' })).click();
  await say(other, 'Another one', 'demo/demo-prose');
  const missed = page.getByRole('link', { name: 'Another one' });
  await expect(missed).toBeHidden();
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
  // Two seconds for an answer, and some to connect and draw. Nobody else would miss an idle connection for 40 s.
  await expect(missed).toBeVisible({ timeout: 8_000 });
});

test('a server that is back after a while is noticed within two seconds', async ({ page, rivulet, silence }) => {
  silence.allowLostNetwork(rivulet.url);
  let tries = 0;
  page.on('websocket', () => (tries += 1));
  await createAccount(page);
  await expect.poll(() => tries).toBeGreaterThan(0);
  await rivulet.kill9();
  await expect(page.getByText(LOST)).toBeVisible();
  // As many as would have made the pauses as long as they get.
  await expect.poll(() => tries, { timeout: 40_000 }).toBeGreaterThan(9);
  await rivulet.start();
  const begun = Date.now();
  await expect(page.getByText(LOST)).toBeHidden();
  expect(Date.now() - begun).toBeLessThan(3_000);
});

test('a key brings the next try about', async ({ page, rivulet, silence }) => {
  silence.allowLostNetwork(rivulet.url);
  let tries = 0;
  page.on('websocket', () => (tries += 1));
  await createAccount(page);
  await expect.poll(() => tries).toBeGreaterThan(0);
  // The longest pauses are drawn, so that only the key can bring it about in time.
  await page.evaluate(() => (Math.random = () => 0.999));
  await rivulet.kill9();
  await expect.poll(() => tries, { timeout: 40_000 }).toBeGreaterThan(6);
  const before = tries;
  const begun = Date.now();
  while (tries < before + 3) {
    await page.keyboard.press('Shift');
    expect(Date.now() - begun, 'a key brings it about').toBeLessThan(10_000);
  }
  const taken = Date.now() - begun;
  expect(taken, 'three tries at the pace of the keys, not of the pauses').toBeLessThan(4_500);
  expect(taken, 'and not more than one a second').toBeGreaterThan(1_900);
  await rivulet.start();
});
