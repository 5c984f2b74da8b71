// How much a page's main thread works while tokens come, and how long they take to be seen.

import { setTimeout as passes } from 'node:timers/promises';
import type { BrowserContext, Page } from '@playwright/test';

/** Tokens of a measurement, and how many come a second. */
export const TOKENS = 200;
export const PACE = 50;
/** How long the last token may take to be on the page, in milliseconds. */
const LAST = 400;

/** The token of a number, which can be found again on the wire and on the page. */
export const token = (at: number) => ` ${String(at).padStart(4, '0')}`;

export interface Work {
  /** Per cent of a processor that the main thread took. (Not how long its tasks lasted: others run on the machine, too.) */
  busy: number;
  /** Milliseconds from a token's arrival until a frame with it was painted, of 95 in 100. */
  painted: number;
  /** How often the page did something for more than 50 ms at a stretch. */
  long: number;
}

interface Watch {
  arrived: number[];
  painted: number[];
  long: number;
}

/** Has every page of the context note when a token arrives. */
export async function noteArrivals(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const watch: Watch = { arrived: [], painted: [], long: 0 };
    const Plain = WebSocket;
    window.WebSocket = class extends Plain {
      constructor(...given: ConstructorParameters<typeof WebSocket>) {
        super(...given);
        this.addEventListener('message', ({ data }) => {
          for (const [, number] of String(data).matchAll(/ (\d{4})(?!\d)/g)) watch.arrived[Number(number)] ??= performance.now();
        });
      }
    };
    Object.assign(window, { watch });
  });
}

/** Sends tokens at their pace, and gives what the page's main thread did for them. */
export async function workFor(page: Page, send: (token: string) => void): Promise<Work> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const worked = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    const value = (name: string) => metrics.find((metric) => metric.name === name)!.value;
    return { thread: value('ThreadTime'), at: value('Timestamp') };
  };
  await page.evaluate(observe);
  const before = await worked();
  const began = performance.now();
  for (let at = 0; at < TOKENS; at += 1) {
    await passes(Math.max(0, began + (at * 1000) / PACE - performance.now()));
    send(token(at));
  }
  await passes(LAST);
  const after = await worked();
  await page.waitForFunction((tokens) => (window as unknown as { watch: Watch }).watch.painted.length === tokens, TOKENS, { timeout: 60_000 });
  const watch = await page.evaluate(() => (window as unknown as { watch: Watch }).watch);
  await session.detach();
  const busy = (100 * (after.thread - before.thread)) / (after.at - before.at);
  const waits = Array.from({ length: TOKENS }, (_, at) => watch.painted[at] - watch.arrived[at]).sort((a, b) => a - b);
  if (waits.some(Number.isNaN)) throw new Error(`Only ${watch.arrived.length} of ${TOKENS} tokens came.`);
  return { busy, painted: waits[Math.floor(TOKENS * 0.95)], long: watch.long };
}

/** Runs in the page: notes tokens that are painted, and long tasks. */
function observe(): void {
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
    // A task that follows a frame's callback comes after its painting.
    if (number >= 0) requestAnimationFrame(() => setTimeout(() => painted(number)));
  }).observe(Array.from(document.querySelectorAll('[data-part], body > p')).at(-1)!, { subtree: true, childList: true, characterData: true });
  new PerformanceObserver((tasks) => {
    watch.long += tasks.getEntries().length;
  }).observe({ type: 'longtask' });
}
