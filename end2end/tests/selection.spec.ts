// Words that are selected in a reply: quoted, asked about, copied as Markdown.

import { type Locator, type Page } from '@playwright/test';
import { ask, button, composer, createAccount, expectStatus, newestReply, openSecondTab, replies, sentMessages, sentTexts, waitForHydration } from '../support/person.ts';
import type { Provider, Writer } from '../support/provider.ts';
import { expect, scripted } from '../support/test.ts';

const REPLY = `A river has **many names** on its way.

- first, the *source*
- second, the mouth

\`\`\`rust
fn flow() {
    run();
}
\`\`\`

The end of it all.`;

function toolbar(page: Page): Locator {
  return page.getByRole('toolbar', { name: 'Selected text', exact: true });
}

/** A conversation with one reply that runs and has this text. */
async function beginReply(page: Page, provider: Provider, text = REPLY): Promise<Writer> {
  await createAccount(page);
  await ask(page, 'Tell me of rivers');
  const writer = await provider.nextRequest();
  writer.writes(text);
  await expect(newestReply(page)).toContainText(text.split('\n').at(-1)!.replaceAll('*', ''));
  return writer;
}

async function finishReply(page: Page, writer: Writer): Promise<void> {
  writer.ends();
  await expectStatus(newestReply(page), 'completed');
}

/** Selects from the first of these words to the end of the last, as a person would by dragging. */
async function select(article: Locator, from: string, to = from): Promise<void> {
  await article.evaluate((article, [from, to]) => {
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    let begun = false;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent!;
      if (!begun && text.includes(from)) {
        range.setStart(node, text.indexOf(from));
        begun = true;
      }
      if (begun && text.includes(to)) {
        range.setEnd(node, text.indexOf(to) + to.length);
        break;
      }
    }
    getSelection()!.removeAllRanges();
    getSelection()!.addRange(range);
  }, [from, to]);
}

async function selectedText(page: Page): Promise<string> {
  return page.evaluate(() => getSelection()!.toString());
}

scripted('Quote puts the words behind what is typed, with the cursor below them', async ({ page, provider }) => {
  await finishReply(page, await beginReply(page, provider));
  await composer(page).fill('Before.');
  await select(newestReply(page), 'many', 'names');
  await button(toolbar(page), 'Quote').click();
  await expect(toolbar(page)).toBeHidden();
  await expect(composer(page)).toBeFocused();
  await page.keyboard.type('Which?');
  await expect(composer(page)).toHaveValue('Before.\n\n> **many names**\n\nWhich?');
  // It is a draft like any other.
  await page.reload();
  await expect(composer(page)).toHaveValue('Before.\n\n> **many names**\n\nWhich?');
});

scripted('Copy as Markdown copies the source of the words, blocks well-formed', async ({ page, context, provider, rivulet }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: rivulet.url });
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await finishReply(page, await beginReply(page, provider));
  for (const [from, to, copied] of [
    ['names', 'way', '**names** on its way'],
    ['source', 'second', '- *source*\n- second'],
    ['run();', 'run();', '```rust\nrun();\n```'],
    ['mouth', 'fn flow', '- mouth\n\n```rust\nfn flow\n```'],
  ]) {
    await select(newestReply(page), from, to);
    await button(toolbar(page), 'Copy as Markdown').click();
    await expect(page.locator('#status')).toHaveText('Copied');
    expect(await clipboard()).toBe(copied);
    await page.locator('#status').evaluate((region) => region.replaceChildren());
  }
});

scripted('Ask about this sends a question with the words, and leaves the draft alone', async ({ page, context, provider }) => {
  await finishReply(page, await beginReply(page, provider));
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  await composer(page).fill('Later');
  await select(newestReply(page), 'the mouth');
  await button(toolbar(page), 'Ask about this').click();
  const field = page.getByRole('textbox', { name: 'Ask about these words', exact: true });
  await expect(field).toBeFocused();
  // Escape goes back to the words.
  await field.press('Escape');
  await expect(button(toolbar(page), 'Quote')).toBeFocused();
  expect(await selectedText(page)).toBe('the mouth');
  await button(toolbar(page), 'Ask about this').press('Enter');
  await field.fill('Where is it?');
  await field.press('Enter');
  await expect(toolbar(page)).toBeHidden();
  const writer = await provider.nextRequest();
  for (const one of [page, tab]) await expect(sentTexts(one)).toHaveText(['Tell me of rivers', '> the mouth\n\nWhere is it?'], { useInnerText: true });
  await expect(composer(page)).toHaveValue('Later');
  writer.writes('Far away.');
  await finishReply(page, writer);
});

