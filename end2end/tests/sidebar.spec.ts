// The list of conversations, and renaming and deleting them.

import { holdResponse } from '../support/network.ts';
import { ask, button, composer, createAccount, expectStatus, newestReply, openSecondTab, sentTexts, waitForHydration, waitForLength } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('a conversation that one tab adds, renames or deletes changes in the other, too', async ({ page, context }) => {
  await createAccount(page);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  const listed = (name: string) => tab.getByRole('navigation', { name: 'Conversations' }).getByRole('link', { name, exact: true });

  await expectStatus(await ask(page, 'Where does it rise?', 'quick/demo-fails'), 'failed');
  await expect(listed('Where does it rise?')).toBeVisible();
  await listed('Where does it rise?').click();
  await expect(tab).toHaveURL(page.url());

  await page.bringToFront();
  await button(page, 'Rename').click();
  const rename = page.getByRole('dialog', { name: 'Rename this conversation' });
  await expect(rename.getByLabel('Title')).toHaveValue('Where does it rise?');
  await rename.getByLabel('Title').fill('The spring');
  await button(rename, 'Save').click();
  await expect(rename).toBeHidden();
  await expect(page.getByRole('heading', { name: 'The spring' })).toBeVisible();
  await expect(listed('The spring')).toBeVisible();
  await expect(listed('Where does it rise?')).toBeHidden();
  await expect(tab.getByRole('heading', { name: 'The spring' })).toBeVisible();
  await expect(tab).toHaveTitle('The spring · Rivulet');

  await button(page, 'Delete').click();
  const question = page.getByRole('dialog', { name: 'Delete this conversation' });
  await button(question, 'Cancel').click();
  await expect(question).toBeHidden();
  await expect(listed('The spring')).toBeVisible();
  await button(page, 'Delete').click();
  await button(question, 'Delete').click();
  await expect(page).toHaveURL('/');
  await expect(listed('The spring')).toBeHidden();
  await expect(tab.getByText('This conversation is no longer available to you')).toBeVisible();
});

test('another tab of a deleted conversation works again once the deletion is undone', async ({ page, context, consoleLog }) => {
  // The end of the reply has the other tab ask for the queue, perhaps of what is gone by then.
  consoleLog.allowStatus(404, 'Not Found');
  await createAccount(page);
  await waitForLength(await ask(page, 'First', 'slow/demo-prose'), 50);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  const notice = tab.getByText('This conversation is no longer available to you');
  for (const _ of ['once', 'and again']) {
    await page.bringToFront();
    await button(page.locator('header'), 'Delete').click();
    await button(page.getByRole('dialog'), 'Delete').click();
    await expect(notice).toBeVisible();
    await button(page, 'Undo').click();
    await expect(notice).toBeHidden();
    await expect(sentTexts(page)).toHaveText(['First']);
    for (const one of [page, tab]) await expectStatus(newestReply(one), 'stopped');
  }
  await expectStatus(await ask(page, 'Second', 'quick/demo-fails'), 'failed');
  await expect(sentTexts(tab)).toHaveText(['First', 'Second']);
  await expectStatus(newestReply(tab), 'failed');
  await tab.bringToFront();
  await expectStatus(await ask(tab, 'Third', 'quick/demo-fails'), 'failed');
  await expect(sentTexts(page)).toHaveText(['First', 'Second', 'Third']);
});

test('New chat begins another conversation, and the newest one is listed first', async ({ page }) => {
  await createAccount(page);
  for (const text of ['First thing', 'Second thing']) {
    await expectStatus(await ask(page, text, 'quick/demo-fails'), 'failed');
    await button(page, 'New chat').click();
    await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  }
  const links = page.getByRole('navigation', { name: 'Conversations' }).getByRole('listitem');
  await expect(links).toHaveText(['Second thing', 'First thing']);
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible();
  await links.getByText('First thing').click();
  await expect(page.getByRole('heading', { name: 'First thing' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'First thing' })).toHaveAttribute('aria-current', 'page');
  await expect(composer(page)).toBeVisible();
});

test('deleting a conversation deletes its draft, and does not show that it is gone', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  await composer(page).fill('half a thought');
  await page.evaluate(() => {
    new MutationObserver(() => {
      if (document.body.textContent!.includes('no longer available to you')) document.body.dataset.shownAsGone = '';
    }).observe(document.body, { subtree: true, childList: true });
  });
  const deletion = await holdResponse(page, 'delete');
  await button(page, 'Delete').click();
  await button(page.getByRole('dialog'), 'Delete').click();
  await deletion.requested;
  await expect(page.getByRole('link', { name: 'First', exact: true })).toBeHidden();
  await deletion.release();
  await expect(page).toHaveURL('/');
  await expect(page.locator('body')).not.toHaveAttribute('data-shown-as-gone');
  // It is kept for as long as the deletion can be undone.
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage))).toEqual(['era']);
});

test('the error of a failed deletion is gone when the dialog opens again', async ({ page, consoleLog }) => {
  consoleLog.allowStatus(503, 'Service Unavailable');
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  await page.route('**/api/*/delete', (route) => route.fulfill({ status: 503, body: '"Unavailable"' }), { times: 1 });
  const question = page.getByRole('dialog');
  await button(page, 'Delete').click();
  await button(question, 'Delete').click();
  await expect(question.getByRole('alert')).toBeVisible();
  await button(question, 'Cancel').click();
  await button(page, 'Delete').click();
  await expect(button(question, 'Delete')).toBeVisible();
  await expect(question.getByRole('alert')).toBeHidden();
});

test('after midnight an open page lists under Yesterday what was under Today', async ({ page }) => {
  await page.clock.install();
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible();
  await page.clock.fastForward('24:00:00');
  await expect(page.getByRole('heading', { name: 'Yesterday' })).toBeVisible();
});
