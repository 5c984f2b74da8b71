import { ada, button, composer, createAccount, expectStatus, replies, reply, said, say, signIn } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test.use({ javaScriptEnabled: false });

test('without scripts a person signs up, sends a message and reads the reply', async ({ page, silence }) => {
  silence.allowStatus(401, 'Unauthorized');
  await createAccount(page);
  await page.getByLabel('Model', { exact: true }).selectOption('quick/demo');
  await composer(page).fill('How does a river\nkeep its words?');
  await button(page, 'Send').click();
  await expect(page).toHaveURL(/\/c\/conv_/);
  await expect(said(page)).toHaveText('How does a river\nkeep its words?');
  await expect(async () => {
    await page.reload();
    await expectStatus(reply(page), 'completed', 100);
  }).toPass();
  await expect(reply(page).getByRole('heading', { name: 'How a river keeps its words 🌊' })).toBeVisible();
  await expect(reply(page).getByRole('table')).toBeVisible();
  await reply(page).getByText(/^Thought for/).click();
  await expect(reply(page).getByText('The person has opened a new conversation')).toBeVisible();

  await composer(page).fill('And then?');
  await button(page, 'Send').click();
  await expect(said(page)).toHaveText(['How does a river\nkeep its words?', 'And then?']);

  await button(page, 'Sign out').click();
  await signIn(page, { ...ada, password: 'not this one' });
  await expect(page.getByRole('alert')).toHaveText('The email or the password is wrong.');
  await signIn(page);
  await page.getByRole('link', { name: 'How does a river keep its words?' }).click();
  await expect(said(page)).toHaveCount(2);
});

test('without scripts a message that is refused comes back with why, its text and the status', async ({ page, silence }) => {
  silence.allowStatus(422, 'Unprocessable Entity');
  await createAccount(page);
  for (const place of ['a new conversation', 'one that there is']) {
    const before = place === 'a new conversation' ? 0 : 1;
    const address = page.url();
    await composer(page).fill('   ');
    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    await button(page, 'Send').click();
    expect((await answered).status()).toBe(422);
    await expect(page.getByRole('alert').filter({ visible: true })).toHaveText('Write something first.');
    await expect(composer(page)).toHaveValue('   ');
    expect(page.url()).toBe(address);
    await expect(said(page)).toHaveCount(before);
    if (before) continue;

    await page.getByLabel('Model', { exact: true }).selectOption('quick/demo-fails');
    await composer(page).fill('First');
    await button(page, 'Send').click();
    await expect(said(page)).toHaveText('First');
    await expect(async () => {
      await page.reload();
      await expectStatus(reply(page), 'failed', 100);
    }).toPass();
  }
});

test('without scripts a form that is sent twice is one message', async ({ page }) => {
  await createAccount(page);
  await page.getByLabel('Model', { exact: true }).selectOption('quick/demo-fails');
  await composer(page).fill('Once and no more');
  const form = {
    conversation: await page.locator('input[name=conversation]').inputValue(),
    id: await page.locator('input[name=id]').inputValue(),
    text: 'Once and no more',
    model: 'quick/demo-fails',
  };
  await button(page, 'Send').click();
  await expect(said(page)).toHaveCount(1);
  expect((await page.request.post('/', { form })).ok()).toBe(true);
  await page.reload();
  await expect(said(page)).toHaveCount(1);
  await expect(replies(page)).toHaveCount(1);
});

test.describe('with a past', () => {
  test.use({ javaScriptEnabled: true });

  test('without scripts one reaches what is earlier', async ({ page, browser, baseURL, context }) => {
    const { longConversation } = await import('../support/history.ts');
    await createAccount(page);
    const address = await longConversation(page, 20);
    const plain = await browser.newContext({ baseURL, javaScriptEnabled: false, storageState: await context.storageState() });
    const tab = await plain.newPage();
    await tab.goto(address);
    await expect(tab.getByRole('article')).toHaveCount(30);
    await tab.getByRole('link', { name: 'Earlier messages' }).click();
    await expect(said(tab)).toHaveText(Array.from({ length: 5 }, (_, at) => `Question ${at + 1}`));
    await tab.getByRole('link', { name: 'Latest messages' }).click();
    await expect(said(tab).last()).toHaveText('Question 20');
    await expect(tab.getByRole('link', { name: 'Latest messages' })).toBeHidden();
    await plain.close();
  });

  test('with scripts the address of what is earlier leads to the latest', async ({ page }) => {
    const { longConversation } = await import('../support/history.ts');
    await createAccount(page);
    const address = await longConversation(page, 20);
    await page.goto(`${address}?before=11`);
    await expect(page).toHaveURL(address);
    await expect(said(page).last()).toHaveText('Question 20');
    await expectStatus(await say(page, 'And then?'), 'failed');
    await expect(said(page).last()).toHaveText('And then?');
  });

  test('what is written before the scripts are there is kept by them', async ({ page }) => {
    await createAccount(page);
    await expectStatus(await say(page, 'First', 'quick/demo-fails'), 'failed');
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    await page.route('**/*.wasm*', async (route) => {
      await arrived;
      await route.continue();
    });
    await page.reload({ waitUntil: 'commit' });
    await composer(page).fill('written early');
    arrive();
    await expect(composer(page)).toBeFocused();
    await page.waitForFunction(() => 'source' in document.querySelector('[data-part]')!);
    await expect(composer(page)).toHaveValue('written early');
    await composer(page).press('Enter');
    await expect(said(page).last()).toHaveText('written early');
    await expectStatus(reply(page), 'failed');
  });
});
