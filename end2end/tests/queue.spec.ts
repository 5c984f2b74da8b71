// What is sent while a reply runs: it is queued, shown in every tab, and sent in order.

import { type Locator, type Page } from '@playwright/test';
import { holdRequest, holdResponse } from '../support/network.ts';
import { ask, button, composer, createAccount, expectStatus, newestReply, openSecondTab, replies, sentTexts, waitForHydration } from '../support/person.ts';
import type { Provider, Writer } from '../support/provider.ts';
import { expect, scripted, test } from '../support/test.ts';

/** A conversation whose first reply runs. */
async function beginConversation(page: Page, provider: Provider): Promise<Writer> {
  await createAccount(page);
  await ask(page, 'Hello');
  const writer = await provider.nextRequest();
  writer.writes('Hi');
  await expectStatus(newestReply(page), 'streaming');
  return writer;
}

function rows(page: Page): Locator {
  return page.getByRole('list', { name: 'Queued', exact: true }).getByRole('listitem');
}

function row(page: Page, text: string): Locator {
  return rows(page).filter({ hasText: text });
}

/** Queues messages by Enter, one right after the other. */
async function queue(page: Page, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    await composer(page).fill(text);
    await composer(page).press('Enter');
    await expect(composer(page)).toHaveValue('');
  }
}

function finish(writer: Writer): void {
  writer.writes(', the end.');
  writer.ends();
}

scripted('what is sent while a reply runs waits in every tab, and is sent in order', async ({ page, context, provider }) => {
  let writer = await beginConversation(page, provider);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await queue(page, 'One', 'Two');
  for (const one of [page, tab]) await expect(rows(one)).toHaveText(['One', 'Two']);
  await queue(tab, 'Three');
  for (const one of [page, tab]) {
    await expect(rows(one)).toHaveText(['One', 'Two', 'Three']);
    await expect(sentTexts(one)).toHaveText(['Hello']);
  }
  const sent = ['Hello'];
  for (const text of ['One', 'Two', 'Three']) {
    finish(writer);
    writer = await provider.nextRequest();
    writer.writes(`To ${text}`);
    sent.push(text);
    for (const one of [page, tab]) {
      await expect(sentTexts(one)).toHaveText(sent);
      await expect(rows(one)).toHaveCount(4 - sent.length);
      await expect(newestReply(one)).toContainText(`To ${text}`);
    }
  }
  finish(writer);
  await expectStatus(newestReply(page), 'completed');
  await expect(page.getByText('Queued', { exact: true })).toBeHidden();
});

scripted('no frame has a queued message twice, or not at all, while it is sent', async ({ page, context, provider }) => {
  const writer = await beginConversation(page, provider);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await queue(page, 'Exactly once');
  for (const one of [page, tab]) {
    await expect(rows(one)).toHaveText(['Exactly once']);
    await one.evaluate(() => {
      const counts: number[] = [];
      Object.assign(window, { counts });
      const count = () => {
        const shown = Array.from(document.querySelectorAll('.queue .words, article[aria-label="You"] .plain'));
        const now = shown.filter((element) => element.textContent === 'Exactly once').length;
        if (now !== counts.at(-1)) counts.push(now);
        requestAnimationFrame(count);
      };
      count();
    });
  }
  finish(writer);
  const next = await provider.nextRequest();
  finish(next);
  for (const one of [page, tab]) {
    await expectStatus(newestReply(one), 'completed');
    await expect(rows(one)).toHaveCount(0);
    expect(await one.evaluate(() => (window as unknown as { counts: number[] }).counts)).toEqual([1]);
  }
});

scripted('a queued message is edited, removed, brought back and sent now', async ({ page, context, provider }) => {
  await beginConversation(page, provider);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await queue(page, 'One', 'Two', 'Three');
  await expect(rows(page)).toHaveText(['One', 'Two', 'Three']);

  await button(row(page, 'One'), 'Edit').click();
  const field = page.getByRole('textbox', { name: 'Edit queued message' });
  await expect(field).toBeFocused();
  await expect(field).toHaveValue('One');
  await field.fill('First');
  await button(page, 'Save').click();
  for (const one of [page, tab]) await expect(rows(one)).toHaveText(['First', 'Two', 'Three']);

  await button(row(page, 'Two'), 'Remove').click();
  for (const one of [page, tab]) await expect(rows(one)).toHaveText(['First', 'Three']);
  await expect(composer(page)).toBeFocused();
  await button(page, 'Undo').click();
  for (const one of [page, tab]) await expect(rows(one)).toHaveText(['First', 'Three', 'Two']);

  await button(row(tab, 'Three'), 'Send now').click();
  const writer = await provider.nextRequest();
  writer.writes('To Three');
  for (const one of [page, tab]) {
    await expect(sentTexts(one)).toHaveText(['Hello', 'Three']);
    await expectStatus(replies(one).first(), 'stopped');
    await expect(replies(one).first()).toContainText('Hi');
    await expect(newestReply(one)).toContainText('To Three');
    await expect(rows(one)).toHaveText(['First', 'Two']);
  }
});

