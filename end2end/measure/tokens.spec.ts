// What an appended token costs the page, however much stands there already.

import { createAccount, expectStatus, grownTo, say, textOf } from '../support/person.ts';
import { add } from './rows.ts';
import { expect, test } from './test.ts';
import { PACE, TOKENS, type Work, workFor } from './work.ts';

const SIZES = [1, 10, 100];
const SENTENCE = 'A river keeps its words by moving on, and nobody has to ask it twice. ';
const token = (at: number) => ` ${String(at).padStart(4, '0')}`;

/** So many KB of paragraphs, the last one begun. */
function prose(size: number): string {
  const paragraph = `${SENTENCE.repeat(8).trim()}\n\n`;
  return `${paragraph.repeat(Math.floor((size * 1024) / paragraph.length))}${SENTENCE}`.trim();
}

/** So many KB of code, in a fence that nobody has closed. */
function fence(size: number): string {
  const line = '    let word = river.next().expect("it goes on");\n';
  return `\`\`\`text\n${line.repeat(Math.floor((size * 1024) / line.length))}    let`;
}

const long = { ours: 0, bare: 0 };
for (const [kind, text] of [['prose', prose], ['an open fence', fence]] as const) {
  test(`a token in ${kind}`, async ({ page, provider, rivulet, bare, context }) => {
    await createAccount(page);
    let smallest: Work | undefined;
    for (const size of SIZES) {
      await page.goto(rivulet.url);
      const answer = await say(page, `${size} KB of ${kind}`);
      const voice = await provider.isAsked();
      const before = text(size);
      voice.says(before);
      await grownTo(answer, before.length * 0.9);
      const ours = await workFor(page, (token) => voice.says(token), token);
      voice.ends();
      await expectStatus(answer, 'completed');
      expect(await textOf(answer)).toBe(before + Array.from({ length: TOKENS }, (_, at) => token(at)).join(''));

      const plain = await context.newPage();
      await plain.goto(bare.url);
      await bare.isConnected();
      bare.says(before);
      await expect(plain.locator('p')).toContainText(before.slice(-20));
      const theirs = await workFor(plain, (token) => bare.says(token), token);
      await expect(plain.locator('p')).toContainText(token(TOKENS - 1));
      await plain.close();
      bare.lets();

      add({
        row: `main-thread time for an appended token, ms: ${kind}, ${size} KB, ${PACE} tokens/s`,
        measured: ours.each,
        bare: theirs.each,
        most: 1,
        times: smallest && [1.5, smallest.each, `the one in ${SIZES[0]} KB`],
      });
      smallest ??= ours;
      long.ours += ours.long;
      long.bare += theirs.long;
    }
  });
}

test.afterAll(() => {
  const load = `${SIZES.length * 2} replies × ${TOKENS} tokens`;
  add({ row: `long tasks while tokens come: ${load}`, measured: long.ours, bare: long.bare, most: 0 });
});
