// Several models are asked the same at once: their replies stand beside each other, and one of them is chosen.

import { type Locator, type Page } from '@playwright/test';
import { button, composer, createAccount, expectStatus, modelMenu, openSecondTab, replies, sentTexts, waitForHydration } from '../support/person.ts';
import type { Provider, Writer } from '../support/provider.ts';
import { expect, scripted as oneModel } from '../support/test.ts';

const scripted = oneModel.extend({
  providers: async ({ provider }, use) => use(provider.settings.replace('["model"]', '["model", "second", "third"]')),
});

/** Asks three models in a new conversation, and returns what writes their replies. */
async function askThree(page: Page, provider: Provider): Promise<Record<string, Writer>> {
  await createAccount(page);
  await waitForHydration(page);
  await expect(modelMenu(page)).toHaveValue('test/model');
  for (const name of ['second', 'third']) {
    await button(page, 'Ask another model, too').click();
    await page.getByRole('group', { name: 'Ask another model, too' }).getByRole('button', { name }).click();
  }
  await composer(page).fill('Hello');
  await composer(page).press('Enter');
  const writers: Record<string, Writer> = {};
  for (let count = 0; count < 3; count++) {
    const writer = await provider.nextRequest();
    writers[writer.asked.model] = writer;
  }
  await expect(replies(page).filter({ visible: true }).first()).toBeVisible();
  return writers;
}

function together(page: Page): Locator {
  return page.getByRole('region', { name: 'Replies of 3 models' });
}

/** The reply of a model, with its heading. */
function column(page: Page, model: string): Locator {
  return together(page).locator('.together-reply').filter({ has: page.locator('strong', { hasText: new RegExp(`^${model}$`) }) });
}

scripted('three models reply beside each other in every tab, each with its own Stop', async ({ page, context, provider }) => {
  const writers = await askThree(page, provider);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  for (const [model, writer] of Object.entries(writers)) writer.writes(`I am the ${model}.`);
  for (const one of [page, tab]) {
    for (const model of Object.keys(writers)) await expect(column(one, model).getByRole('article')).toContainText(`I am the ${model}.`);
    await expect(column(one, 'model').getByRole('button', { name: 'Your choice' })).toHaveAttribute('aria-pressed', 'true');
  }
  await button(column(page, 'second'), 'Stop').click();
  for (const one of [page, tab]) await expectStatus(column(one, 'second').getByRole('article'), 'stopped');
  await expectStatus(column(page, 'third').getByRole('article'), 'streaming');
  await button(tab, 'Stop all').click();
  for (const one of [page, tab]) {
    for (const model of ['model', 'third']) await expectStatus(column(one, model).getByRole('article'), 'stopped');
    await expect(button(one, 'Stop all')).toHaveCount(0);
  }
});

scripted('what is sent next follows the chosen reply, and the others are its other versions', async ({ page, context, provider }) => {
  const writers = await askThree(page, provider);
  for (const [model, writer] of Object.entries(writers)) {
    writer.writes(`I am the ${model}.`);
    writer.ends();
  }
  for (const model of Object.keys(writers)) await expectStatus(column(page, model).getByRole('article'), 'completed');
  await button(column(page, 'third'), 'Go on with this').click();
  await expect(modelMenu(page)).toHaveValue('test/third');
  // The page stands where it stood after a reload, too.
  await expect(page).toHaveURL(/\?m=/);
  await page.reload();
  await waitForHydration(page);
  await expect(column(page, 'third').getByRole('button', { name: 'Your choice' })).toBeVisible();
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await composer(page).fill('And?');
  await composer(page).press('Enter');
  const writer = await provider.nextRequest();
  expect(writer.asked.messages.map((message) => message.content)).toEqual(['Hello', 'I am the third.', 'And?']);
  writer.writes('Yes.');
  writer.ends();
  for (const one of [page, tab]) {
    await expect(sentTexts(one)).toHaveText(['Hello', 'And?']);
    await expect(together(one)).toHaveCount(0);
    await expect(replies(one).first()).toContainText('I am the third.');
    await expectStatus(replies(one).last(), 'completed');
  }
  // Paging leads to where they stand beside each other still.
  await replies(page).first().getByRole('button', { name: 'Next version' }).click();
  await expect(together(page)).toBeVisible();
  await expect(column(page, 'second').getByRole('article')).toContainText('I am the second.');
});

scripted('on a phone there is one at a time, behind tabs that the arrow keys move through', async ({ page, provider }) => {
  const writers = await askThree(page, provider);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const [model, writer] of Object.entries(writers)) writer.writes(`I am the ${model}.`);
  const tabs = page.getByRole('tablist', { name: 'Models' });
  await expect(tabs.getByRole('tab')).toHaveText(['model', 'second', 'third']);
  await expect(column(page, 'second')).toBeHidden();
  await tabs.getByRole('tab', { name: 'model' }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(tabs.getByRole('tab', { name: 'second' })).toBeFocused();
  await expect(tabs.getByRole('tab', { name: 'second' })).toHaveAttribute('aria-selected', 'true');
  await expect(column(page, 'second').getByRole('article')).toContainText('I am the second.');
  await expect(column(page, 'model')).toBeHidden();
  await page.keyboard.press('End');
  await expect(column(page, 'third')).toBeVisible();
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
});

scripted('several models are not queued: Enter shows why, and keeps the words and the choice', async ({ page, provider }) => {
  const writers = await askThree(page, provider);
  writers.model.writes('Hi');
  await button(page, 'Ask another model, too').click();
  await page.getByRole('group', { name: 'Ask another model, too' }).getByRole('button', { name: 'second' }).click();
  await composer(page).fill('More');
  await composer(page).press('Enter');
  await expect(page.getByRole('alert').filter({ visible: true })).toContainText('What is queued goes to one model.');
  await expect(composer(page)).toHaveValue('More');
  await button(page, 'Do not ask second').click();
  await composer(page).press('Enter');
  await expect(page.getByRole('list', { name: 'Queued', exact: true }).getByRole('listitem')).toHaveText(['More']);
});
