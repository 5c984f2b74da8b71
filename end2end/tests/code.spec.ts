// Code blocks and thinking, which are several elements while they grow.

import type { Locator } from '@playwright/test';
import { ask, createAccount, expectStatus, idOf, textOf } from '../support/person.ts';
import { expect, scripted } from '../support/test.ts';

scripted('a long code block is several elements while it grows, can be scrolled and copied, and is one element at the end', async ({ page, provider, recorder }) => {
  const lines = Array.from({ length: 300 }, (_, at) => `let word_${at} = river.next().expect("it flows"); // 🐟${at % 50 ? '' : ' and on'.repeat(40)}\n`);
  lines[150] = '\n';
  await createAccount(page);
  const reply = await ask(page, 'Write me a river.');
  const writer = await provider.nextRequest();
  let written = '';
  const writesAndWaits = async (text: string) => {
    writer.writes(text);
    written += text;
    await expect.poll(() => textOf(reply), { intervals: [10] }).toBe(written);
  };
  await writesAndWaits('```rust\n');
  const code = reply.locator('pre code');
  for (const line of lines) await writesAndWaits(line);
  await expect(code.locator('.run').nth(3)).toBeAttached();
  // The page's scripts have the text before the next frame shows it.
  await expect.poll(() => code.textContent()).toBe(lines.join(''));
  const selected = await code.evaluate((code) => {
    getSelection()!.selectAllChildren(code);
    return getSelection()!.toString();
  });
  expect(selected.trimEnd()).toBe(lines.join('').trimEnd());
  expect(await heightInLines(code)).toBe(lines.length);
  const pre = reply.locator('pre');
  expect(await pre.evaluate((pre) => pre.scrollWidth)).toBeGreaterThan(2000);

  writer.writes('```\nThat is all.');
  writer.ends();
  await expectStatus(reply, 'completed');
  await expect(code.locator('.run')).toHaveCount(0);
  expect(await code.textContent()).toBe(lines.join(''));
  expect(await heightInLines(code)).toBe(lines.length);
  await recorder.check(page, await idOf(reply));
  const blocks = () => reply.locator('[data-part="text"] > *').evaluateAll((blocks) => blocks.map((block) => block.outerHTML));
  const before = await blocks();
  await page.reload();
  expect(await blocks()).toEqual(before);
});

scripted('long thinking is several elements while it grows, and reads as one text', async ({ page, provider, recorder }) => {
  const thoughts = Array.from({ length: 120 }, (_, at) => `Thought ${at}: a river keeps its words by moving on.\n${at % 7 ? '' : '\n'}`);
  await createAccount(page);
  const reply = await ask(page, 'Think of a river.');
  const writer = await provider.nextRequest();
  const thinking = reply.locator('[data-part="thinking"]');
  for (const [at, thought] of thoughts.entries()) {
    writer.thinks(thought);
    await expect(thinking).toContainText(`Thought ${at}:`);
  }
  await expect(thinking.locator('.run').first()).toBeAttached();
  expect(await thinking.textContent()).toBe(thoughts.join(''));
  writer.writes('It flows.');
  writer.ends();
  await expectStatus(reply, 'completed');
  await recorder.check(page, await idOf(reply));
});

/** How many lines the code takes. */
function heightInLines(code: Locator): Promise<number> {
  return code.evaluate((code) => {
    const pre = code.closest('pre')!;
    const { paddingTop, paddingBottom, lineHeight } = getComputedStyle(pre);
    return Math.round((pre.scrollHeight - parseFloat(paddingTop) - parseFloat(paddingBottom)) / parseFloat(lineHeight));
  });
}
