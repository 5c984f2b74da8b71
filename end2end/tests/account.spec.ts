// Creating the account, signing in and out, and addresses that lead nowhere.

import { ada, button, composer, createAccount, openSecondTab, signIn, waitForHydration } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('the first person creates the account; then sign-up is closed', async ({ page, consoleLog }) => {
  await createAccount(page);
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  await expect(page.getByText(ada.email)).toBeVisible();

  await page.goto('/create-account');
  await expect(page.getByText('This Rivulet has its owner already.')).toBeVisible();
  await expect(page.getByLabel('Password', { exact: true })).toBeHidden();
  const form = { name: 'Eve', email: 'eve@example.org', password: 'a second owner' };
  const response = await page.request.post('/create-account', { form });
  expect(response.status()).toBe(403);
  expect(await response.text()).toContain('This Rivulet has its owner already.');

  consoleLog.allowStatus(401, 'Unauthorized');
  await page.context().clearCookies();
  await signIn(page, form);
  await expect(page.getByRole('alert')).toHaveText('The email or the password is wrong.');
});

test('signing out ends every tab, and signing in works again', async ({ page, context }) => {
  await createAccount(page);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await button(page, 'Sign out').click();
  await expect(page).toHaveURL('/sign-in');
  await expect(tab.getByText('You are signed out.')).toBeVisible();
  await page.goto('/');
  await expect(page).toHaveURL('/sign-in');
  await signIn(page);
  await expect(page.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
});

test('a wrong password and an unknown email get the same response', async ({ page, consoleLog }) => {
  consoleLog.allowStatus(401, 'Unauthorized');
  await createAccount(page);
  await waitForHydration(page);
  await button(page, 'Sign out').click();
  for (const person of [{ ...ada, password: 'over the bridge' }, { ...ada, email: 'nobody@example.org' }]) {
    const response = page.waitForResponse((response) => response.request().method() === 'POST');
    await signIn(page, person);
    expect((await response).status()).toBe(401);
    await expect(page.getByRole('alert')).toHaveText('The email or the password is wrong.');
    await expect(page.getByLabel('Email', { exact: true })).toHaveValue(person.email);
    await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
  }
  await page.goto('/');
  await expect(page).toHaveURL('/sign-in');
});

test('an invalid account is refused, and the form keeps what was typed', async ({ page, consoleLog }) => {
  consoleLog.allowStatus(422, 'Unprocessable Entity');
  await page.goto('/create-account');
  await page.getByLabel('Name', { exact: true }).fill('  ');
  await page.getByLabel('Email', { exact: true }).fill(ada.email);
  await page.getByLabel('Password', { exact: true }).fill(ada.password);
  await button(page, 'Create account').click();
  await expect(page.getByRole('alert')).toHaveText('Write your name.');
  await expect(page.getByLabel('Email', { exact: true })).toHaveValue(ada.email);
});

test('an unknown address shows that nothing is there, with status 404', async ({ page, consoleLog }) => {
  consoleLog.allowStatus(404, 'Not Found');
  await createAccount(page);
  for (const path of ['/nowhere', '/c/nonsense', '/c/conv_01m7yjnz2pehzbxctxe90k4k4c']) {
    const response = await page.goto(path);
    expect(response?.status()).toBe(404);
    await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'New chat', exact: true }).or(button(page, 'New chat')).first()).toBeVisible();
  }
  await page.goto('/');
  await expect(composer(page)).toBeVisible();
});
