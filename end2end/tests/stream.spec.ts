import type { Locator } from '@playwright/test';
import { PROSE, RIVERS, createAccount, expectStatus, grownTo, idOf, reply, say, secondTab, textOf } from '../support/person.ts';
import { expect, test, told } from '../support/test.ts';

told('thinking is shown while it lasts, and folds when the text begins', async ({ page, provider, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'How does a river keep its words?');
  const voice = await provider.isAsked();
  voice.thinks('A river has ');
  const thinking = answer.locator('details');
  await expect(thinking).toHaveAttribute('open');
  await expect(thinking.getByText('Thinking…')).toBeVisible();
  await expect(thinking.getByText('A river has')).toBeVisible();
  voice.thinks('no memory.');
  await expect(thinking.getByText('A river has no memory.')).toBeVisible();
  voice.says('It keeps them ');
  await expectStatus(answer, 'streaming');
  const announced = page.locator('#status');
  await expect(announced).toBeEmpty();
  await expect(thinking).not.toHaveAttribute('open');
  await expect(thinking.getByText(/^Thought for (a moment|\d+ s)$/)).toBeVisible();
  voice.says('by moving on.');
  voice.ends();
  await expectStatus(answer, 'completed');
  await expect(announced).toHaveText('The reply is finished.');
  await recorder.check(page, await idOf(answer));
});

test('a reply streams: thinking first, then text, then it is complete', async ({ page, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'How does a river keep its words?', 'demo/demo');
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(RIVERS);
  await expect(answer.getByText(/^Thought for \d+ s$/)).toBeVisible();
  await expect(answer.getByText('How a river keeps its words')).toHaveCount(1);

  const id = await idOf(answer);
  const growth = await recorder.growth(page, id);
  const steps = (kind: string) => growth.filter((state) => state.parts.at(-1)?.kind === kind).length;
  expect(steps('thinking')).toBeGreaterThanOrEqual(3);
  expect(steps('text')).toBeGreaterThanOrEqual(3);
  await recorder.check(page, id);
});

