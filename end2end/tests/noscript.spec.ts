// What works without scripts, and what becomes of it once they are loaded.

import { longConversation } from '../support/history.ts';
import { holdHydration } from '../support/network.ts';
import { ada, ask, button, composer, createAccount, expectStatus, idOf, modelMenu, newestReply, replies, sentMessages, sentTexts, signIn } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test.use({ javaScriptEnabled: false });

test('without scripts a person creates the account, sends a message and reads the reply', async ({ page, consoleLog }) => {
  consoleLog.allowStatus(401, 'Unauthorized');
  await createAccount(page);
  await modelMenu(page).selectOption('quick/demo');
  await composer(page).fill('How does a river\nkeep its words?');
  await button(page, 'Send').click();
  await expect(page).toHaveURL(/\/c\/conv_/);
  await expect(sentTexts(page)).toHaveText('How does a river\nkeep its words?');
  await expect(async () => {
    await page.reload();
    await expectStatus(newestReply(page), 'completed', 100);
  }).toPass();
  await expect(newestReply(page).getByRole('heading', { name: 'How a river keeps its words 🌊' })).toBeVisible();
  await expect(newestReply(page).getByRole('table')).toBeVisible();
  await newestReply(page).getByText(/^Thought for/).click();
  await expect(newestReply(page).getByText('The person has opened a new conversation')).toBeVisible();

  await composer(page).fill('And then?');
  await button(page, 'Send').click();
  await expect(sentTexts(page)).toHaveText(['How does a river\nkeep its words?', 'And then?']);

  await button(page, 'Sign out').click();
  await signIn(page, { ...ada, password: 'not this one' });
  await expect(page.getByRole('alert')).toHaveText('The email or the password is wrong.');
  await signIn(page);
  await page.getByRole('link', { name: 'How does a river keep its words?' }).click();
  await expect(sentMessages(page)).toHaveCount(2);
});

test('without scripts a refused message is shown again with the reason and a status', async ({ page, consoleLog }) => {
  consoleLog.allowStatus(422, 'Unprocessable Entity');
  await createAccount(page);
  for (const place of ['a new conversation', 'an existing conversation']) {
    const before = place === 'a new conversation' ? 0 : 1;
    const address = page.url();
    await composer(page).fill('   ');
    const response = page.waitForResponse((response) => response.request().method() === 'POST');
    await button(page, 'Send').click();
    expect((await response).status()).toBe(422);
    await expect(page.getByRole('alert').filter({ visible: true })).toHaveText('Write something first.');
    await expect(composer(page)).toHaveValue('   ');
    expect(page.url()).toBe(address);
    await expect(sentMessages(page)).toHaveCount(before);
    if (before) continue;

    await modelMenu(page).selectOption('quick/demo-fails');
    await composer(page).fill('First');
    await button(page, 'Send').click();
    await expect(sentTexts(page)).toHaveText('First');
    await expect(async () => {
      await page.reload();
      await expectStatus(newestReply(page), 'failed', 100);
    }).toPass();
  }
});

test('without scripts a form that is submitted twice sends one message', async ({ page }) => {
  await createAccount(page);
  await modelMenu(page).selectOption('quick/demo-fails');
  await composer(page).fill('Once and no more');
  const form = {
    conversation: await page.locator('input[name=conversation]').inputValue(),
    id: await page.locator('input[name=id]').inputValue(),
    text: 'Once and no more',
    model: 'quick/demo-fails',
  };
  await button(page, 'Send').click();
  await expect(sentMessages(page)).toHaveCount(1);
  expect((await page.request.post('/', { form })).ok()).toBe(true);
  await page.reload();
  await expect(sentMessages(page)).toHaveCount(1);
  await expect(replies(page)).toHaveCount(1);
});

test.describe('in a long conversation', () => {
  test.use({ javaScriptEnabled: true });

  test('without scripts links lead to earlier messages and back', async ({ page, browser, baseURL, context }) => {
    await createAccount(page);
    const address = await longConversation(page, 20);
    const plain = await browser.newContext({ baseURL, javaScriptEnabled: false, storageState: await context.storageState() });
    const tab = await plain.newPage();
    await tab.goto(address);
    await expect(tab.getByRole('article')).toHaveCount(30);
    await tab.getByRole('link', { name: 'Earlier messages' }).click();
    await expect(sentTexts(tab).first()).toHaveText('Question 1');
    await expect(sentTexts(tab).filter({ hasText: /^Question 6$/ })).toBeInViewport();
    await tab.getByRole('link', { name: 'Later messages' }).click();
    await expect(sentTexts(tab).last()).toHaveText('Question 20');
    await tab.goBack();
    await tab.getByRole('link', { name: 'Latest messages' }).click();
    await expect(sentTexts(tab).last()).toHaveText('Question 20');
    await expect(tab.getByRole('link', { name: 'Latest messages' })).toBeHidden();
    await plain.close();
  });

  test('without scripts the versions of a reply are paged by links', async ({ page, browser, baseURL, context }) => {
    await createAccount(page);
    const first = await idOf(await ask(page, 'First', 'quick/demo-fails'));
    await expectStatus(newestReply(page), 'failed');
    await button(newestReply(page), 'Retry').click();
    await expect(newestReply(page)).not.toHaveAttribute('data-message-id', first);
    const plain = await browser.newContext({ baseURL, javaScriptEnabled: false, storageState: await context.storageState() });
    const tab = await plain.newPage();
    await tab.goto(page.url());
    await expect(newestReply(tab).getByText('2/2')).toBeVisible();
    await button(newestReply(tab), 'Previous version').click();
    await expect(newestReply(tab)).toHaveAttribute('data-message-id', first);
    await expect(newestReply(tab).getByText('1/2')).toBeVisible();
    await plain.close();
  });

  test('what is typed before hydration is kept', async ({ page }) => {
    await createAccount(page);
    await expectStatus(await ask(page, 'First', 'quick/demo-fails'), 'failed');
    const hydration = await holdHydration(page);
    await page.reload({ waitUntil: 'commit' });
    await composer(page).fill('written early');
    hydration.release();
    await expect(composer(page)).toBeFocused();
    await page.waitForFunction(() => 'source' in document.querySelector('[data-part]')!);
    await expect(composer(page)).toHaveValue('written early');
    await composer(page).press('Enter');
    await expect(sentTexts(page).last()).toHaveText('written early');
    await expectStatus(newestReply(page), 'failed');
  });
});