scripted('Stop holds what waits until it is sent by hand, or the reply is continued', async ({ page, context, provider }) => {
  await beginConversation(page, provider);
  const tab = await openSecondTab(context, page);
  await queue(page, 'One', 'Two');
  await expect(rows(page)).toHaveText(['One', 'Two']);
  await button(page, 'Stop').click();
  for (const one of [page, tab]) {
    await expect(rows(one)).toHaveText(['One', 'Two'].map((text) => `${text}Held: the reply before it was stopped.Send now`));
  }
  await button(row(page, 'Two'), 'Send now').click();
  const second = await provider.nextRequest();
  second.writes('To Two');
  for (const one of [page, tab]) {
    await expect(sentTexts(one)).toHaveText(['Hello', 'Two']);
    await expect(rows(one)).toHaveText(['One']);
  }
  await button(page, 'Stop').click();
  await expect(row(page, 'One')).toContainText('Held');
  await button(newestReply(page), 'Continue').click();
  const rest = await provider.nextRequest();
  await expect(rows(page)).toHaveText(['One']);
  finish(rest);
  finish(await provider.nextRequest());
  await expect(sentTexts(page)).toHaveText(['Hello', 'Two', 'One']);
  await expect(rows(page)).toHaveCount(0);
});

scripted('whoever was slower to edit a message sees the newer words, and keeps their own', async ({ page, context, provider, consoleLog }) => {
  consoleLog.allowStatus(409, 'Conflict');
  await beginConversation(page, provider);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await queue(page, 'One');
  await expect(rows(tab)).toHaveText(['One']);
  const field = (one: Page) => one.getByRole('textbox', { name: 'Edit queued message' });
  for (const one of [page, tab]) await button(row(one, 'One'), 'Edit').click();
  await field(tab).fill('One of the tab');
  await field(tab).press('Enter');
  await expect(rows(tab)).toHaveText(['One of the tab']);
  await field(page).fill('One of the page');
  await field(page).press('Enter');
  await expect(rows(page).getByRole('alert')).toContainText('changed meanwhile');
  await expect(rows(page).getByText('One of the tab')).toBeVisible();
  await expect(field(page)).toHaveValue('One of the page');
  await field(page).press('Enter');
  for (const one of [page, tab]) await expect(rows(one)).toHaveText(['One of the page']);
});

scripted('what is typed in place of a message that is sent or removed meanwhile is not lost', async ({ page, context, provider }) => {
  const writer = await beginConversation(page, provider);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await queue(page, 'One', 'Two');
  await expect(rows(tab)).toHaveText(['One', 'Two']);
  const field = page.getByRole('textbox', { name: 'Edit queued message' });

  await button(row(page, 'Two'), 'Edit').click();
  await field.fill('Two, but better');
  await button(row(tab, 'Two'), 'Remove').click();
  await expect(composer(page)).toHaveValue('Two, but better');
  await expect(composer(page)).toBeFocused();
  await expect(page.getByRole('alert').filter({ visible: true })).toContainText('was removed meanwhile');

  await button(row(page, 'One'), 'Edit').click();
  await field.fill('One, but better');
  await page.reload();
  await expect(field).toHaveValue('One, but better');
  await expect(composer(page)).toHaveValue('Two, but better');
  finish(writer);
  await provider.nextRequest();
  await expect(page.getByRole('textbox', { name: 'Edit message' })).toHaveValue('One, but better');
  await expect(sentTexts(tab)).toHaveText(['Hello', 'One']);
});

test('what waits while the server is killed is sent once, in order', async ({ page, context, rivulet, consoleLog }) => {
  consoleLog.allowLostNetwork(rivulet.url);
  await createAccount(page);
  await ask(page, 'Hello', 'slow/demo-prose');
  await expectStatus(newestReply(page), 'streaming');
  const tab = await openSecondTab(context, page);
  await page.locator('.composer').getByLabel('Model', { exact: true }).selectOption('quick/demo-prose');
  await queue(page, 'One', 'Two', 'Three');
  await expect(rows(tab)).toHaveText(['One', 'Two', 'Three']);
  await rivulet.kill9();
  await rivulet.restart();
  for (const one of [page, tab]) {
    await expectStatus(newestReply(one), 'interrupted');
    for (const text of ['One', 'Two', 'Three']) await expect(row(one, text)).toContainText('Held: the reply before it was interrupted.');
  }
  await button(newestReply(page), 'Continue').click();
  for (const one of [page, tab]) {
    await expect(sentTexts(one)).toHaveText(['Hello', 'One', 'Two', 'Three']);
    await expect(replies(one)).toHaveCount(4);
    await expectStatus(newestReply(one), 'completed');
    await expect(rows(one)).toHaveCount(0);
  }
  await page.reload();
  await expect(sentTexts(page)).toHaveText(['Hello', 'One', 'Two', 'Three']);
});

