// What appended tokens cost the page, whatever stands there already and however long it is.

import type { Page } from '@playwright/test';
import { createAccount, expectStatus, say, textOf } from '../support/person.ts';
import type { Voice } from '../support/provider.ts';
import type { Bare } from './bare.ts';
import { add } from './rows.ts';
import { expect, test } from './test.ts';
import { PACE, TOKENS, type Work, noteArrivals, token, workFor } from './work.ts';

/** In KB. */
const SIZES = [1, 20, 100];
const PARTS = [2, 100, 400, 900];
/** Per cent of the main thread, and milliseconds until a token is painted. */
const [BUSY, PAINTED] = [6, 50];
const SENTENCE = 'A river keeps its words by moving on, and nobody has to ask it twice. ';

/** So many KB of pieces, the last one begun. */
const grown = (piece: string, last: string, start = '') => (size: number) =>
  start + piece.repeat(Math.max(1, Math.floor((size * 1024) / piece.length))) + last;

const SHAPES: [string, (size: number) => string][] = [
  ['prose', grown(`${SENTENCE.repeat(8).trim()}\n\n`, SENTENCE.trim())],
  ['an open fence', grown('    let word = river.next().expect("it flows");\n', '    let', '```text\n')],
  ['a list', grown(`- **Rivers** keep \`words\`: ${SENTENCE.trim()}\n`, '- And')],
  ['a loose list', grown(`1. ${SENTENCE.trim()}\n\n`, '1. And')],
  ['a nested list', grown(`  - **Rivers** keep words:\n    1. ${SENTENCE.trim()}\n    2. And so on\n`, '    3. And', '- Of rivers\n')],
  ['a table', grown('| Rivers | keep `words` | 1234 | by **moving** on |\n', '| And', '| a | b | c | d |\n|---|---|--:|---|\n')],
  ['a quote', grown(`> ${SENTENCE.trim()}\n>\n`, '> And')],
  ['one paragraph', grown(SENTENCE, 'And', 'Listen. ')],
  ['one paragraph with marks', grown(`A **river** keeps its \`words\` by [moving](http://example.org) on. `, 'And', 'Listen. ')],
];

/** What a page does that only appends, with so much in it. */
async function bareWork(page: Page, bare: Bare, text: string): Promise<Work> {
  const plain = await page.context().newPage();
  await plain.goto(bare.url);
  await bare.isConnected();
  bare.says(text);
  await expect(plain.locator('p')).toContainText(text.slice(-20));
  const work = await workFor(plain, (token) => bare.says(token));
  await plain.close();
  bare.lets();
  return work;
}

/** Asks for a reply, has it grow, and measures what comes then. */
async function work(page: Page, voice: Voice, answer: Awaited<ReturnType<typeof say>>, before: string): Promise<Work> {
  await expect.poll(async () => (await textOf(answer)).length, { timeout: 60_000 }).toBe(before.length);
  const work = await workFor(page, (token) => voice.says(token));
  voice.ends();
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(before + Array.from({ length: TOKENS }, (_, at) => token(at)).join(''));
  return work;
}

/** The rows of one shape, at each of its sizes. */
function addRows(what: string, sizes: string[], ours: Work[], bare: Work[]): void {
  for (const [at, size] of sizes.entries()) {
    const flat: [number, number, string] = [1.5, ours[0].busy, `the one at ${sizes[0]}`];
    add({
      row: `main thread busy, %: ${what}, ${size}, ${PACE} tokens/s`,
      measured: ours[at].busy,
      bare: bare[at].busy,
      most: BUSY,
      times: at > 0 ? flat : undefined,
    });
  }
  const most = (of: keyof Work, works: Work[]) => Math.max(...works.map((work) => work[of]));
  add({ row: `arrival → painted, ms, p95: ${what}, at most`, measured: most('painted', ours), bare: most('painted', bare), most: PAINTED });
  add({ row: `long tasks: ${what}`, measured: ours.reduce((sum, { long }) => sum + long, 0), bare: bare.reduce((sum, { long }) => sum + long, 0), most: 0 });
}

test.beforeEach(async ({ context }) => noteArrivals(context));

for (const [what, text] of SHAPES) {
  test(`tokens in ${what}`, async ({ page, provider, rivulet, bare }) => {
    await createAccount(page);
    const [ours, theirs]: [Work[], Work[]] = [[], []];
    for (const size of SIZES) {
      await page.goto(rivulet.url);
      const answer = await say(page, `${size} KB of ${what}`);
      const voice = await provider.isAsked();
      voice.says(text(size));
      ours.push(await work(page, voice, answer, text(size)));
      theirs.push(await bareWork(page, bare, text(size)));
    }
    addRows(what, SIZES.map((size) => `${size} KB`), ours, theirs);
  });
}

test('tokens after many parts', async ({ page, provider, rivulet, bare }) => {
  await createAccount(page);
  const [ours, theirs]: [Work[], Work[]] = [[], []];
  for (const parts of PARTS) {
    await page.goto(rivulet.url);
    const answer = await say(page, `${parts} parts`);
    const voice = await provider.isAsked();
    let before = '';
    for (let part = 0; part < parts; part += 2) {
      voice.thinks(`Thought of part ${part}.`);
      voice.says(`Part ${part}.`);
      before += `Part ${part}.`;
    }
    ours.push(await work(page, voice, answer, before));
    theirs.push(await bareWork(page, bare, before));
  }
  addRows('after many parts', PARTS.map((parts) => `${parts} parts`), ours, theirs);
});
