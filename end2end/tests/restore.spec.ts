// What open pages show when an earlier copy of the database was restored.

import type { Locator, Page } from '@playwright/test';
import { longConversation } from '../support/history.ts';
import { ask, button, composer, createAccount, expectStatus, idOf, newestReply, openSecondTab, replies, sentMessages, sentTexts, waitForHydration } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('after a backup was restored open pages show what is there, and what is sent from then on', async ({
  page, context, rivulet, consoleLog,
}) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-prose'), 'completed');
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await rivulet.backUp();

  await expectStatus(await ask(page, 'Lost', 'quick/demo-prose'), 'completed');
  const other = await context.newPage();
  await other.goto('/');
  await expectStatus(await ask(other, 'Elsewhere', 'quick/demo-prose'), 'completed');
  const conversations = page.getByRole('navigation', { name: 'Conversations' }).getByRole('listitem');
  await expect(conversations).toHaveCount(2);
  await expect(sentMessages(tab)).toHaveCount(2);
  await composer(tab).fill('half a thought');

  await rivulet.restoreBackup();
  await expect(conversations).toHaveCount(1);
  for (const one of [page, tab]) {
    await expect(sentMessages(one)).toContainText(['First']);
    await expect(replies(one)).toHaveCount(1);
  }
  // What was sent from here and is not there any more is the person's own again.
  await expect(composer(page)).toHaveValue('Lost');
  await expect(composer(tab)).toHaveValue('half a thought');

  await composer(page).press('Enter');
  for (const one of [page, tab]) {
    await expect(sentMessages(one)).toContainText(['First', 'Lost']);
    await expectStatus(newestReply(one), 'completed');
    await expect(replies(one)).toHaveCount(2);
  }
  await page.reload();
  await expect(sentMessages(page)).toContainText(['First', 'Lost']);
});

test('a reader far up in a conversation stays there when the page has to load it anew', async ({ page, rivulet, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await page.goto(await longConversation(page, 60));
  await waitForHydration(page);
  const last = await idOf(newestReply(page));
  await rivulet.backUp();
  await expectStatus(await ask(page, 'Lost', 'quick/demo-fails'), 'failed');
  const { question, top } = await readsFarUp(page);

  await rivulet.restoreBackup();
  await expect(sentMessages(page).filter({ hasText: 'Lost' })).toHaveCount(0);
  await expect.poll(async () => Math.abs((await question.boundingBox())!.y - top)).toBeLessThan(2);
  // From there on one reads to the end.
  await expect.poll(() => idAfterScrolling(page, 2_000)).toBe(last);
});

test('and stays on their branch, though another one is newer', async ({ page, context, rivulet, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await page.goto(await longConversation(page, 60));
  await waitForHydration(page);
  const earlier = await idOf(newestReply(page));
  await button(newestReply(page), 'Retry').click();
  await expect(newestReply(page).getByText('2/2')).toBeVisible();
  await expectStatus(newestReply(page), 'failed');
  const tab = await openSecondTab(context, page);
  await button(newestReply(page), 'Previous version').click();
  await expect(newestReply(page)).toHaveAttribute('data-message-id', earlier);
  const address = page.url();
  await rivulet.backUp();
  await expectStatus(await ask(tab, 'Lost', 'quick/demo-fails'), 'failed');
  const { question, top } = await readsFarUp(page);

  const loaded = page.waitForResponse((response) => /after/.test(response.request().postData() ?? ''));
  await rivulet.restoreBackup();
  await loaded;
  await expect(sentTexts(page).filter({ hasText: /^Question 60$/ })).toHaveCount(0);
  await expect.poll(async () => Math.abs((await question.boundingBox())!.y - top)).toBeLessThan(2);
  await expect(page).toHaveURL(address);
  await expect.poll(() => idAfterScrolling(page, 2_000)).toBe(earlier);
});

/** Scrolls to the question 20 of many. Returns it, and where it stands in the window. */
async function readsFarUp(page: Page): Promise<{ question: Locator; top: number }> {
  const question = sentMessages(page).filter({ has: page.locator('[data-part="text"]', { hasText: /^Question 20$/ }) });
  await expect
    .poll(async () => {
      await idAfterScrolling(page, -100_000);
      return question.count();
    })
    .toBe(1);
  await expect(page.locator('.scroller')).not.toHaveClass(/settling/);
  await question.evaluate((article) => article.scrollIntoView());
  return { question, top: (await question.boundingBox())!.y };
}

/** Scrolls by so many pixels, and returns the last message that is on the page. */
async function idAfterScrolling(page: Page, pixels: number): Promise<string> {
  await page.locator('.scroller').evaluate((scroller, by) => scroller.scrollBy(0, by), pixels);
  return idOf(page.getByRole('article').last());
}

test('a conversation that an earlier copy does not have is said to be gone, in words that are true', async ({ page, rivulet, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  consoleLog.allowStatus(404, 'Not Found');
  await createAccount(page);
  await rivulet.backUp();
  await expectStatus(await ask(page, 'Lost', 'quick/demo-fails'), 'failed');
  await rivulet.restoreBackup();
  const notice = page.getByRole('alert').filter({ hasText: 'no longer available to you' });
  await expect(notice).toBeVisible();
  await expect(notice).not.toContainText('another tab');
  await expect(sentTexts(page)).toHaveText(['Lost']);
});
