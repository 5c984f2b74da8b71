// What open pages show when an earlier copy of the database was restored.

import { ask, composer, createAccount, expectStatus, newestReply, openSecondTab, replies, sentMessages, waitForHydration } from '../support/person.ts';
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
  await expect(sentMessages(page)).toHaveText(['Lost']);
});
