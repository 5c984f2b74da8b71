import { type Locator, type Page } from '@playwright/test';
import { button, createAccount, expectStatus, grownTo, holdAnswer, ready, replies, reply, said, say } from '../support/person.ts';
import { longConversation } from '../support/history.ts';
import { expect, test } from '../support/test.ts';

test('a long conversation opens at its end, and loads what is earlier without a jump', async ({ page }) => {
  await createAccount(page);
  await page.goto(await longConversation(page, 35));
  await ready(page);
  await expect(said(page).last()).toHaveText('Question 35');
  await expect(reply(page)).toBeInViewport();
  await expect(page.getByRole('article')).toHaveCount(30);

  for (const count of [60, 70]) {
    // The answer waits until it is known where things stand.
    let answer = () => {};
    const measured = new Promise<void>((resolve) => (answer = resolve));
    await page.route('**/api/messages', async (route) => {
      await measured;
      await route.continue();
    }, { times: 1 });
    const asked = page.waitForRequest('**/api/messages');
    await scrollUp(page);
    await asked;
    const first = said(page).first();
    const message = page.locator(`[data-message-id="${await first.getAttribute('data-message-id')}"]`);
    await expect(message).toBeInViewport();
    const before = await top(message);
    answer();
    await expect(page.getByRole('article')).toHaveCount(count);
    expect(Math.abs((await top(message)) - before)).toBeLessThanOrEqual(1);
  }
  await scrollUp(page);
  await expect(said(page).first()).toHaveText('Question 1');
  const questions = await said(page).allTextContents();
  expect(questions.map((text) => text.trim())).toEqual(Array.from({ length: 35 }, (_, at) => `Question ${at + 1}`));

  await button(page, 'Jump to latest').click();
  await expect(reply(page)).toBeInViewport();
  await expect(button(page, 'Jump to latest')).toBeHidden();
});

test.describe('in a very tall window', () => {
  test.use({ viewport: { width: 1280, height: 9000 } });

  test('messages that do not fill it are followed by earlier ones until they do', async ({ page }) => {
    await createAccount(page);
    await page.goto(await longConversation(page, 35));
    await expect(page.getByRole('article')).toHaveCount(70);
    await expect(said(page).first()).toHaveText('Question 1');
  });
});

test('another attempt that is made in what is just being loaded leaves no hole', async ({ page }) => {
  await createAccount(page);
  const address = await longConversation(page, 35);
  await ready(page);
  const live = page.waitForEvent('websocket', (socket) => socket.url().includes('/live'));
  await page.goto(address);
  await ready(page);
  await expect(page.getByRole('article')).toHaveCount(30);
  const load = await holdAnswer(page, 'messages');
  await scrollUp(page);
  await load.asked;
  const earliest = await page.request.post('/api/messages', { data: { id: address.slice('/c/'.length), before: 15 } });
  const { id } = (await earliest.json()).messages.at(-1);
  const told = (await live).waitForEvent('framereceived', ({ payload }) => String(payload).startsWith('{"messages"'));
  const retried = await page.request.post('/api/retry', { data: { id, model: 'quick/demo-fails' } });
  expect(retried.ok()).toBe(true);
  await told;
  await load.release();
  await expect(page.getByRole('article')).toHaveCount(60);
  await scrollUp(page);
  await expect(page.getByRole('article')).toHaveCount(70);
  const questions = (await said(page).allTextContents()).map((text) => text.trim());
  expect(questions).toEqual(Array.from({ length: 35 }, (_, at) => `Question ${at + 1}`));
  await expect(replies(page).nth(6)).not.toHaveAttribute('data-message-id', id);
  await expect(replies(page).nth(6).getByText('2/2')).toBeVisible();
});

test('who has scrolled up is not moved by what comes', async ({ page }) => {
  await createAccount(page);
  await page.goto(await longConversation(page, 5));
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  await grownTo(answer, 500);
  await expect(page.getByRole('button', { name: 'Jump to latest' })).toBeHidden();
  await scrollUp(page);
  await expect(button(page, 'Jump to latest')).toBeVisible();
  const message = said(page).nth(1);
  await expect(message).toBeInViewport();
  const before = await top(message);
  for (const units of [1500, 3000]) {
    await grownTo(answer, units);
    expect(Math.abs((await top(message)) - before)).toBeLessThanOrEqual(1);
  }
  await expectStatus(answer, 'completed');
  expect(Math.abs((await top(message)) - before)).toBeLessThanOrEqual(1);
  await button(page, 'Jump to latest').click();
  await expect(button(answer, 'Copy')).toBeInViewport();
});

test('who is at the end stays there while the reply grows', async ({ page }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  for (const units of [2000, 4000]) {
    await grownTo(answer, units);
    await expect(answer.locator('[data-part="text"] > p').last()).toBeInViewport();
    await expect(page.getByRole('button', { name: 'Jump to latest' })).toBeHidden();
  }
  await expectStatus(answer, 'completed');
  await expect(button(answer, 'Copy')).toBeInViewport();
});

/** To the beginning of what is loaded, at once. */
async function scrollUp(page: Page): Promise<void> {
  await page.getByRole('article').first().evaluate((article) => {
    let scroller = article.parentElement!;
    while (scroller.scrollHeight <= scroller.clientHeight) scroller = scroller.parentElement!;
    scroller.scrollBy({ top: -1e6, behavior: 'instant' });
  });
}

async function top(message: Locator): Promise<number> {
  return (await message.boundingBox())!.y;
}
