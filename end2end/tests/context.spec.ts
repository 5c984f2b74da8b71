// How much of a model's context is taken, what is not sent, and summaries.

import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Page } from '@playwright/test';
import { ask, button, composer, createAccount, expectStatus, newestReply, openSecondTab, replies, waitForHydration } from '../support/person.ts';
import type { Provider } from '../support/provider.ts';
import { expect, scripted } from '../support/test.ts';

/** A model that reads and writes so many tokens together. */
const CONTEXT = 1000;
const prices = join(tmpdir(), `rivulet-prices-${process.pid}.json`);

const test = scripted.extend({
  providers: async ({ provider }, use) => {
    const models = { model: { context: CONTEXT } };
    await writeFile(prices, JSON.stringify({ providers: { test: { models } } }));
    // The settings about the server come right before.
    await use(`prices = ${JSON.stringify(prices)}\n\n${provider.settings}`);
  },
});

/** Asks, and has the provider answer. Returns what it was sent. */
async function exchange(page: Page, provider: Provider, text: string): Promise<string[]> {
  const reply = await ask(page, text);
  const writer = await provider.nextRequest();
  writer.writes('Yes.');
  writer.ends();
  await expectStatus(reply, 'completed');
  return writer.asked.messages.map(({ content }) => content);
}

const gauge = (page: Page) => page.getByRole('button', { name: /^Context: \d+ % used$/ });
const summaries = (page: Page) => page.getByRole('article', { name: 'Summary', exact: true });

test('the gauge appears once half of the context is taken, counts what is typed, and tells what does not fit', async ({ page, provider }) => {
  await createAccount(page);
  await waitForHydration(page);
  await expect(gauge(page)).toBeHidden();
  await composer(page).fill('a'.repeat(1500));
  await expect(gauge(page)).toHaveAccessibleName('Context: 67 % used');
  await composer(page).fill('a'.repeat(2400));
  await gauge(page).click();
  await expect(page.getByText('Not all fits: the oldest messages will not be sent.')).toBeVisible();
  await page.keyboard.press('Escape');
  await composer(page).fill('a');
  await expect(gauge(page)).toBeHidden();
  await exchange(page, provider, 'b'.repeat(1500));
  await expect(gauge(page)).toBeVisible();
});

test('what is not sent is shown at the reply, and a summary is written from there, in both tabs', async ({ page, context, provider }) => {
  await createAccount(page);
  await exchange(page, provider, 'a'.repeat(1200));
  const sent = await exchange(page, provider, 'b'.repeat(1200));
  expect(sent).toEqual(['b'.repeat(1200)]);
  const leftOut = newestReply(page).getByRole('note');
  await expect(leftOut).toContainText("2 earlier messages were not sent: not all fits into this model's context of 1,000 tokens.");

  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await button(leftOut, 'Summarise').focus();
  await page.keyboard.press('Enter');
  const first = await provider.nextRequest();
  for (const one of [page, tab]) await expectStatus(summaries(one), 'streaming');
  await expect(button(page, 'Stop')).toBeVisible();
  // It does not fit at once, so its beginning is summarised first.
  first.writes('So many.');
  first.ends();
  const last = await provider.nextRequest();
  expect(last.asked.messages[0]!.content).toContain('So many.');
  last.writes('Letters, ');
  for (const one of [page, tab]) await expect(summaries(one)).toContainText('Letters,');
  last.writes('many of them.');
  last.ends();
  await expectStatus(summaries(page), 'completed');
  for (const one of [page, tab]) await expect(summaries(one)).toContainText('Summary of the 4 messages above');

  const after = await exchange(page, provider, 'And now?');
  expect(after).toHaveLength(1);
  expect(after[0]).toContain('Letters, many of them.');
  await tab.reload();
  await waitForHydration(tab);
  await expect(summaries(tab).getByText('Letters, many of them.')).toBeHidden();
  await summaries(tab).getByText('Summary of the 4 messages above').click();
  await expect(summaries(tab).getByText('Letters, many of them.')).toBeVisible();
});

test("a conversation's menu has a summary and what the replies have cost, by keyboard and on a phone", async ({ page, provider }) => {
  await createAccount(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await exchange(page, provider, 'Hello');
  const menu = button(page, 'Conversation menu');
  await menu.focus();
  await page.keyboard.press('Enter');
  await expect(button(page, 'Summarise')).toBeVisible();
  await button(page, 'Usage').focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Usage' });
  await expect(dialog.getByText('Replies')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  const time = replies(page).locator('time');
  await expect(time).toHaveText(/^\d\d:\d\d$/);
  await expect(time).toHaveAttribute('title', /^\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d:\d\d$/);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});
