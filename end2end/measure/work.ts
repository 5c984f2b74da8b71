// How much a page's main thread works.

import { setTimeout as passes } from 'node:timers/promises';
import type { Page } from '@playwright/test';

/** Tokens of a measurement, and how many come a second. */
export const TOKENS = 200;
export const PACE = 50;
/** How long the last token may take to be on the page, in milliseconds. */
const LAST = 400;

export interface Work {
  /** Milliseconds for a token, beyond what the page does when none comes. */
  each: number;
  /** How often the page did something for more than 50 ms at a stretch. */
  long: number;
}

/** Has tokens said at their pace, and gives what the page's main thread did for them. */
export async function workFor(page: Page, says: (token: string) => void, token: (at: number) => string): Promise<Work> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const worked = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    const value = (name: string) => metrics.find((metric) => metric.name === name)!.value * 1000;
    return { task: value('TaskDuration'), at: value('Timestamp') };
  };
  const before = await worked();
  await passes((TOKENS / PACE) * 1000);
  const idle = await worked();
  const began = performance.now();
  await page.evaluate(observeLongTasks);
  for (let at = 0; at < TOKENS; at += 1) {
    await passes(Math.max(0, began + (at * 1000) / PACE - performance.now()));
    says(token(at));
  }
  await passes(LAST);
  const after = await worked();
  const long = await page.evaluate(() => (window as unknown as { longTasks: number }).longTasks);
  await session.detach();
  const rest = (idle.task - before.task) / (idle.at - before.at);
  const each = (after.task - idle.task - rest * (after.at - idle.at)) / TOKENS;
  return { each, long };
}

/** Runs in the page. */
function observeLongTasks(): void {
  const counting = window as unknown as { longTasks: number };
  counting.longTasks = 0;
  new PerformanceObserver((tasks) => {
    counting.longTasks += tasks.getEntries().length;
  }).observe({ type: 'longtask' });
}
