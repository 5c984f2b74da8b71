// The tests' own measure: a recorder that finds nothing would make all others worthless.

import { type Page } from '@playwright/test';
import { expect, test } from '../support/test.ts';

const TRUTH = 'One two.\n\nThree four.\n';

test('a reply that only grows is let through', async ({ page, recorder }) => {
  await page.route('**/fake', (route) => route.fulfill({ contentType: 'text/html', body: document('One two.') }));
  await page.goto('/fake');
  await knows(page, 'One two.');
  await shows(page, ['One two.', 'Three'], 'One two.\n\nThree ');
  await shows(page, ['One two.', 'Three four.'], TRUTH);
  await recorder.check(page, 'msg_1', { prose: true });
  expect(await recorder.growth(page, 'msg_1')).toHaveLength(3);
});

const faults: [what: string, blocks: string[], source: string, said: string][] = [
  ['a lost word', ['One two.', 'four.'], 'One two.\n\nThree ', 'the words that were shown'],
  ['a lost word in the source', ['One two.', 'Three'], 'One two.\n\nfour.', 'a state that was shown'],
  ['a doubled word', ['One two. two.'], 'One two.', 'the words that were shown'],
  ['words that go again', ['One'], 'One two.', 'the words before'],
  ['a source that shrinks', ['One two.'], 'One', 'the state before'],
  ['an empty block', ['One two.', ''], 'One two.', 'nothing hangs over'],
  ['blocks in the wrong order', ['Three', 'One two.'], 'One two.\n\nThree', 'the words that were shown'],
];

for (const [what, blocks, source, said] of faults) {
  test(`${what} is found`, async ({ page, recorder }) => {
    await page.route('**/fake', (route) => route.fulfill({ contentType: 'text/html', body: document('One two.') }));
    await page.goto('/fake');
    await knows(page, 'One two.');
    await shows(page, blocks, source);
    await shows(page, ['One two.', 'Three four.'], TRUTH);
    await expect(recorder.check(page, 'msg_1', { prose: true })).rejects.toThrow(said);
  });
}

test('what an earlier load of the page had shown counts, too', async ({ page, recorder }) => {
  let text = 'One two three.';
  await page.route('**/fake', (route) => route.fulfill({ contentType: 'text/html', body: document(text) }));
  await page.goto('/fake');
  text = 'One two.';
  await page.reload();
  await knows(page, 'One two.');
  await expect(recorder.check(page, 'msg_1', { prose: true })).rejects.toThrow('the words that were shown');
});

test('a line on the console is found', async ({ page, silence }) => {
  await page.route('**/fake', (route) => route.fulfill({ contentType: 'text/html', body: document('') }));
  await page.goto('/fake');
  await page.evaluate(() => console.warn('what is this'));
  expect(() => silence.check()).toThrow('the console is silent');
  silence.forget();
});

function document(text: string): string {
  return `<!doctype html><article data-message-id="msg_1" data-status="streaming"><div class="prose" data-part="text"><p>${text}</p></div></article>`;
}

/** The page has this source from now on, and tells the recorder. */
async function knows(page: Page, source: string): Promise<void> {
  await page.locator('[data-part]').evaluate((part, source) => {
    Object.assign(part, { source: () => source });
    part.parentElement!.dataset.status += '.';
  }, source);
}

async function shows(page: Page, blocks: string[], source: string): Promise<void> {
  await page.locator('[data-part]').evaluate((part, blocks) => {
    part.innerHTML = blocks.map((block) => `<p>${block}</p>`).join('');
  }, blocks);
  await knows(page, source);
}
