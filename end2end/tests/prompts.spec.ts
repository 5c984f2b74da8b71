// Saved prompts, which "/" offers in the composer.

import { type Page } from '@playwright/test';
import { ask, composer, createAccount, expectStatus, newestReply, openSecondTab, sentMessages, waitForHydration } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test.use({ timezoneId: 'Pacific/Kiritimati' });

test('"/" offers the saved prompts, and Enter takes the one that is meant', async ({ page }) => {
  await createAccount(page);
  await save(page, { 'Weekly report': 'Report of {{date}} by {{name}} to {{whom}}:', Translate: 'Translate:\n\n' });
  await waitForHydration(page);
  await composer(page).pressSequentially('/');
  await expect(options(page)).toHaveText([/^Translate/, /^Weekly report/, 'New prompt…', 'Edit prompts']);
  await expectActive(page, /^Translate/);
  await page.keyboard.press('ArrowDown');
  await expectActive(page, /^Weekly report/);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expectActive(page, 'Edit prompts');
  await composer(page).pressSequentially('WEEK');
  await expect(options(page)).toHaveText([/^Weekly report/, 'New prompt…', 'Edit prompts']);
  await page.keyboard.press('Enter');
  await expect(list(page)).toBeHidden();
  // The day where the person is, which is not yet that of the server.
  const day = new Date(Date.now() + 14 * 60 * 60 * 1000);
  const month = day.toLocaleString('en', { month: 'short', timeZone: 'UTC' });
  const date = `${day.getUTCDate()} ${month} ${day.getUTCFullYear()}`;
  await expect(composer(page)).toHaveValue(`Report of ${date} by Ada to {{whom}}:`);
  await page.keyboard.type('Bob');
  await expect(composer(page)).toHaveValue(`Report of ${date} by Ada to Bob:`);
  await expect(sentMessages(page)).toHaveCount(0);
  // In the middle of a text, with Tab; and it can be undone.
  await composer(page).fill('Please  now');
  for (let at = 0; at < 4; at++) await page.keyboard.press('ArrowLeft');
  await page.keyboard.type('/tr');
  await expectActive(page, /^Translate/);
  await page.keyboard.press('Tab');
  await expect(composer(page)).toHaveValue('Please Translate:\n\n now');
  await expect(composer(page)).toBeFocused();
  await page.keyboard.press('Control+z');
  await expect(composer(page)).toHaveValue('Please /tr now');
  await page.reload();
  await waitForHydration(page);
  await expect(composer(page)).toHaveValue('Please /tr now');
});

test('Escape leaves the list and keeps what is typed; what is no prompt is not in the way', async ({ page }) => {
  await createAccount(page);
  await save(page, { Translate: 'Translate:' });
  await waitForHydration(page);
  await composer(page).pressSequentially('/tr');
  await expect(list(page)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(list(page)).toBeHidden();
  await composer(page).pressSequentially('a');
  await expect(list(page)).toBeHidden();
  await expect(composer(page)).toHaveValue('/tra');
  await composer(page).pressSequentially(' /x');
  await expect(list(page)).toBeHidden();
  await composer(page).press('Backspace');
  await expect(list(page)).toBeVisible();
  // Elsewhere is no prompt.
  await composer(page).press('Home');
  await expect(list(page)).toBeHidden();
  await composer(page).fill('/etc/hosts');
  await composer(page).press('Enter');
  await expect(sentMessages(page)).toHaveText(/^\/etc\/hosts/);
});

test.describe('by touch', () => {
  test.use({ hasTouch: true });

  test('a prompt is taken, and the field keeps the cursor', async ({ page }) => {
    await createAccount(page);
    await save(page, { Translate: 'Translate:' });
    await page.setViewportSize({ width: 390, height: 844 });
    await composer(page).tap();
    await composer(page).pressSequentially('/');
    await options(page).first().tap();
    await expect(composer(page)).toHaveValue('Translate:');
    await expect(composer(page)).toBeFocused();
    await expect(list(page)).toBeHidden();
  });
});

test('the selection is what was selected in the conversation before the cursor came', async ({ page }) => {
  await createAccount(page);
  await save(page, { Explain: 'Explain “{{selection}}” to me.' });
  await expectStatus(await ask(page, 'one two three', 'quick/demo-prose'), 'completed');
  await newestReply(page).locator('p').first().click({ clickCount: 3 });
  const words = await page.evaluate(() => getSelection()!.toString().trim());
  expect(words).not.toBe('');
  await composer(page).click();
  await composer(page).pressSequentially('/exp');
  await expectActive(page, /^Explain/);
  await page.keyboard.press('Enter');
  await expect(composer(page)).toHaveValue(`Explain “${words}” to me.`);
  // A click elsewhere takes it back, and without any the cursor stands in its place.
  await sentMessages(page).click();
  await composer(page).fill('');
  await composer(page).pressSequentially('/exp');
  await expectActive(page, /^Explain/);
  await page.keyboard.press('Enter');
  await expect(composer(page)).toHaveValue('Explain “” to me.');
  await page.keyboard.type('it');
  await expect(composer(page)).toHaveValue('Explain “it” to me.');
});

test('the list has what another tab has saved meanwhile, and a hint before there is any', async ({ page, context }) => {
  await createAccount(page);
  await waitForHydration(page);
  await composer(page).pressSequentially('/');
  await expect(page.getByText('No saved prompts yet')).toBeVisible();
  await expect(options(page)).toHaveText(['New prompt…']);
  await page.keyboard.press('Escape');
  const tab = await openSecondTab(context, page);
  await save(tab, { Translate: 'Translate:' });
  await page.bringToFront();
  await composer(page).fill('');
  await composer(page).pressSequentially('/');
  await expect(options(page)).toHaveText([/^Translate/, 'New prompt…', 'Edit prompts']);
});

/** Saves prompts, by title. */
async function save(page: Page, prompts: Record<string, string>): Promise<void> {
  await page.evaluate(async (prompts) => {
    for (const [title, text] of Object.entries(prompts)) {
      const id = `prompt_01${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`;
      const headers = { 'content-type': 'application/json', accept: 'application/json' };
      const body = JSON.stringify({ prompt: { id, title, text } });
      const answer = await fetch('/api/2/save-prompt', { method: 'POST', headers, body });
      if (!answer.ok) throw new Error(await answer.text());
    }
  }, prompts);
}

function list(page: Page) {
  return page.getByRole('listbox', { name: 'Saved prompts' });
}

function options(page: Page) {
  return list(page).getByRole('option');
}

/** The option that Enter takes, as a screen reader has it. */
async function expectActive(page: Page, text: string | RegExp): Promise<void> {
  await expect(options(page).and(page.locator('[aria-selected=true]'))).toHaveText(text);
  const id = await composer(page).getAttribute('aria-activedescendant');
  await expect(page.locator(`[id="${id}"]`)).toHaveText(text);
}
