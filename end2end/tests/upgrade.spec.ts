import { composer, createAccount, expectStatus, ready, reply, said, say } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('a tab of an older build is told so, and keeps what was typed', async ({ page, rivulet, silence }) => {
  silence.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
  await composer(page).fill('half a thought');
  await rivulet.stop();
  await rivulet.upgrade();
  await rivulet.start();
  const bar = page.getByRole('status').filter({ hasText: 'Rivulet was updated. What you typed is kept.' });
  await expect(bar).toBeVisible();
  await expect(composer(page)).toHaveValue('half a thought');
  await bar.getByRole('link', { name: 'Reload' }).click();
  await expect(bar).toBeHidden();
  await ready(page);
  await expect(composer(page)).toHaveValue('half a thought');
  await composer(page).press('Enter');
  await expect(said(page)).toHaveCount(2);
  await expectStatus(reply(page), 'failed');
});
