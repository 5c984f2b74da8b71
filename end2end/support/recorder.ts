// Records every state in which each tab shows each message, and compares them with the final state.

import { type BrowserContext, type Page, expect } from '@playwright/test';

/** A part of a message as it was shown at one moment. */
export interface Part {
  kind: string;
  /** The text that the page showed of it. Of Markdown: that of its blocks, joined by blank lines. */
  shown: string;
  /** The text that the page's scripts have of it; null before hydration. */
  source: string | null;
}

export interface State {
  /** The first state since the page was loaded. */
  isFirst: boolean;
  status: string;
  parts: Part[];
}

/** A text as the page reports it: how many UTF-16 units of the last one it keeps, and what follows them. */
type Growth = [number, string];
type Report = [id: string, status: string, parts: [kind: string, shown: Growth, source: Growth | null][]];

/** Released pages expose no sources. */
const NO_SOURCE = 'each part exposes its source: the page is hydrated, and was built by `cargo xtask build --inspect`';

export class Recorder {
  private readonly tabs = new Map<Page, Map<string, State[]>>();

  async install(context: BrowserContext): Promise<void> {
    await context.exposeBinding('reportState', ({ page }, isFirst: boolean, report: Report) => {
      this.add(page, isFirst, report);
    });
    await context.addInitScript(reportStates);
  }

  /** The states of a message in a tab, over all its page loads. */
  async states(page: Page, id: string): Promise<State[]> {
    // The page reports its present state before it answers.
    await page.evaluate(() => (window as unknown as { reportNow: () => void }).reportNow());
    return this.tabs.get(page)?.get(id) ?? [];
  }

  /** The states in which more text was shown than in the state before. */
  async growth(page: Page, id: string): Promise<State[]> {
    const length = (state: State) => state.parts.reduce((sum, part) => sum + part.shown.length, 0);
    return (await this.states(page, id)).filter((state, at, all) => at === 0 || length(state) > length(all[at - 1]));
  }

  /**
   * Fails unless every state of the message, in every tab, over reloads and kills, is a prefix of its state in `page` now,
   * and none is shorter than the one before it. (The last state before a reload may be a word longer than the first one
   * after it, which the server had rendered already.) `prose` compares also what was shown: for text without markup.
   */
  async check(page: Page, id: string, { prose = false } = {}): Promise<void> {
    const message = page.locator(`article[data-message-id="${id}"]`);
    await expect(async () => expect(await message.evaluate(isHydrated), NO_SOURCE).toBe(true)).toPass({ timeout: 15_000 });
    const last = (await this.states(page, id)).at(-1);
    const final = last && sources(last);
    if (!final) throw new Error('Nothing was recorded of this message.');
    for (const tab of this.tabs.keys()) {
      const states = tab.isClosed() ? (this.tabs.get(tab)!.get(id) ?? []) : await this.states(tab, id);
      let [source, shown] = ['', ''];
      for (const state of states) {
        if (state.isFirst) [source, shown] = ['', ''];
        const next = sources(state);
        if (next !== null) {
          expectPrefix(next, final, 'a state that was shown');
          expectPrefix(source, next, 'the state before');
          source = next;
        }
        if (prose) {
          const text = state.parts.map((part) => part.shown).join('');
          expect(text, 'no white space is shown after the last word').toBe(asShown(text));
          expectPrefix(text, asShown(texts(last)), 'the text that was shown');
          expectPrefix(shown, text, 'the text shown before');
          shown = text;
        }
      }
      const latest = states.at(-1);
      if (latest && !tab.isClosed() && prose && sources(latest) === final) {
        expect(shown, 'all of the text is shown').toBe(asShown(texts(last)));
      }
    }
  }

  private add(page: Page, isFirst: boolean, [id, status, parts]: Report): void {
    const messages = this.tabs.get(page) ?? new Map<string, State[]>();
    const states = messages.get(id) ?? [];
    this.tabs.set(page, messages.set(id, states));
    const before = isFirst ? undefined : states.at(-1);
    const grow = (old: string | null | undefined, [kept, more]: Growth) => (old ?? '').slice(0, kept) + more;
    states.push({
      isFirst,
      status,
      parts: parts.map(([kind, shown, source], at) => ({
        kind,
        shown: grow(before?.parts[at]?.shown, shown),
        source: source && grow(before?.parts[at]?.source, source),
      })),
    });
  }
}

/** What is shown of paragraphs without markup: all but the white space after the last word. */
export function asShown(source: string): string {
  return source.replace(/[ \n]+$/, '');
}

/** The text of a state, without its thinking. */
export function texts(state: State): string {
  return state.parts.filter((part) => part.kind === 'text').map((part) => part.source ?? '').join('');
}

/** All parts in one string. A message has only grown if that of an earlier state is a prefix of that of a later one. */
function sources(state: State): string | null {
  const isComplete = state.parts.every((part) => part.source !== null);
  return isComplete ? state.parts.map(({ kind, source }) => `\u{1}${kind}\u{2}${source}`).join('') : null;
}

/** Runs in the page: whether each part has got its source from the page's scripts. */
function isHydrated(message: Element): boolean {
  const parts = Array.from(message.querySelectorAll<Element & { source?: () => string }>('[data-part]'));
  return parts.length > 0 && parts.every((part) => part.source !== undefined);
}

/** Compares every character, and reports the first difference rather than both texts. */
function expectPrefix(start: string, whole: string, what: string): void {
  if (whole.startsWith(start)) return;
  let at = 0;
  while (start[at] === whole[at]) at += 1;
  const [from, to] = [Math.max(0, at - 40), at + 40];
  expect(start.slice(from, to), `${what} (${start.length} units) is a prefix of what followed (${whole.length}); at ${at}`)
    .toBe(whole.slice(from, to));
}

/** Runs in the page, before any of its scripts. */
function reportStates(): void {
  type Source = Element & { source?: () => string };
  type Seen = { status: string; parts: [string, string, string | null][] };
  const report = (window as unknown as { reportState: (isFirst: boolean, report: Report) => void }).reportState;
  const seen = new Map<string, Seen>();
  const growth = (before: string | null | undefined, now: string): Growth =>
    before && now.startsWith(before) ? [before.length, now.slice(before.length)] : [0, now];

  const shown = (part: Element) =>
    part.classList.contains('prose')
      ? Array.from(part.childNodes).filter(visible).map((block) => block.textContent ?? '').join('\n\n')
      : (part.textContent ?? '');
  const visible = (node: Node) => node.nodeType !== Node.COMMENT_NODE;

  const reportChanges = () => {
    // A page that is still being parsed has no state yet.
    if (document.readyState === 'loading') return;
    for (const article of document.querySelectorAll<HTMLElement>('article[data-message-id]')) {
      const { messageId: id = '', status = '' } = article.dataset;
      const parts = Array.from(article.querySelectorAll<HTMLElement>('[data-part]'), (part): Seen['parts'][0] => [
        part.dataset.part ?? '',
        shown(part),
        (part as Source).source?.() ?? null,
      ]);
      const before = seen.get(id);
      if (before && JSON.stringify(before) === JSON.stringify({ status, parts })) continue;
      seen.set(id, { status, parts });
      report(!before, [
        id,
        status,
        parts.map(([kind, text, source], at) => [
          kind,
          growth(before?.parts[at]?.[1], text),
          source === null ? null : growth(before?.parts[at]?.[2], source),
        ]),
      ]);
    }
  };
  new MutationObserver(reportChanges).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    attributeFilter: ['data-status', 'open'],
  });
  document.addEventListener('readystatechange', reportChanges);
  Object.assign(window, { reportNow: reportChanges });
}
