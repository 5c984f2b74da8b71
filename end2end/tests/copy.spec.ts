import { RIVERS, button, createAccount, expectStatus, said, say } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('Copy copies a message as it was written, and a code block as it is', async ({ page, context, rivulet }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: rivulet.url });
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await createAccount(page);
  const question = 'How does a *river*\nkeep its words? 🐟';
  const answer = await say(page, question, 'quick/demo');
  await expectStatus(answer, 'completed');

  await button(answer.locator('.actions'), 'Copy').click();
  await expect(answer.getByText('Copied')).toBeVisible();
  expect(await clipboard()).toBe(RIVERS);

  await said(page).hover();
  await button(said(page), 'Copy').click();
  await expect(said(page).getByText('Copied')).toBeVisible();
  expect(await clipboard()).toBe(question);

  const code = /```rust\n(.*?)```/s.exec(RIVERS)![1];
  const block = answer.locator('.code');
  await button(block, 'Copy').click();
  await expect(button(block, 'Copied')).toBeVisible();
  expect(await clipboard()).toBe(code);
});
