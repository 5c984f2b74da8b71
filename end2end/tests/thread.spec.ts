// Scrolling in a conversation, and loading earlier messages.

import { type Locator, type Page } from '@playwright/test';
import { holdRequest, holdResponse } from '../support/network.ts';
import { ask, button, createAccount, expectStatus, newestReply, replies, sentMessages, sentTexts, waitForHydration, waitForLength } from '../support/person.ts';
import { longConversation } from '../support/history.ts';
import { expect, test } from '../support/test.ts';

test('a long conversation opens at its end, and loads earlier messages without moving what is shown', async ({ page }) => {
  await createAccount(page);
  await page.goto(await longConversation(page, 35));
  await waitForHydration(page);
  await expect(sentTexts(page).last()).toHaveText('Question 35');
  await expect(newestReply(page)).toBeInViewport();
  await expect(page.getByRole('article')).toHaveCount(30);

  for (const count of [60, 70]) {
    const load = await holdRequest(page, 'messages');
    await scrollUp(page);
    await load.requested;
    const first = sentMessages(page).first();
    const message = page.locator(`[data-message-id="${await first.getAttribute('data-message-id')}"]`);
    await expect(message).toBeInViewport();
    const before = await top(message);
    await load.release();
    await expect(page.getByRole('article')).toHaveCount(count);
    expect(Math.abs((await top(message)) - before)).toBeLessThanOrEqual(1);
  }
  await scrollUp(page);
  await expect(sentTexts(page).first()).toHaveText('Question 1');
  const questions = await sentTexts(page).allTextContents();
  expect(questions.map((text) => text.trim())).toEqual(Array.from({ length: 35 }, (_, at) => `Question ${at + 1}`));

  await button(page, 'Jump to latest').click();
  await expect(newestReply(page)).toBeInViewport();
  await expect(button(page, 'Jump to latest')).toBeHidden();
});

test.describe('in a very tall window', () => {
  test.use({ viewport: { width: 1280, height: 9000 } });

  test('earlier messages are loaded until they fill it', async ({ page }) => {
    await createAccount(page);
    await page.goto(await longConversation(page, 35));
    await expect(page.getByRole('article')).toHaveCount(70);
    await expect(sentTexts(page).first()).toHaveText('Question 1');
  });
});

test('a reply that is added among messages that are being loaded leaves no gap and moves nobody', async ({ page }) => {
  await createAccount(page);
  const address = await longConversation(page, 35);
  await waitForHydration(page);
  const live = page.waitForEvent('websocket', (socket) => socket.url().includes('/live'));
  await page.goto(address);
  await waitForHydration(page);
  await expect(page.getByRole('article')).toHaveCount(30);
  const load = await holdResponse(page, 'messages');
  await scrollUp(page);
  await load.requested;
  const first = await page.getByRole('article').first().getAttribute('data-message-id');
  const earlier = await page.request.post('/api/2/messages', { data: { id: address.slice('/c/'.length), window: { before: first } } });
  const { id } = (await earlier.json()).messages[3];
  const listUpdate = (await live).waitForEvent('framereceived', ({ payload }) => String(payload).startsWith('{"messages"'));
  const retried = await page.request.post('/api/2/retry', { data: { id, model: 'quick/demo-fails' } });
  expect(retried.ok()).toBe(true);
  await listUpdate;
  await load.release();
  await expect(page.getByRole('article')).toHaveCount(60);
  await scrollUp(page);
  await expect(page.getByRole('article')).toHaveCount(70);
  const questions = (await sentTexts(page).allTextContents()).map((text) => text.trim());
  expect(questions).toEqual(Array.from({ length: 35 }, (_, at) => `Question ${at + 1}`));
  await expect(replies(page).nth(6)).toHaveAttribute('data-message-id', id);
  await expect(replies(page).nth(6).getByText('1/2')).toBeVisible();
});

test('a growing reply moves nothing for a person who has scrolled up', async ({ page }) => {
  await createAccount(page);
  await page.goto(await longConversation(page, 5));
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  await waitForLength(reply, 500);
  await expect(page.getByRole('button', { name: 'Jump to latest' })).toBeHidden();
  await scrollUp(page);
  await expect(button(page, 'Jump to latest')).toBeVisible();
  const message = sentMessages(page).nth(1);
  await expect(message).toBeInViewport();
  const before = await top(message);
  for (const units of [1500, 3000]) {
    await waitForLength(reply, units);
    expect(Math.abs((await top(message)) - before)).toBeLessThanOrEqual(1);
  }
  await expectStatus(reply, 'completed');
  expect(Math.abs((await top(message)) - before)).toBeLessThanOrEqual(1);
  await button(page, 'Jump to latest').click();
  await expect(button(reply, 'Copy')).toBeInViewport();
});

test('a page at its end stays there while the reply grows', async ({ page }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  for (const units of [2000, 4000]) {
    await waitForLength(reply, units);
    await expect(reply.locator('[data-part="text"] > p').last()).toBeInViewport();
    await expect(page.getByRole('button', { name: 'Jump to latest' })).toBeHidden();
  }
  await expectStatus(reply, 'completed');
  await expect(button(reply, 'Copy')).toBeInViewport();
});

/** Scrolls to the first of the loaded messages, at once. */
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
