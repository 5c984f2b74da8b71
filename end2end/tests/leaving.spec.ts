// Pages that are left while a call to the server is under way.

import { holdRequest, holdResponse } from '../support/network.ts';
import { ask, button, composer, createAccount, expectStatus, newestReply, sentTexts, waitForHydration } from '../support/person.ts';
import { longConversation } from '../support/history.ts';
import { expect, test } from '../support/test.ts';

test('a first message is sent, and its draft deleted, though another conversation is opened meanwhile', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  await button(page, 'New chat').click();
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  const send = await holdRequest(page, 'send');
  await composer(page).fill('Second');
  await composer(page).press('Enter');
  await send.requested;
  await page.getByRole('link', { name: 'First', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'First' })).toBeVisible();
  await send.release();
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage))).toEqual(['era']);
  await expect(page.getByRole('heading', { name: 'First' }), 'the page stays where the person went').toBeVisible();
  await button(page, 'New chat').click();
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  await expect(composer(page)).toHaveValue('');
  await page.getByRole('link', { name: 'Second', exact: true }).click();
  await expect(sentTexts(page)).toHaveText('Second');
});

test('a message is sent though another conversation is opened meanwhile', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  const send = await holdRequest(page, 'send');
  await composer(page).fill('And then?');
  await composer(page).press('Enter');
  await send.requested;
  await button(page, 'New chat').click();
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  await send.release();
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage))).toEqual(['era']);
  await page.getByRole('link', { name: 'First', exact: true }).click();
  await expect(sentTexts(page)).toHaveText(['First', 'And then?']);
  await expect(composer(page)).toHaveValue('');
  await expectStatus(newestReply(page), 'failed');
});

test('switching to another conversation does not wait for earlier messages that are still loading', async ({ page }) => {
  await createAccount(page);
  await page.goto(await longConversation(page, 20));
  await waitForHydration(page);
  const load = await holdResponse(page, 'messages');
  await page.getByRole('region', { name: 'Conversation' }).evaluate((scroller) => scroller.scrollBy({ top: -1e6, behavior: 'instant' }));
  await load.requested;
  await button(page, 'New chat').click();
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  await load.release();
  await page.getByRole('link', { name: 'Question 1', exact: true }).click();
  await expect(sentTexts(page).last()).toHaveText('Question 20');
});