test('plain prose is shown to the letter at every step', async ({ page, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  const id = await idOf(answer);
  expect((await recorder.growth(page, id)).length).toBeGreaterThan(100);
  await recorder.check(page, id, { prose: true });
});

test('two tabs are in step, and neither sees what the other does not get', async ({ page, context, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of the lock.', 'demo/demo-prose');
  const tab = await secondTab(context, page);
  const there = reply(tab);
  for (const units of [1000, 2500, 4000]) {
    await grownTo(answer, units);
    await grownTo(there, units);
  }
  await expectStatus(answer, 'completed');
  await expectStatus(there, 'completed');
  expect(await textOf(answer)).toBe(PROSE);
  expect(await textOf(there)).toBe(PROSE);
  const id = await idOf(answer);
  for (const one of [page, tab]) {
    expect((await recorder.growth(one, id)).length).toBeGreaterThan(3);
  }
  await recorder.check(page, id, { prose: true });
});

told('a second tab opened in the middle has what the first one has', async ({ page, context, provider, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'How does a river keep its words?');
  const voice = await provider.isAsked();
  voice.thinks('Of rivers.');
  const telling = voice.tells(RIVERS, 20);
  await grownTo(answer, 800);
  const tab = await secondTab(context, page);
  const id = await idOf(answer);
  const [first] = await recorder.states(tab, id);
  expect(first.status).toBe('streaming');
  expect(first.parts[1].shown.length).toBeGreaterThan(700);
  await telling.finish();
  await expectStatus(answer, 'completed');
  await expectStatus(reply(tab), 'completed');
  expect(await textOf(reply(tab))).toBe(RIVERS);
  await recorder.check(page, id);
});

test('a very long reply streams fast, to the letter', async ({ page, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Read me the whole log.', 'quick/demo-long');
  await expectStatus(answer, 'completed', 50_000);
  expect((await textOf(answer)).length).toBeGreaterThan(200_000);
  await recorder.check(page, await idOf(answer), { prose: true });
});

test('a message that becomes another one, as after a backup was restored, is shown as that', async ({ page }) => {
  let number: number | undefined;
  let epoch = [0, 0];
  let tell: (frame: string) => void = () => {};
  let replaced = false;
  await page.routeWebSocket(/\/live/, (socket) => {
    const server = socket.connectToServer();
    tell = (frame) => socket.send(frame);
    server.onMessage((frame) => {
      const { e } = JSON.parse(String(frame));
      if (e) [number, epoch] = e;
      if (!replaced) socket.send(frame);
    });
  });
  await createAccount(page);
  const answer = await say(page, 'How does a river keep its words?', 'demo/demo');
  await grownTo(answer, 1500);
  const [id, before] = [await idOf(answer), (await textOf(answer)).length];
  const text = Array.from({ length: 200 }, (_, at) => `NEW block ${at} of the message that was put in its place.\n`).join('\n');
  expect(text.length).toBeGreaterThan(before);
  replaced = true;
  const part = (kind: string, text: string) => ({ kind, started_at: 0, text });
  const message = {
    id, role: 'assistant', model: 'demo/demo', epoch: [epoch[0] + 1, 1], status: 'completed', ended_at: 1,
    parts: [part('text', text), part('thinking', 'Afterthought')],
  };
  tell(JSON.stringify({ e: [number, message.epoch, { snapshot: { message, reset: false } }] }));
  await expectStatus(answer, 'completed');
  expect(await textOf(answer)).toBe(text);
  await expect(answer.locator('[data-part="text"]')).toHaveText(/^NEW block 0 of.*NEW block 199 of the message that was put in its place\.$/s);
  await expect(answer.locator('[data-part]').last()).toHaveAttribute('data-part', 'thinking');
  await expect(answer.locator('[data-part]')).toHaveCount(2);
});

/** Lists, tables, quotes and a paragraph, each long enough to be cut inside. */
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

told('long blocks grow at their end alone, and end as they would have been at once', async ({ page, provider, recorder }) => {
  await createAccount(page);
  const answer = await say(page, 'Tell me of many rivers.');
  const voice = await provider.isAsked();
  const text = longBlocks();
  const blocks = () => answer.locator('[data-part="text"] > *').evaluateAll((blocks) => blocks.map((block) => block.outerHTML));
  const halfway = text.indexOf('Item 20');
  voice.says(text.slice(0, halfway));
  const items = answer.locator('[data-part="text"] > ul > li');
  await expect(items).toHaveCount(20);
  await items.nth(3).evaluate((item) => {
    Object.assign(item, { isTheSame: true });
    getSelection()!.selectAllChildren(item);
  });
  for (let at = halfway; at < text.length; at += 7) voice.says(text.slice(at, at + 7));
  await expect.poll(() => textOf(answer)).toBe(text);
  expect(await items.nth(3).evaluate((item) => 'isTheSame' in item && getSelection()!.toString())).toContain('Item 3 flows & moves on.');
  voice.ends();
  await expectStatus(answer, 'completed');
  await recorder.check(page, await idOf(answer));
  const before = await blocks();
  expect(before.length).toBe(7);
  await page.reload();
  expect(await blocks()).toEqual(before);
});

told('what is written from the right is read from the right', async ({ page, provider }) => {
  await createAccount(page);
  const answer = await say(page, 'ما هو النهر؟');
  const voice = await provider.isAsked();
  voice.says('النهر ماء يجري.\n\n- شغّل `npm run` أولا.\n- `cargo` يبني.\n\n| اسم | قيمة |\n|---|---|\n| نهر | ماء |\n\nPlain English.\n\n```\nlet a = 1.\n```\n');
  voice.ends();
  await expectStatus(answer, 'completed');
  const said = page.locator('[data-part="text"]').first();
  expect(await order(said, 'ما', '؟'), 'a question mark stands left of its question').toBe('right to left');
  const paragraph = answer.locator('p').first();
  expect(await order(paragraph, 'النهر', '.'), 'a full stop stands left of its sentence').toBe('right to left');
  const [first, second] = [answer.locator('li').first(), answer.locator('li').nth(1)];
  expect(await order(first, 'شغّل', 'npm')).toBe('right to left');
  expect(await order(first, 'npm', 'أولا')).toBe('right to left');
  expect(await order(second, 'cargo', 'يبني'), 'code has no part in the direction').toBe('right to left');
  expect(await order(answer.locator('table'), 'اسم', 'قيمة'), 'the first column is the right one').toBe('right to left');
  expect(await order(answer.getByText('Plain English.'), 'Plain', '.')).toBe('left to right');
  expect(await order(answer.locator('pre'), 'let', '.')).toBe('left to right');
  const edges = await answer.locator('[data-part="text"]').evaluate((part) => {
    const [text, list] = ['p', 'ul'].map((name) => part.querySelector(name)!);
    const words = document.createRange();
    words.selectNodeContents(text);
    return { part: part.getBoundingClientRect().right, words: words.getBoundingClientRect().right, bullets: getComputedStyle(list).paddingRight };
  });
  expect(edges.words).toBeCloseTo(edges.part, 0);
  expect(parseFloat(edges.bullets), 'bullets have their room at the right').toBeGreaterThan(10);
});

told('on paper wide tables and long lines wrap', async ({ page, provider }) => {
  await createAccount(page);
  const answer = await say(page, 'Print me a river.');
  const voice = await provider.isAsked();
  const cells = Array.from({ length: 9 }, (_, at) => `a rather long cell number ${at}`).join(' | ');
  voice.says(`| ${cells} |\n${'|---'.repeat(9)}|\n| ${cells} |\n\n\`\`\`\n${'let word = river.next(); '.repeat(20)}\n\`\`\`\n\n- [x] done\n`);
  voice.ends();
  await expectStatus(answer, 'completed');
  const overhang = () => answer.locator('.table, pre').evaluateAll((boxes) => boxes.map((box) => box.scrollWidth - box.clientWidth));
  expect(Math.min(...(await overhang())), 'they scroll on the screen').toBeGreaterThan(100);
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 700, height: 1000 });
  expect(Math.max(...(await overhang()))).toBeLessThanOrEqual(1);
  await expect(answer.locator('input:checked')).toHaveCSS('print-color-adjust', 'exact');
});

/** In which direction one leads from a word to another in a line. */
async function order(within: Locator, first: string, second: string): Promise<string> {
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
