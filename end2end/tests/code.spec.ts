import type { Locator } from '@playwright/test';
import { createAccount, expectStatus, idOf, say, textOf } from '../support/person.ts';
import { expect, told } from '../support/test.ts';

told('a long code block grows in pieces, can be scrolled and copied meanwhile, and is one text at the end', async ({ page, provider, recorder }) => {
  const lines = Array.from({ length: 300 }, (_, at) => `let word_${at} = river.next().expect("it goes on"); // 🐟${at % 50 ? '' : ' and on'.repeat(40)}\n`);
  lines[150] = '\n';
  await createAccount(page);
  const answer = await say(page, 'Write me a river.');
  const voice = await provider.isAsked();
  let said = '';
  const says = async (text: string) => {
    voice.says(text);
    said += text;
    await expect.poll(() => textOf(answer), { intervals: [10] }).toBe(said);
  };
  await says('```rust\n');
  const code = answer.locator('pre code');
  for (const line of lines) await says(line);
  await expect(code.locator('.run').nth(3)).toBeAttached();
  // What the page has is painted with the next frame.
  await expect.poll(() => code.textContent()).toBe(lines.join(''));
  const selected = await code.evaluate((code) => {
    getSelection()!.selectAllChildren(code);
    return getSelection()!.toString();
  });
  expect(selected.trimEnd()).toBe(lines.join('').trimEnd());
  expect(await height(code)).toBe(lines.length);
  const pre = answer.locator('pre');
  expect(await pre.evaluate((pre) => pre.scrollWidth)).toBeGreaterThan(2000);

  voice.says('```\nThat is all.');
  voice.ends();
  await expectStatus(answer, 'completed');
  await expect(code.locator('.run')).toHaveCount(0);
  expect(await code.textContent()).toBe(lines.join(''));
  expect(await height(code)).toBe(lines.length);
  await recorder.check(page, await idOf(answer));
  const blocks = () => answer.locator('[data-part="text"] > *').evaluateAll((blocks) => blocks.map((block) => block.outerHTML));
  const before = await blocks();
  await page.reload();
  expect(await blocks()).toEqual(before);
});

told('long thinking grows in pieces and reads as one text', async ({ page, provider, recorder }) => {
  const thoughts = Array.from({ length: 120 }, (_, at) => `Thought ${at}: a river keeps its words by moving on.\n${at % 7 ? '' : '\n'}`);
  await createAccount(page);
  const answer = await say(page, 'Think of a river.');
  const voice = await provider.isAsked();
  const thinking = answer.locator('[data-part="thinking"]');
  for (const [at, thought] of thoughts.entries()) {
    voice.thinks(thought);
    await expect(thinking).toContainText(`Thought ${at}:`);
  }
  await expect(thinking.locator('.run').first()).toBeAttached();
  expect(await thinking.textContent()).toBe(thoughts.join(''));
  voice.says('It flows.');
  voice.ends();
  await expectStatus(answer, 'completed');
  await recorder.check(page, await idOf(answer));
});

/** How many lines a text is high. */
function height(text: Locator): Promise<number> {
  return text.evaluate((text) => {
    const pre = text.closest('pre')!;
    const { paddingTop, paddingBottom, lineHeight } = getComputedStyle(pre);
    return Math.round((pre.scrollHeight - parseFloat(paddingTop) - parseFloat(paddingBottom)) / parseFloat(lineHeight));
  });
}
