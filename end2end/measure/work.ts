// How much a page's main thread works while tokens arrive, and how long they take to be painted.

import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Page } from '@playwright/test';

/** How many tokens a measurement sends, and how many a second. */
export const TOKENS = 200;
export const PACE = 50;
/** How long the main thread is measured after the last token was sent, in milliseconds. */
const TAIL = 400;

/** The token with this number, by which it is recognized in frames and on the page. */
export const token = (at: number) => ` ${String(at).padStart(4, '0')}`;

export interface Work {
  /** Processor time of the main thread, in per cent of the time that passed. (Other processes do not add to it.) */
  busy: number;
  /** Milliseconds from a token's arrival until a frame with it was painted: the 95th percentile. */
  painted: number;
  /** How many tasks took more than 50 ms. */
  long: number;
}

interface Watch {
  arrived: number[];
  painted: number[];
  long: number;
}

/** Makes every page of the context note when each token arrives. */
export async function noteArrivals(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const watch: Watch = { arrived: [], painted: [], long: 0 };
    const Original = WebSocket;
    window.WebSocket = class extends Original {
      constructor(...parameters: ConstructorParameters<typeof WebSocket>) {
        super(...parameters);
        this.addEventListener('message', ({ data }) => {
          for (const [, number] of String(data).matchAll(/ (\d{4})(?!\d)/g)) watch.arrived[Number(number)] ??= performance.now();
        });
      }
    };
    Object.assign(window, { watch });
  });
}

/** Sends all tokens at their pace, and returns what they cost the page. */
export async function workFor(page: Page, send: (token: string) => void): Promise<Work> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const usage = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    const value = (name: string) => metrics.find((metric) => metric.name === name)!.value;
    return { thread: value('ThreadTime'), at: value('Timestamp') };
  };
  await page.evaluate(watchPage);
  const before = await usage();
  const start = performance.now();
  for (let at = 0; at < TOKENS; at += 1) {
    await sleep(Math.max(0, start + (at * 1000) / PACE - performance.now()));
    send(token(at));
  }
  await sleep(TAIL);
  const after = await usage();
  await page.waitForFunction((tokens) => (window as unknown as { watch: Watch }).watch.painted.length === tokens, TOKENS, { timeout: 60_000 });
  const watch = await page.evaluate(() => (window as unknown as { watch: Watch }).watch);
  await session.detach();
  const busy = (100 * (after.thread - before.thread)) / (after.at - before.at);
  const waits = Array.from({ length: TOKENS }, (_, at) => watch.painted[at] - watch.arrived[at]).sort((a, b) => a - b);
  if (waits.some(Number.isNaN)) throw new Error(`Only ${watch.arrived.length} of ${TOKENS} tokens arrived.`);
  return { busy, painted: waits[Math.floor(TOKENS * 0.95)], long: watch.long };
}

/** Runs in the page: notes when tokens are painted, and counts long tasks. */
function watchPage(): void {
  const { watch } = window as unknown as { watch: Watch };
  Object.assign(watch, { arrived: [], painted: [], long: 0 });
  const newest = (node: Node) => {
    const text = node instanceof Text ? node.substringData(Math.max(0, node.length - 8), 8) : (node.textContent ?? '').slice(-8);
    return Number(/(\d{4})\D*$/.exec(text)?.[1] ?? -1);
  };
  const painted = (number: number) => {
    const now = performance.now();
    for (let at = number; at >= 0 && watch.painted[at] === undefined; at -= 1) watch.painted[at] = now;
  };
  new MutationObserver((changes) => {
    const nodes = changes.flatMap((change): Node[] => (change.type === 'characterData' ? [change.target] : Array.from(change.addedNodes)));
    const number = Math.max(-1, ...nodes.map(newest));
    // A task that a frame's callback starts runs after the frame was painted.
    if (number >= 0) requestAnimationFrame(() => setTimeout(() => painted(number)));
  }).observe(Array.from(document.querySelectorAll('[data-part], body > p')).at(-1)!, { subtree: true, childList: true, characterData: true });
  new PerformanceObserver((tasks) => {
    watch.long += tasks.getEntries().length;
  }).observe({ type: 'longtask' });
}
