import { button, composer, createAccount, expectStatus, holdAnswer, ready, say, secondTab } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('a conversation that one tab adds, renames or deletes is so in the other', async ({ page, context }) => {
  await createAccount(page);
  const tab = await secondTab(context, page);
  await ready(tab);
  const listed = (name: string) => tab.getByRole('navigation', { name: 'Conversations' }).getByRole('link', { name, exact: true });

  await expectStatus(await say(page, 'Where does it rise?', 'quick/demo-fails'), 'failed');
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
  await expect(tab.getByText('This conversation was deleted in another tab.')).toBeVisible();
});

test('New chat opens a fresh conversation, and the newest stands first', async ({ page }) => {
  await createAccount(page);
  for (const text of ['First thing', 'Second thing']) {
    await expectStatus(await say(page, text, 'quick/demo-fails'), 'failed');
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

test('who deletes a conversation is not told that another tab did, and its draft goes too', async ({ page }) => {
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  await composer(page).fill('half a thought');
  await page.evaluate(() => {
    new MutationObserver(() => {
      if (document.body.textContent!.includes('deleted in another tab')) document.body.dataset.told = '';
    }).observe(document.body, { subtree: true, childList: true });
  });
  const answer = await holdAnswer(page, 'delete');
  await button(page, 'Delete').click();
  await button(page.getByRole('dialog'), 'Delete').click();
  await answer.asked;
  await expect(page.getByRole('link', { name: 'First', exact: true })).toBeHidden();
  await answer.release();
  await expect(page).toHaveURL('/');
  await expect(page.locator('body')).not.toHaveAttribute('data-told');
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual(['era']);
});

test('a deletion that failed is not held against the next', async ({ page, silence }) => {
  silence.allowStatus(503, 'Service Unavailable');
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  await page.route('**/api/delete', (route) => route.fulfill({ status: 503, body: '"Unavailable"' }), { times: 1 });
  const question = page.getByRole('dialog');
  await button(page, 'Delete').click();
  await button(question, 'Delete').click();
  await expect(question.getByRole('alert')).toBeVisible();
  await button(question, 'Cancel').click();
  await button(page, 'Delete').click();
  await expect(button(question, 'Delete')).toBeVisible();
  await expect(question.getByRole('alert')).toBeHidden();
});

test('after midnight what was today is yesterday, in an open page too', async ({ page }) => {
  await page.clock.install();
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible();
  await page.clock.fastForward('24:00:00');
  await expect(page.getByRole('heading', { name: 'Yesterday' })).toBeVisible();
});
