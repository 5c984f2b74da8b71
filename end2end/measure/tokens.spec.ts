// What it costs a page to append tokens to texts of several kinds and lengths.

import type { Locator, Page } from '@playwright/test';
import { ask, createAccount, expectStatus, textOf } from '../support/person.ts';
import type { Writer } from '../support/provider.ts';
import type { BareServer } from './bare.ts';
import { addRow } from './rows.ts';
import { expect, test } from './test.ts';
import { PACE, TOKENS, type Work, noteArrivals, token, workFor } from './work.ts';

/** Of the text before the tokens, in KB. */
const SIZES = [1, 20, 100];
const PARTS = [2, 100, 400, 900];
/** The goals: per cent of the main thread, and milliseconds until a token is painted. */
const [MAX_BUSY, MAX_PAINTED] = [6, 50];
const SENTENCE = 'A river keeps its words by moving on, and nobody has to ask it twice. ';

/** Makes texts of so many KB: a start, a piece repeated, and the beginning of the next piece. */
const repeated = (piece: string, last: string, start = '') => (size: number) =>
  start + piece.repeat(Math.max(1, Math.floor((size * 1024) / piece.length))) + last;

const SHAPES: [string, (size: number) => string][] = [
  ['prose', repeated(`${SENTENCE.repeat(8).trim()}\n\n`, SENTENCE.trim())],
  ['an open fence', repeated('    let word = river.next().expect("it flows");\n', '    let', '```text\n')],
  ['a list', repeated(`- **Rivers** keep \`words\`: ${SENTENCE.trim()}\n`, '- And')],
  ['a loose list', repeated(`1. ${SENTENCE.trim()}\n\n`, '1. And')],
  ['a nested list', repeated(`  - **Rivers** keep words:\n    1. ${SENTENCE.trim()}\n    2. And so on\n`, '    3. And', '- Of rivers\n')],
  ['a table', repeated('| Rivers | keep `words` | 1234 | by **moving** on |\n', '| And', '| a | b | c | d |\n|---|---|--:|---|\n')],
  ['a quote', repeated(`> ${SENTENCE.trim()}\n>\n`, '> And')],
  ['one paragraph', repeated(SENTENCE, 'And', 'Listen. ')],
  ['one paragraph with marks', repeated(`A **river** keeps its \`words\` by [moving](http://example.org) on. `, 'And', 'Listen. ')],
];

/** What a page costs that only appends to this text. */
async function bareWork(page: Page, bare: BareServer, text: string): Promise<Work> {
  const plain = await page.context().newPage();
  await plain.goto(bare.url);
  await bare.waitForConnection();
  bare.sends(text);
  await expect(plain.locator('p')).toContainText(text.slice(-20));
  const work = await workFor(plain, (token) => bare.sends(token));
  await plain.close();
  bare.disconnects();
  return work;
}

/** What Rivulet's page costs when tokens are appended to a reply that has this text. Completes the reply. */
async function replyWork(page: Page, writer: Writer, reply: Locator, before: string): Promise<Work> {
  await expect.poll(async () => (await textOf(reply)).length, { timeout: 60_000 }).toBe(before.length);
  const work = await workFor(page, (token) => writer.writes(token));
  writer.ends();
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toBe(before + Array.from({ length: TOKENS }, (_, at) => token(at)).join(''));
  return work;
}

/** The rows of one shape, at each of its sizes. */
function addRows(subject: string, sizes: string[], ours: Work[], bare: Work[]): void {
  for (const [at, size] of sizes.entries()) {
    const growth: [number, number, string] = [1.5, ours[0].busy, `the one at ${sizes[0]}`];
    addRow({
      row: `main thread busy, %: ${subject}, ${size}, ${PACE} tokens/s`,
      measured: ours[at].busy,
      bare: bare[at].busy,
      most: MAX_BUSY,
      times: at > 0 ? growth : undefined,
    });
  }
  const most = (of: keyof Work, works: Work[]) => Math.max(...works.map((work) => work[of]));
  addRow({ row: `arrival → painted, ms, p95: ${subject}, at most`, measured: most('painted', ours), bare: most('painted', bare), most: MAX_PAINTED });
  addRow({ row: `long tasks: ${subject}`, measured: ours.reduce((sum, { long }) => sum + long, 0), bare: bare.reduce((sum, { long }) => sum + long, 0), most: 0 });
}

test.beforeEach(async ({ context }) => noteArrivals(context));

for (const [shape, text] of SHAPES) {
  test(`tokens in ${shape}`, async ({ page, provider, rivulet, bare }) => {
    await createAccount(page);
    const [ours, theirs]: [Work[], Work[]] = [[], []];
    for (const size of SIZES) {
      await page.goto(rivulet.url);
      const reply = await ask(page, `${size} KB of ${shape}`);
      const writer = await provider.nextRequest();
      writer.writes(text(size));
      ours.push(await replyWork(page, writer, reply, text(size)));
      theirs.push(await bareWork(page, bare, text(size)));
    }
    addRows(shape, SIZES.map((size) => `${size} KB`), ours, theirs);
  });
}

test('tokens after many parts', async ({ page, provider, rivulet, bare }) => {
  await createAccount(page);
  const [ours, theirs]: [Work[], Work[]] = [[], []];
  for (const parts of PARTS) {
    await page.goto(rivulet.url);
    const reply = await ask(page, `${parts} parts`);
    const writer = await provider.nextRequest();
    let before = '';
    for (let part = 0; part < parts; part += 2) {
      writer.thinks(`Thought of part ${part}.`);
      writer.writes(`Part ${part}.`);
      before += `Part ${part}.`;
    }
    ours.push(await replyWork(page, writer, reply, before));
    theirs.push(await bareWork(page, bare, before));
  }
  addRows('after many parts', PARTS.map((parts) => `${parts} parts`), ours, theirs);
});
