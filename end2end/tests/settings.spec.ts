// The settings page of defaults, saved prompts and presets: forms that work without scripts.

import { type Page } from '@playwright/test';
import { button, composer, createAccount, link, modelMenu } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

for (const scripts of [true, false]) {
  test.describe(scripts ? 'with scripts' : 'without scripts', () => {
    test.use({ javaScriptEnabled: scripts });

    test('a person sets defaults, and keeps, changes and deletes a prompt', async ({ page, consoleLog }) => {
      consoleLog.allowStatus(422, 'Unprocessable Entity');
      await createAccount(page);
      await link(page, 'Settings').click();
      await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible();
      await page.getByLabel('Default model').selectOption('quick/demo-prose');
      await page.getByLabel('System prompt', { exact: true }).fill('Be <brief>.\n');
      await button(page.locator('#defaults'), 'Save').click();
      await expect(page.getByRole('status')).toHaveText('Saved.');
      await expect(page.getByLabel('Default model')).toHaveValue('quick/demo-prose');
      await expect(page.getByLabel('System prompt', { exact: true })).toHaveValue('Be <brief>.\n');

      await addPrompt(page, 'Weekly report', 'Report of {{date}}:');
      await expect(page.getByRole('status')).toHaveText('Saved.');
      await addPrompt(page, 'Weekly report', 'Another text');
      await expect(page.getByRole('alert')).toHaveText('Another one of your prompts has this title. Choose another title.');
      await expect(prompt(page, 'New prompt').getByLabel('Text')).toHaveValue('Another text');
      await expect(prompt(page, 'New prompt').getByLabel('Title')).toBeFocused();
      await prompt(page, 'New prompt').getByLabel('Title').fill('Translate');
      await button(page, 'Add').click();
      await expect(page.locator('#prompts summary')).toHaveText(['Translate', 'Weekly report', 'New prompt']);

      await page.getByText('Weekly report', { exact: true }).click();
      await prompt(page, 'Weekly report').getByLabel('Title').fill('Monthly report');
      await button(prompt(page, 'Weekly report'), 'Save').click();
      await page.getByText('Monthly report', { exact: true }).click();
      await button(page, 'Delete “Monthly report”').click();
      await expect(page.getByRole('status')).toHaveText('“Monthly report” is deleted.');
      await expect(page.locator('#prompts summary')).toHaveText(['Translate', 'New prompt']);
      await button(page, 'Undo').click();
      await expect(page.locator('#prompts summary')).toHaveText(['Monthly report', 'Translate', 'New prompt']);
      await page.getByText('Monthly report', { exact: true }).click();
      await expect(prompt(page, 'Monthly report').getByLabel('Text')).toHaveValue('Report of {{date}}:');

      await link(page, 'Security').click();
      await link(page, 'Settings').click();
      await page.getByRole('link', { name: 'Back to the chats' }).click();
      await expect(composer(page)).toBeVisible();
      await expect(modelMenu(page)).toHaveValue('quick/demo-prose');
    });
  });
}

test('presets are renamed, deleted and brought back', async ({ page, consoleLog }) => {
  consoleLog.allowStatus(422, 'Unprocessable Entity');
  await createAccount(page);
  await page.evaluate(async () => {
    const preset = { id: 'preset_01m8fmkr6qe4jb3ghy03xm6apm', name: 'Poet', options: { temperature: 1.5 }, model: 'quick/demo' };
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    await fetch('/api/2/save-preset', { method: 'POST', headers, body: JSON.stringify({ preset }) });
  });
  await page.goto('/settings');
  await page.getByText('Poet', { exact: true }).click();
  await expect(page.getByText('quick/demo · Temperature 1.5')).toBeVisible();
  const name = page.locator('#presets').getByLabel('Name');
  await name.fill('x'.repeat(81));
  await button(page, 'Rename').click();
  await expect(page.getByRole('alert')).toHaveText('A name has between 1 and 80 characters.');
  await expect(name).toHaveValue('x'.repeat(81));
  await name.fill('Bard');
  await button(page, 'Rename').click();
  await page.getByText('Bard', { exact: true }).click();
  await button(page, 'Delete “Bard”').click();
  await expect(page.getByText('You have saved none yet.')).toBeVisible();
  await button(page, 'Undo').click();
  await page.getByText('Bard', { exact: true }).click();
  await expect(page.getByText('quick/demo · Temperature 1.5')).toBeVisible();
});

for (const [width, height] of [[1280, 800], [390, 844], [320, 640]]) {
  test(`nothing scrolls sideways at ${width} px`, async ({ page }) => {
    await createAccount(page);
    await page.goto('/settings');
    await addPrompt(page, 'W'.repeat(80), 'Report of {{date}}:\n\n- '.repeat(5));
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.goto('/settings');
      await page.locator('summary').first().click();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      if (process.env.RIVULET_PICTURES) await page.screenshot({ path: `${process.env.RIVULET_PICTURES}/settings-${width}-${colorScheme}.png`, fullPage: true });
    }
  });
}

async function addPrompt(page: Page, title: string, text: string): Promise<void> {
  await page.locator('summary', { hasText: 'New prompt' }).click();
  await prompt(page, 'New prompt').getByLabel('Title').fill(title);
  await prompt(page, 'New prompt').getByLabel('Text').fill(text);
  await button(page, 'Add').click();
}

function prompt(page: Page, title: string) {
  return page.locator('#prompts details').filter({ has: page.locator('summary', { hasText: title }) });
}
