// Writes down every state that every tab shows of every message, and holds it against the end.

import { type BrowserContext, type Page, expect } from '@playwright/test';

/** A part of a message as it was shown at one instant. */
export interface Part {
  kind: string;
  /** What the page showed of it: of Markdown the text of its blocks, joined by blank lines. */
  shown: string;
  /** What the page knew of it; null before hydration. */
  source: string | null;
}

export interface State {
  /** The first one since the page was loaded. */
  fresh: boolean;
  status: string;
  parts: Part[];
}

/** A text as the page sends it: how much of the last one stays, and what comes after that. */
type Growth = [number, string];
type Report = [id: string, status: string, parts: [kind: string, shown: Growth, source: Growth | null][]];

export class Recorder {
  private readonly tabs = new Map<Page, Map<string, State[]>>();

  async install(context: BrowserContext): Promise<void> {
    await context.exposeBinding('tellRecorder', ({ page }, fresh: boolean, report: Report) => {
      this.take(page, fresh, report);
    });
    await context.addInitScript(watch);
  }

  /** The states of a message in a tab, over all its reloads. */
  async states(page: Page, id: string): Promise<State[]> {
    // The answer comes after all that the page told before.
    await page.evaluate(() => (window as unknown as { lookNow: () => void }).lookNow());
    return this.tabs.get(page)?.get(id) ?? [];
  }

  /** The states in which there was more of the text than in the one before. */
  async growth(page: Page, id: string): Promise<State[]> {
    const length = (state: State) => state.parts.reduce((sum, part) => sum + part.shown.length, 0);
    return (await this.states(page, id)).filter((state, at, all) => at === 0 || length(state) > length(all[at - 1]));
  }

  /**
   * Every state of the message, in every tab, over reloads and kills, is a beginning of how it stands in `page` now, and
   * none is shorter than the one before it. (A page that is about to be replaced may be a word ahead of the one that the
   * server has written already.) `prose` also holds what the page showed, where the text is plain.
   */
  async check(page: Page, id: string, { prose = false } = {}): Promise<void> {
    const message = page.locator(`article[data-message-id="${id}"]`);
    await expect(async () => expect(await message.evaluate(isAlive)).toBe(true)).toPass({ timeout: 15_000 });
    const last = (await this.states(page, id)).at(-1);
    const end = last && sources(last);
    if (!end) throw new Error('Nothing was recorded of this message.');
    for (const tab of this.tabs.keys()) {
      const states = tab.isClosed() ? (this.tabs.get(tab)!.get(id) ?? []) : await this.states(tab, id);
      let [source, shown] = ['', ''];
      for (const state of states) {
        if (state.fresh) [source, shown] = ['', ''];
        const next = sources(state);
        if (next !== null) {
          expectBeginning(next, end, 'a state that was shown');
          expectBeginning(source, next, 'the state before');
          source = next;
        }
        if (prose) {
          const text = state.parts.map((part) => part.shown).join('');
          expect(text, 'nothing hangs over').toBe(asShown(text));
          expectBeginning(text, asShown(texts(last)), 'the words that were shown');
          expectBeginning(shown, text, 'the words before');
          shown = text;
        }
      }
      const closing = states.at(-1);
      if (closing && !tab.isClosed() && prose && sources(closing) === end) {
        expect(shown, 'all words are shown').toBe(asShown(texts(last)));
      }
    }
  }

  private take(page: Page, fresh: boolean, [id, status, parts]: Report): void {
    const messages = this.tabs.get(page) ?? new Map<string, State[]>();
    const states = messages.get(id) ?? [];
    this.tabs.set(page, messages.set(id, states));
    const before = fresh ? undefined : states.at(-1);
    const grown = (old: string | null | undefined, [kept, more]: Growth) => (old ?? '').slice(0, kept) + more;
    states.push({
      fresh,
      status,
      parts: parts.map(([kind, shown, source], at) => ({
        kind,
        shown: grown(before?.parts[at]?.shown, shown),
        source: source && grown(before?.parts[at]?.source, source),
      })),
    });
  }
}

/** What CommonMark shows of plain paragraphs: all but the white space after the last word. */
export function asShown(source: string): string {
  return source.replace(/[ \n]+$/, '');
}

/** The text proper of a state, without thinking. */
export function texts(state: State): string {
  return state.parts.filter((part) => part.kind === 'text').map((part) => part.source ?? '').join('');
}

/** All parts in one string, which has another state's as its beginning exactly if the message only grew. */
function sources(state: State): string | null {
  const known = state.parts.every((part) => part.source !== null);
  return known ? state.parts.map(({ kind, source }) => `\u{1}${kind}\u{2}${source}`).join('') : null;
}

/** Runs in the page: whether each part can tell its source. */
function isAlive(message: Element): boolean {
  const parts = Array.from(message.querySelectorAll<Element & { source?: () => string }>('[data-part]'));
  return parts.length > 0 && parts.every((part) => part.source !== undefined);
}

/** Compared byte for byte; says where they part rather than print both. */
function expectBeginning(start: string, whole: string, what: string): void {
  if (whole.startsWith(start)) return;
  let at = 0;
  while (start[at] === whole[at]) at += 1;
  const [from, to] = [Math.max(0, at - 40), at + 40];
  expect(start.slice(from, to), `${what} (${start.length} units) is a beginning of what followed (${whole.length}); at ${at}`)
    .toBe(whole.slice(from, to));
}

/** Runs in the page, before any of its scripts. */
function watch(): void {
  type Source = Element & { source?: () => string };
  type Seen = { status: string; parts: [string, string, string | null][] };
  const tell = (window as unknown as { tellRecorder: (fresh: boolean, report: Report) => void }).tellRecorder;
  const seen = new Map<string, Seen>();
  const growth = (before: string | null | undefined, now: string): Growth =>
    before && now.startsWith(before) ? [before.length, now.slice(before.length)] : [0, now];

  const shown = (part: Element) =>
    part.classList.contains('prose')
      ? Array.from(part.childNodes).filter(visible).map((block) => block.textContent ?? '').join('\n\n')
      : (part.textContent ?? '');
  const visible = (node: Node) => node.nodeType !== Node.COMMENT_NODE;

  const look = () => {
    // What the parser has not finished is nobody's state.
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
      tell(!before, [
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
  new MutationObserver(look).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    attributeFilter: ['data-status', 'open'],
  });
  document.addEventListener('readystatechange', look);
  Object.assign(window, { lookNow: look });
}
