// How a streaming reply is shown.

import type { Locator } from '@playwright/test';
import { PROSE, RIVERS, ask, createAccount, expectStatus, idOf, newestReply, openSecondTab, textOf, waitForLength } from '../support/person.ts';
import { expect, scripted, test } from '../support/test.ts';

scripted('thinking is open while it streams, and folds when the text begins', async ({ page, provider, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'How does a river keep its words?');
  const writer = await provider.nextRequest();
  writer.thinks('A river has ');
  const thinking = reply.locator('details');
  await expect(thinking).toHaveAttribute('open');
  await expect(thinking.getByText('Thinking…')).toBeVisible();
  await expect(thinking.getByText('A river has')).toBeVisible();
  writer.thinks('no memory.');
  await expect(thinking.getByText('A river has no memory.')).toBeVisible();
  writer.writes('It keeps them ');
  await expectStatus(reply, 'streaming');
  const announced = page.locator('#status');
  await expect(announced).toBeEmpty();
  await expect(thinking).not.toHaveAttribute('open');
  await expect(thinking.getByText(/^Thought for (a moment|\d+ s)$/)).toBeVisible();
  writer.writes('by moving on.');
  writer.ends();
  await expectStatus(reply, 'completed');
  await expect(announced).toHaveText('The reply is finished.');
  await recorder.check(page, await idOf(reply));
});

test('a reply streams: thinking first, then text, then it is complete', async ({ page, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'How does a river keep its words?', 'demo/demo');
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toBe(RIVERS);
  await expect(reply.getByText(/^Thought for \d+ s$/)).toBeVisible();
  await expect(reply.getByText('How a river keeps its words')).toHaveCount(1);

  const id = await idOf(reply);
  const growth = await recorder.growth(page, id);
  const steps = (kind: string) => growth.filter((state) => state.parts.at(-1)?.kind === kind).length;
  expect(steps('thinking')).toBeGreaterThanOrEqual(3);
  expect(steps('text')).toBeGreaterThanOrEqual(3);
  await recorder.check(page, id);
});

