// Stop, Retry and Continue.

import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { ask, button, composer, createAccount, expectStatus, idOf, link, modelMenu, newestReply, openSecondTab, PROSE, replies, sentTexts, textOf, waitForHydration, waitForLength } from '../support/person.ts';
import { longConversation } from '../support/history.ts';
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

test('Retry adds a reply beside the old one; each tab pages by itself', async ({ page, context, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  const first = await idOf(reply);
  const tab = await openSecondTab(context, page);
  const plain = page.url();
  await waitForHydration(tab);
  await waitForLength(newestReply(tab), 300);
  await button(page, 'Stop').click();
  await expectStatus(newestReply(tab), 'stopped');
  const kept = await textOf(reply);

  // The person's other tab stands at the same end, so it goes along.
  await button(newestReply(tab), 'Retry').click();
  for (const one of [page, tab]) {
    await expect(newestReply(one)).not.toHaveAttribute('data-message-id', first);
    await expect(replies(one)).toHaveCount(1);
    await expectStatus(newestReply(one), 'completed');
    await expect(newestReply(one).getByText('2/2')).toBeVisible();
    expect(await textOf(newestReply(one))).toBe(PROSE);
  }
  const second = await idOf(reply);

  await button(newestReply(page), 'Previous version').click();
  await expect(newestReply(page)).toHaveAttribute('data-message-id', first);
  await expectStatus(newestReply(page), 'stopped');
  await expect(newestReply(page).getByText('1/2')).toBeVisible();
  expect(await textOf(newestReply(page))).toBe(kept);
  await expect(page).toHaveURL(`${plain}?m=${first}`);
  await expect(newestReply(tab)).toHaveAttribute('data-message-id', second);
  await recorder.check(page, first, { prose: true });
  await page.reload();
  await expect(newestReply(page)).toHaveAttribute('data-message-id', first);
  await waitForHydration(page);

  await button(newestReply(page), 'Next version').click();
  await expect(reply).toHaveAttribute('data-message-id', second);
  await expect(page).toHaveURL(plain);
  expect(await textOf(reply)).toBe(PROSE);
  await recorder.check(page, second, { prose: true });
});

test("the conversation's own link opens what its plain address does", async ({ page }) => {
  await createAccount(page);
  const reply = await ask(page, 'First', 'quick/demo-fails');
  await expectStatus(reply, 'failed');
  const [plain, earlier] = [page.url(), await idOf(reply)];
  await button(reply, 'Retry').click();
  await expect(reply.getByText('2/2')).toBeVisible();
  await expectStatus(reply, 'failed');
  const newest = await idOf(reply);
  const own = page.getByRole('navigation', { name: 'Conversations' }).locator('[aria-current="page"]');

  const goEarlier = async () => {
    await button(reply, 'Previous version').click();
    await expect(page).toHaveURL(`${plain}?m=${earlier}`);
    await expect(reply).toHaveAttribute('data-message-id', earlier);
  };
  const followOwn = async () => {
    await own.click();
    await expect(reply).toHaveAttribute('data-message-id', newest);
    await expect(page).toHaveURL(plain);
  };
  await goEarlier();
  await followOwn();
  await page.goto(`${plain}?m=${earlier}`);
  await waitForHydration(page);
  await expect(reply).toHaveAttribute('data-message-id', earlier);
  await followOwn();
  await goEarlier();
  await followOwn();
});

test('the skip link leaves a page whose address has changed meanwhile as it is', async ({ page }) => {
  await createAccount(page);
  const reply = await ask(page, 'First', 'quick/demo-fails');
  await expectStatus(reply, 'failed');
  const earlier = await idOf(reply);
  await button(reply, 'Retry').click();
  await expect(reply.getByText('2/2')).toBeVisible();
  await expectStatus(reply, 'failed');
  await button(reply, 'Previous version').click();
  const address = new RegExp(`[?]m=${earlier}$`);
  await expect(page).toHaveURL(address);
  const scroller = await page.locator('.scroller').elementHandle();
  await link(page, 'Skip to the conversation').press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await expect(page).toHaveURL(address);
  // A page that opened around the message would have another, and would highlight the message.
  expect(await scroller!.evaluate((element) => element.isConnected)).toBe(true);
  await expect(reply).not.toHaveClass(/linked/);
});

test('the branch below follows its sibling, and Retry in the middle begins one there', async ({ page, context }) => {
  await createAccount(page);
  for (const question of ['First', 'Second']) await expectStatus(await ask(page, question, 'quick/demo-fails'), 'failed');
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await button(replies(page).first(), 'Retry').click();
  await expect(page.getByRole('article')).toHaveCount(2);
  await expect(replies(page).first().getByText('2/2')).toBeVisible();
  await expectStatus(newestReply(page), 'failed');
  await expect(replies(tab).first().getByText('1/2')).toBeVisible();
  await expect(tab.getByRole('article')).toHaveCount(4);
  await expectStatus(await ask(page, 'Elsewhere', 'quick/demo-fails'), 'failed');
  await expect(sentTexts(page)).toHaveText(['First', 'Elsewhere']);
  await expect(sentTexts(tab)).toHaveText(['First', 'Second']);
  await button(replies(page).first(), 'Previous version').click();
  await expect(sentTexts(page)).toHaveText(['First', 'Second']);
  await button(replies(page).first(), 'Next version').click();
  await expect(sentTexts(page)).toHaveText(['First', 'Elsewhere']);
});

test('a tab that is not at its end stays where it is when its person retries elsewhere', async ({ page, context }) => {
  await createAccount(page);
  await page.goto(await longConversation(page, 10));
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  const last = await idOf(newestReply(tab));
  await tab.locator('.scroller').evaluate((scroller) => scroller.scrollBy(0, -600));
  await expect(button(tab, 'Jump to latest')).toBeVisible();
  await waitForHydration(page);
  await button(newestReply(page), 'Retry').click();
  await expect(newestReply(page)).not.toHaveAttribute('data-message-id', last);
  await expect(newestReply(tab).getByText('1/2')).toBeAttached();
  await expect(newestReply(tab)).toHaveAttribute('data-message-id', last);
});

test('an address that names a message opens around it, and reads on in both directions', async ({ page }) => {
  await createAccount(page);
  const address = await longConversation(page, 60);
  const middle = await middleOf(page, address);
  await page.goto(`${address}?m=${middle}`);
  await waitForHydration(page);
  await expect(page.locator(`[data-message-id="${middle}"]`)).toBeInViewport();
  await expect(page).toHaveURL(`${address}?m=${middle}`);
  await button(page, 'Jump to latest').click();
  await expect(sentTexts(page).last()).toHaveText('Question 60');
  await expect(newestReply(page)).toBeInViewport();
  await page.goto(`${address}?m=${middle}`);
  await waitForHydration(page);
  const scroller = page.locator('.scroller');
  await expect
    .poll(async () => {
      await scroller.evaluate((element) => element.scrollBy(0, 2_000));
      return page.getByRole('article').last().getAttribute('data-message-id');
    })
    .toBe(await lastId(page, address));
  await expect(scroller).not.toHaveClass(/settling/);
  await scroller.evaluate((element) => element.scrollTo(0, 0));
  await expect(button(page, 'Jump to latest')).toBeHidden();
});

test('what is sent from the middle of a conversation is shown at its end', async ({ page }) => {
  await createAccount(page);
  const address = await longConversation(page, 60);
  await page.goto(`${address}?m=${await middleOf(page, address)}`);
  await waitForHydration(page);
  await expect(sentTexts(page).filter({ hasText: /^Question 60$/ })).toBeHidden();
  await composer(page).fill('And then?');
  await composer(page).press('Enter');
  await expect(sentTexts(page).last()).toHaveText('And then?');
  await expect(sentTexts(page).filter({ hasText: /^Question 60$/ })).toBeVisible();
  await expectStatus(newestReply(page), 'failed');
  await page.reload();
  await expect(sentTexts(page).last()).toHaveText('And then?');
});

/** A message two pages above the end. */
async function middleOf(page: Page, address: string): Promise<string> {
  await page.goto(address);
  const first = await page.getByRole('article').first().getAttribute('data-message-id');
  const data = { id: address.slice('/c/'.length), window: { before: first } };
  const { messages } = await (await page.request.post('/api/2/messages', { data })).json();
  return messages[0].id;
}

/** The newest message of a conversation. */
async function lastId(page: Page, address: string): Promise<string> {
  const data = { id: address.slice('/c/'.length), window: 'newest' };
  return (await (await page.request.post('/api/2/messages', { data })).json()).leaf;
}

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
  await modelMenu(page).selectOption('quick/demo-prose');
  await button(reply, 'Retry').click();
  await expect(reply).not.toHaveAttribute('data-message-id', id);
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toBe(PROSE);
  await button(reply, 'Previous version').click();
  await expect(reply).toHaveAttribute('data-message-id', id);
  const request = page.waitForRequest('**/api/*/continue');
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