scripted('a reload while messages are being queued loses none of them', async ({ page, provider }) => {
  await beginConversation(page, provider);
  // The first never reaches the server; the second is to be queued behind it.
  await page.route('**/api/*/enqueue', () => {}, { times: 1 });
  const requested = page.waitForRequest('**/api/*/enqueue');
  await queue(page, 'One', 'Two');
  await requested;
  await expect(rows(page)).toHaveText([/^One/, /^Two/]);
  await composer(page).fill('a draft');
  await page.reload();
  await waitForHydration(page);
  await expect(composer(page)).toHaveValue('One\n\nTwo\n\na draft');
  await expect(rows(page)).toHaveCount(0);

  await composer(page).fill('Three');
  const enqueue = await holdResponse(page, 'enqueue');
  await composer(page).press('Enter');
  await enqueue.requested;
  await page.reload();
  await waitForHydration(page);
  await expect(rows(page)).toHaveText(['Three']);
  await expect(composer(page)).toHaveValue('');
  expect(await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('sent:')))).toEqual([]);
});

scripted('of many messages the 21st is refused, with its text kept', async ({ page, provider, consoleLog }) => {
  consoleLog.allowStatus(429, 'Too Many Requests');
  await beginConversation(page, provider);
  const texts = Array.from({ length: 20 }, (_, at) => `Message ${at + 1}`);
  await queue(page, ...texts);
  await expect(rows(page)).toHaveText(texts);
  await composer(page).fill('One too many');
  await composer(page).press('Enter');
  await expect(page.getByRole('alert').filter({ visible: true })).toContainText('20 messages are waiting in this conversation');
  await expect(composer(page)).toHaveValue('One too many');
  await expect(rows(page)).toHaveText(texts);
});

scripted('a message that is too late to be queued follows what was faster', async ({ page, context, provider, consoleLog }) => {
  consoleLog.allowStatus(409, 'Conflict');
  const writer = await beginConversation(page, provider);
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  const enqueue = await holdRequest(page, 'enqueue');
  await composer(page).fill('Late');
  await composer(page).press('Enter');
  await enqueue.requested;
  finish(writer);
  await expectStatus(newestReply(tab), 'completed');
  await ask(tab, 'Fast');
  finish(await provider.nextRequest());
  await expectStatus(newestReply(page), 'completed');
  await enqueue.release();
  const late = await provider.nextRequest();
  for (const one of [page, tab]) await expect(sentTexts(one)).toHaveText(['Hello', 'Fast', 'Late']);
  finish(late);
  await expectStatus(newestReply(page), 'completed');
});

scripted('the queue by the keyboard', async ({ page, provider }) => {
  await beginConversation(page, provider);
  await page.keyboard.type('One');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Two');
  await page.keyboard.press('Enter');
  await expect(rows(page)).toHaveText(['One', 'Two']);
  const field = page.getByRole('textbox', { name: 'Edit queued message' });

  await page.keyboard.press('ArrowUp');
  await expect(field).toBeFocused();
  await page.keyboard.type(' of them');
  await page.keyboard.press('Enter');
  await expect(rows(page)).toHaveText(['One', 'Two of them']);
  await expect(composer(page)).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.type(' and lost');
  await page.keyboard.press('Escape');
  await expect(rows(page)).toHaveText(['One', 'Two of them']);
  await expect(composer(page)).toBeFocused();

  for (const name of ['Send now', 'Remove', 'Edit']) {
    await page.keyboard.press('Shift+Tab');
    await expect(button(row(page, 'Two'), name)).toBeFocused();
  }
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await expect(rows(page)).toHaveText(['One']);
  await expect(composer(page)).toBeFocused();
  await button(row(page, 'One'), 'Send now').press('Enter');
  finish(await provider.nextRequest());
  await expect(sentTexts(page)).toHaveText(['Hello', 'One']);
  await expect(composer(page)).toBeFocused();
});

scripted('on a touch screen a button queues', async ({ page, provider }) => {
  await beginConversation(page, provider);
  await expect(button(page, 'Queue')).toBeHidden();
  await composer(page).fill('One');
  await button(page, 'Queue').click();
  await expect(rows(page)).toHaveText(['One']);
  await expect(button(page, 'Queue')).toBeHidden();
  await expect(button(page, 'Stop')).toBeVisible();
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('without scripts a message is queued while a reply runs', async ({ page }) => {
    await createAccount(page);
    await page.getByLabel('Model', { exact: true }).selectOption('slow/demo-prose');
    await composer(page).fill('Hello');
    await button(page, 'Send').click();
    await expect(replies(page)).toHaveCount(1);
    await composer(page).fill('One');
    await button(page, 'Queue').click();
    await expect(rows(page)).toHaveText(['One']);
    await expect(sentTexts(page)).toHaveText(['Hello']);
    await expect(composer(page)).toHaveValue('');
  });
});