test('prose is shown exactly in every state', async ({ page, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toBe(PROSE);
  const id = await idOf(reply);
  expect((await recorder.growth(page, id)).length).toBeGreaterThan(100);
  await recorder.check(page, id, { prose: true });
});

test('two tabs show the same reply while it streams', async ({ page, context, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of the lock.', 'demo/demo-prose');
  const tab = await openSecondTab(context, page);
  const other = newestReply(tab);
  for (const units of [1000, 2500, 4000]) {
    await waitForLength(reply, units);
    await waitForLength(other, units);
  }
  await expectStatus(reply, 'completed');
  await expectStatus(other, 'completed');
  expect(await textOf(reply)).toBe(PROSE);
  expect(await textOf(other)).toBe(PROSE);
  const id = await idOf(reply);
  for (const one of [page, tab]) {
    expect((await recorder.growth(one, id)).length).toBeGreaterThan(3);
  }
  await recorder.check(page, id, { prose: true });
});

scripted('a tab that is opened while a reply streams shows all of it', async ({ page, context, provider, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'How does a river keep its words?');
  const writer = await provider.nextRequest();
  writer.thinks('Of rivers.');
  const writing = writer.writesWords(RIVERS, 20);
  await waitForLength(reply, 800);
  const tab = await openSecondTab(context, page);
  const id = await idOf(reply);
  const [first] = await recorder.states(tab, id);
  expect(first.status).toBe('streaming');
  expect(first.parts[1].shown.length).toBeGreaterThan(700);
  await writing.finish();
  await expectStatus(reply, 'completed');
  await expectStatus(newestReply(tab), 'completed');
  expect(await textOf(newestReply(tab))).toBe(RIVERS);
  await recorder.check(page, id);
});

test('a very long reply at full speed is shown exactly', async ({ page, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'Read me the whole log.', 'quick/demo-long');
  await expectStatus(reply, 'completed', 50_000);
  expect((await textOf(reply)).length).toBeGreaterThan(200_000);
  await recorder.check(page, await idOf(reply), { prose: true });
});

test('a message that is replaced, as after a backup was restored, is shown as it is now', async ({ page }) => {
  let number: number | undefined;
  let epoch = [0, 0];
  let sendToPage: (frame: string) => void = () => {};
  let replaced = false;
  await page.routeWebSocket(/\/live/, (socket) => {
    const server = socket.connectToServer();
    sendToPage = (frame) => socket.send(frame);
    server.onMessage((frame) => {
      const { e } = JSON.parse(String(frame));
      if (e) [number, epoch] = e;
      if (!replaced) socket.send(frame);
    });
  });
  await createAccount(page);
  const reply = await ask(page, 'How does a river keep its words?', 'demo/demo');
  await waitForLength(reply, 1500);
  const [id, before] = [await idOf(reply), (await textOf(reply)).length];
  const text = Array.from({ length: 200 }, (_, at) => `NEW block ${at} of the message that was put in its place.\n`).join('\n');
  expect(text.length).toBeGreaterThan(before);
  replaced = true;
  const part = (kind: string, text: string) => ({ kind, started_at: 0, text });
  const message = {
    id, role: 'assistant', model: 'demo/demo', epoch: [epoch[0] + 1, 1], status: 'completed', ended_at: 1,
    parts: [part('text', text), part('thinking', 'Afterthought')],
  };
  sendToPage(JSON.stringify({ e: [number, message.epoch, { snapshot: { message, reset: false } }] }));
  await expectStatus(reply, 'completed');
  expect(await textOf(reply)).toBe(text);
  await expect(reply.locator('[data-part="text"]')).toHaveText(/^NEW block 0 of.*NEW block 199 of the message that was put in its place\.$/s);
  await expect(reply.locator('[data-part]').last()).toHaveAttribute('data-part', 'thinking');
  await expect(reply.locator('[data-part]')).toHaveCount(2);
});

/** Lists, tables, quotes and a paragraph, each so long that it is rendered piece by piece. */
function longBlocks(): string {
  const many = (times: number, line: (at: number) => string) => Array.from({ length: times }, (_, at) => line(at)).join('');
  return [
    many(30, (at) => `- **Item ${at}** flows & \`moves\` on.\n${at % 5 ? '' : `  1. one of ${at}\n  2. two with [a link](http://e.org/${at})\n`}`),
    many(12, (at) => `${at + 1}. Loose item ${at}.\n\n`),
    `| Name | Value |\n|:--|--:|\n${many(25, (at) => `| row *${at}* | ${at * at} |\n`)}`,
    many(10, (at) => `> Quoted ${at}.\n>\n`),
    many(40, (at) => `A river keeps its words ${at}, **moving** on <as> it \`does\`. `).trim(),
    '- late\n- loose\n\n- list, see [there]',
    '[there]: http://e.org/there',
    'The end.',
  ].join('\n\n');
}

scripted('long blocks change only at their end while they grow, and are the same after a reload', async ({ page, provider, recorder }) => {
  await createAccount(page);
  const reply = await ask(page, 'Tell me of many rivers.');
  const writer = await provider.nextRequest();
  const text = longBlocks();
  const blocks = () => reply.locator('[data-part="text"] > *').evaluateAll((blocks) => blocks.map((block) => block.outerHTML));
  const halfway = text.indexOf('Item 20');
  writer.writes(text.slice(0, halfway));
  const items = reply.locator('[data-part="text"] > ul > li');
  await expect(items).toHaveCount(20);
  await items.nth(3).evaluate((item) => {
    Object.assign(item, { wasThere: true });
    getSelection()!.selectAllChildren(item);
  });
  for (let at = halfway; at < text.length; at += 7) writer.writes(text.slice(at, at + 7));
  await expect.poll(() => textOf(reply)).toBe(text);
  expect(await items.nth(3).evaluate((item) => 'wasThere' in item && getSelection()!.toString())).toContain('Item 3 flows & moves on.');
  writer.ends();
  await expectStatus(reply, 'completed');
  await recorder.check(page, await idOf(reply));
  const before = await blocks();
  expect(before.length).toBe(7);
  await page.reload();
  expect(await blocks()).toEqual(before);
});

scripted('right-to-left text is shown right to left, and code left to right', async ({ page, provider }) => {
  await createAccount(page);
  const reply = await ask(page, 'ما هو النهر؟');
  const writer = await provider.nextRequest();
  writer.writes('النهر ماء يجري.\n\n- شغّل `npm run` أولا.\n- `cargo` يبني.\n\n| اسم | قيمة |\n|---|---|\n| نهر | ماء |\n\nPlain English.\n\n```\nlet a = 1.\n```\n');
  writer.ends();
  await expectStatus(reply, 'completed');
  const question = page.locator('[data-part="text"]').first();
  expect(await direction(question, 'ما', '؟'), 'the question mark is left of the question').toBe('right to left');
  const paragraph = reply.locator('p').first();
  expect(await direction(paragraph, 'النهر', '.'), 'the full stop is left of the sentence').toBe('right to left');
  const [first, second] = [reply.locator('li').first(), reply.locator('li').nth(1)];
  expect(await direction(first, 'شغّل', 'npm')).toBe('right to left');
  expect(await direction(first, 'npm', 'أولا')).toBe('right to left');
  expect(await direction(second, 'cargo', 'يبني'), 'code does not change the direction').toBe('right to left');
  expect(await direction(reply.locator('table'), 'اسم', 'قيمة'), 'the first column is at the right').toBe('right to left');
  expect(await direction(reply.getByText('Plain English.'), 'Plain', '.')).toBe('left to right');
  expect(await direction(reply.locator('pre'), 'let', '.')).toBe('left to right');
  const edges = await reply.locator('[data-part="text"]').evaluate((part) => {
    const [text, list] = ['p', 'ul'].map((name) => part.querySelector(name)!);
    const words = document.createRange();
    words.selectNodeContents(text);
    return { part: part.getBoundingClientRect().right, words: words.getBoundingClientRect().right, bullets: getComputedStyle(list).paddingRight };
  });
  expect(edges.words).toBeCloseTo(edges.part, 0);
  expect(parseFloat(edges.bullets), 'there is room for bullets at the right').toBeGreaterThan(10);
});

scripted('on paper wide tables and long lines wrap', async ({ page, provider }) => {
  await createAccount(page);
  const reply = await ask(page, 'Print me a river.');
  const writer = await provider.nextRequest();
  const cells = Array.from({ length: 9 }, (_, at) => `a rather long cell number ${at}`).join(' | ');
  writer.writes(`| ${cells} |\n${'|---'.repeat(9)}|\n| ${cells} |\n\n\`\`\`\n${'let word = river.next(); '.repeat(20)}\n\`\`\`\n\n- [x] done\n`);
  writer.ends();
  await expectStatus(reply, 'completed');
  const overhang = () => reply.locator('.table, pre').evaluateAll((boxes) => boxes.map((box) => box.scrollWidth - box.clientWidth));
  expect(Math.min(...(await overhang())), 'on the screen they scroll').toBeGreaterThan(100);
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 700, height: 1000 });
  expect(Math.max(...(await overhang()))).toBeLessThanOrEqual(1);
  await expect(reply.locator('input:checked')).toHaveCSS('print-color-adjust', 'exact');
});

/** The direction in which the second word follows the first one on the page. */
async function direction(within: Locator, first: string, second: string): Promise<string> {
  return within.evaluate((element, words) => {
    const places = words.map((word) => {
      const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const at = texts.currentNode.textContent!.indexOf(word);
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(texts.currentNode, at);
        range.setEnd(texts.currentNode, at + word.length);
        return range.getBoundingClientRect().left;
      }
      throw new Error(`${word} is not there.`);
    });
    return places[0] < places[1] ? 'left to right' : 'right to left';
  }, [first, second]);
}
