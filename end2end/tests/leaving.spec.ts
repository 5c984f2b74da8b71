import { button, composer, createAccount, expectStatus, holdAnswer, ready, reply, said, say } from '../support/person.ts';
import { longConversation } from '../support/history.ts';
import { expect, test } from '../support/test.ts';

test('who leaves New chat while the first message is under way finds it sent, and the draft gone', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  await button(page, 'New chat').click();
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  const send = await holdAnswer(page, 'send', 'then');
  await composer(page).fill('Second');
  await composer(page).press('Enter');
  await send.asked;
  await page.getByRole('link', { name: 'First', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'First' })).toBeVisible();
  await send.release();
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage))).toEqual(['era']);
  await expect(page.getByRole('heading', { name: 'First' }), 'it stays where it was led').toBeVisible();
  await button(page, 'New chat').click();
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  await expect(composer(page)).toHaveValue('');
  await page.getByRole('link', { name: 'Second', exact: true }).click();
  await expect(said(page)).toHaveText('Second');
});

test('who leaves a conversation while a message is under way finds it sent', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  const send = await holdAnswer(page, 'send', 'then');
  await composer(page).fill('And then?');
  await composer(page).press('Enter');
  await send.asked;
  await button(page, 'New chat').click();
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  await send.release();
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage))).toEqual(['era']);
  await page.getByRole('link', { name: 'First', exact: true }).click();
  await expect(said(page)).toHaveText(['First', 'And then?']);
  await expect(composer(page)).toHaveValue('');
  await expectStatus(reply(page), 'failed');
});

test('who leaves while earlier messages are under way is not held up by them', async ({ page }) => {
  await createAccount(page);
  await page.goto(await longConversation(page, 20));
  await ready(page);
  const load = await holdAnswer(page, 'messages');
  await page.getByRole('region', { name: 'Conversation' }).evaluate((scroller) => scroller.scrollBy({ top: -1e6, behavior: 'instant' }));
  await load.asked;
  await button(page, 'New chat').click();
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  await load.release();
  await page.getByRole('link', { name: 'Question 1', exact: true }).click();
  await expect(said(page).last()).toHaveText('Question 20');
});
