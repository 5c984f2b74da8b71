// What an open page shows when the server was updated.

import { ask, composer, createAccount, expectStatus, newestReply, sentMessages, waitForHydration } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('a tab of an older build offers to reload, and keeps what was typed', async ({ page, rivulet, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
  await composer(page).fill('half a thought');
  await rivulet.stop();
  await rivulet.upgrade();
  await rivulet.start();
  const bar = page.getByRole('status').filter({ hasText: 'Rivulet was updated. What you typed is kept.' });
  await expect(bar).toBeVisible();
  await expect(composer(page)).toHaveValue('half a thought');
  await bar.getByRole('link', { name: 'Reload' }).click();
  await expect(bar).toBeHidden();
  await waitForHydration(page);
  await expect(composer(page)).toHaveValue('half a thought');
  await composer(page).press('Enter');
  await expect(sentMessages(page)).toHaveCount(2);
  await expectStatus(newestReply(page), 'failed');
});
