// Tests of the recorder and the console log: if those found nothing, the other tests would prove nothing.

import { type Page } from '@playwright/test';
import { expect, test } from '../support/test.ts';

const FINAL = 'One two.\n\nThree four.\n';

test('a reply that only grows is accepted', async ({ page, recorder }) => {
  await page.route('**/fake', (route) => route.fulfill({ contentType: 'text/html', body: document('One two.') }));
  await page.goto('/fake');
  await setSource(page, 'One two.');
  await show(page, ['One two.', 'Three'], 'One two.\n\nThree ');
  await show(page, ['One two.', 'Three four.'], FINAL);
  await recorder.check(page, 'msg_1', { prose: true });
  expect(await recorder.growth(page, 'msg_1')).toHaveLength(3);
});

const faults: [fault: string, blocks: string[], source: string, message: string][] = [
  ['a lost word', ['One two.', 'four.'], 'One two.\n\nThree ', 'the text that was shown'],
  ['a lost word in the source', ['One two.', 'Three'], 'One two.\n\nfour.', 'a state that was shown'],
  ['a repeated word', ['One two. two.'], 'One two.', 'the text that was shown'],
  ['words that disappear', ['One'], 'One two.', 'the text shown before'],
  ['a source that shrinks', ['One two.'], 'One', 'the state before'],
  ['an empty block', ['One two.', ''], 'One two.', 'no white space is shown after the last word'],
  ['blocks in the wrong order', ['Three', 'One two.'], 'One two.\n\nThree', 'the text that was shown'],
];

for (const [fault, blocks, source, message] of faults) {
  test(`${fault} is found`, async ({ page, recorder }) => {
    await page.route('**/fake', (route) => route.fulfill({ contentType: 'text/html', body: document('One two.') }));
    await page.goto('/fake');
    await setSource(page, 'One two.');
    await show(page, blocks, source);
    await show(page, ['One two.', 'Three four.'], FINAL);
    await expect(recorder.check(page, 'msg_1', { prose: true })).rejects.toThrow(message);
  });
}

test('what the page showed before a reload is compared, too', async ({ page, recorder }) => {
  let text = 'One two three.';
  await page.route('**/fake', (route) => route.fulfill({ contentType: 'text/html', body: document(text) }));
  await page.goto('/fake');
  text = 'One two.';
  await page.reload();
  await setSource(page, 'One two.');
  await expect(recorder.check(page, 'msg_1', { prose: true })).rejects.toThrow('the text that was shown');
});

test('a line on the console is found', async ({ page, consoleLog }) => {
  await page.route('**/fake', (route) => route.fulfill({ contentType: 'text/html', body: document('') }));
  await page.goto('/fake');
  await page.evaluate(() => console.warn('what is this'));
  expect(() => consoleLog.check()).toThrow('nothing is logged');
  consoleLog.clear();
});

function document(text: string): string {
  return `<!doctype html><article data-message-id="msg_1" data-status="streaming"><div class="prose" data-part="text"><p>${text}</p></div></article>`;
}

/** Gives the page's part this source, and a change for the recorder to notice. */
async function setSource(page: Page, source: string): Promise<void> {
  await page.locator('[data-part]').evaluate((part, source) => {
    Object.assign(part, { source: () => source });
    part.parentElement!.dataset.status += '.';
  }, source);
}

/** Makes the page show these blocks, with this source. */
async function show(page: Page, blocks: string[], source: string): Promise<void> {
  await page.locator('[data-part]').evaluate((part, blocks) => {
    part.innerHTML = blocks.map((block) => `<p>${block}</p>`).join('');
  }, blocks);
  await setSource(page, source);
}