scripted('the toolbar is reached by keyboard, and goes with Escape and with the selection', async ({ page, provider }) => {
  await finishReply(page, await beginReply(page, provider));
  await select(newestReply(page), 'on its way');
  await expect(toolbar(page)).toBeVisible();
  await page.keyboard.press('Control+Shift+Digit9');
  await expect(button(toolbar(page), 'Quote')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(button(toolbar(page), 'Ask about this')).toBeFocused();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Escape');
  await expect(toolbar(page)).toBeHidden();
  expect(await selectedText(page)).toBe('on its way');
  await select(newestReply(page), 'The end');
  await expect(toolbar(page)).toBeVisible();
  await page.evaluate(() => getSelection()!.removeAllRanges());
  await expect(toolbar(page)).toBeHidden();
  // One's own words have none.
  await select(sentMessages(page), 'rivers');
  await select(newestReply(page), 'The end');
  await expect(toolbar(page)).toBeVisible();
  await select(sentMessages(page), 'rivers');
  await expect(toolbar(page)).toBeHidden();
  // Nor has what reaches over several messages.
  await page.evaluate(() => getSelection()!.selectAllChildren(document.querySelector('.column')!));
  await expect(toolbar(page)).toBeHidden();
});

scripted('words stay selected while the reply grows, with the toolbar beside them', async ({ page, provider }) => {
  const writer = await beginReply(page, provider, 'One **bold');
  await select(newestReply(page), 'bold');
  await expect(toolbar(page)).toBeVisible();
  for (const more of [' word**', ' and', ' so on', '.\n\nAnother paragraph,', ' and a *third', '* thing.']) {
    writer.writes(more);
    await expect(newestReply(page)).toContainText(more.replaceAll('*', '').split('\n').at(-1)!.trim());
    expect(await selectedText(page)).toBe('bold');
    await expect(toolbar(page)).toBeVisible();
  }
  await finishReply(page, writer);
  expect(await selectedText(page)).toBe('bold');
  await button(toolbar(page), 'Quote').click();
  await expect(composer(page)).toHaveValue('> **bold**\n\n');
});

scripted('the toolbar stands inside of the window on a phone', async ({ page, provider }) => {
  await finishReply(page, await beginReply(page, provider));
  await page.setViewportSize({ width: 390, height: 844 });
  for (const words of ['A river', 'way', 'The end']) {
    await select(newestReply(page), words);
    await expect(toolbar(page)).toBeVisible();
    await expect.poll(async () => (await toolbar(page).boundingBox())!.y).toBeGreaterThan(0);
    const box = (await toolbar(page).boundingBox())!;
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(390);
    expect(box.y + box.height).toBeLessThanOrEqual(844);
  }
  expect(await replies(page).count()).toBe(1);
});

scripted('Go on from here begins a sibling with the words before, in every tab', async ({ page, context, provider }) => {
  await finishReply(page, await beginReply(page, provider));
  const tab = await openSecondTab(context, page);
  await waitForHydration(tab);
  // From the middle of a word.
  await select(newestReply(page), 'ames', 'way');
  await page.keyboard.press('Control+Shift+Digit9');
  await button(toolbar(page), 'Go on from here').press('Enter');
  const field = page.getByRole('textbox', { name: 'How should it go on? (optional)', exact: true });
  await expect(field).toBeFocused();
  await field.fill('Be brief.');
  await field.press('Enter');
  const writer = await provider.nextRequest();
  const turns = (writer.asked as { messages: { role: string; content: string }[] }).messages;
  expect(turns[1]).toEqual({ role: 'assistant', content: 'A river has **many ' });
  expect(turns[2].content).toMatch(/\n\nBe brief\.$/);
  await expect(newestReply(page)).toContainText('A river has many');
  for (const one of [page, tab]) await expect(newestReply(one).locator('.siblings')).toContainText('2/2');
  writer.writes('branches**.');
  for (const one of [page, tab]) await expect(newestReply(one)).toContainText('A river has many branches.');
  await finishReply(page, writer);
  // The original stays.
  await button(newestReply(page), 'Previous version').click();
  await expect(newestReply(page)).toContainText('The end of it all.');
});

scripted('Go on from here stops one’s own running reply, and tells where nothing comes before', async ({ page, provider }) => {
  const first = await beginReply(page, provider, 'One two three');
  await select(newestReply(page), 'One');
  await button(toolbar(page), 'Go on from here').click();
  await expect(page.getByText('No words come before these.')).toBeVisible();
  await select(newestReply(page), 'three');
  await button(toolbar(page), 'Go on from here').click();
  await page.getByRole('textbox', { name: 'How should it go on? (optional)', exact: true }).press('Enter');
  const writer = await provider.nextRequest();
  first.ends();
  writer.writes('four');
  await expect(newestReply(page)).toContainText('One two four');
  await finishReply(page, writer);
  await button(newestReply(page), 'Previous version').click();
  await expectStatus(newestReply(page), 'stopped');
  await expect(newestReply(page)).toContainText('One two three');
});
