// What a person does and sees on a page.

import { readFileSync } from 'node:fs';
import { type BrowserContext, type Locator, type Page, expect } from '@playwright/test';

export const ada = { name: 'Ada', email: 'ada@example.org', password: 'under the bridge' };

/** The reply of the demo model `demo-prose`. */
export const PROSE = readFileSync(new URL('../../src/provider/demo/prose.txt', import.meta.url), 'utf8');
/** The reply of the demo model `demo`. */
export const RIVERS = readFileSync(new URL('../../src/provider/demo/rivers.md', import.meta.url), 'utf8');

export async function createAccount(page: Page, { name, email, password } = ada): Promise<void> {
  await page.goto('/');
  await expect(page).toHaveURL('/create-account');
  const first = page.getByLabel('Name', { exact: true });
  await expect(first).toBeFocused();
  await first.fill(name);
  await page.getByLabel('Email', { exact: true }).fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await button(page, 'Create account').click();
  await expect(button(page, 'New chat')).toBeVisible();
}

export async function signIn(page: Page, { email, password } = ada): Promise<void> {
  await page.goto('/sign-in');
  const first = page.getByLabel('Email', { exact: true });
  await expect(first).toBeFocused();
  await first.fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await button(page, 'Sign in').click();
}

/** Waits until the page is hydrated: then the composer has the focus. */
export async function waitForHydration(page: Page): Promise<void> {
  await expect(composer(page)).toBeFocused();
}

/** Sends a message, to this model if one is named, and returns the reply as soon as it is on the page. */
export async function ask(page: Page, text: string, model?: string): Promise<Locator> {
  await waitForHydration(page);
  const before = await replies(page).count();
  if (model) await modelMenu(page).selectOption(model);
  await composer(page).fill(text);
  await composer(page).press('Enter');
  await expect(replies(page)).toHaveCount(before + 1);
  return newestReply(page);
}

/** Another tab of the same person, at the same address. */
export async function openSecondTab(context: BrowserContext, page: Page): Promise<Page> {
  const tab = await context.newPage();
  await tab.goto(page.url());
  return tab;
}

export function composer(page: Page): Locator {
  return page.getByRole('textbox', { name: 'Message', exact: true });
}

/** With which model the composer sends. (A closed dialog has another one.) */
export function modelMenu(page: Page): Locator {
  return page.getByRole('combobox', { name: 'Model', exact: true });
}

export function button(within: Page | Locator, name: string): Locator {
  return within.getByRole('button', { name, exact: true });
}

export function link(within: Page | Locator, name: string): Locator {
  return within.getByRole('link', { name, exact: true });
}

export function replies(page: Page): Locator {
  return page.getByRole('article', { name: 'Assistant', exact: true });
}

/** The messages that the person sent. */
export function sentMessages(page: Page): Locator {
  return page.getByRole('article', { name: 'You', exact: true });
}

/** Their words, without what stands below them. */
export function sentTexts(page: Page): Locator {
  return sentMessages(page).locator('[data-part="text"]');
}

export function newestReply(page: Page): Locator {
  return replies(page).last();
}

export async function idOf(article: Locator): Promise<string> {
  return (await article.getAttribute('data-message-id'))!;
}

export async function expectStatus(article: Locator, status: string, timeout = 40_000): Promise<void> {
  await expect(article).toHaveAttribute('data-status', status, { timeout });
}

/** Waits until at least so many UTF-16 units of the reply's text are on the page. Returns how many there are. */
export async function waitForLength(article: Locator, units: number): Promise<number> {
  let length = 0;
  await expect(async () => {
    length = (await article.locator('[data-part="text"]').textContent())?.length ?? 0;
    expect(length).toBeGreaterThanOrEqual(units);
  }).toPass({ intervals: [20], timeout: 30_000 });
  return length;
}

/** The text of a message without its thinking, as the page's scripts have it: Markdown, not what is shown of it. */
export async function textOf(article: Locator): Promise<string> {
  return article.locator('[data-part="text"]').evaluateAll((parts) =>
    parts.map((part) => (part as unknown as { source: () => string }).source()).join(''),
  );
}

/** Waits until the server has so much of the newest reply. The request is not the page's own, so it works offline. */
export async function waitForServerLength(context: BrowserContext, page: Page, units: number): Promise<void> {
  const length = async () => {
    const html = await (await context.request.get(page.url())).text();
    const reply = html.slice(html.lastIndexOf('data-part="text"'));
    const paragraphs = reply.slice(0, reply.indexOf('</div>')).matchAll(/<p[^>]*>(.*?)<\/p>/gs);
    return Array.from(paragraphs, ([, words]) => words).join('\n\n').length;
  };
  await expect.poll(length, { intervals: [100], timeout: 30_000 }).toBeGreaterThanOrEqual(units);
}
