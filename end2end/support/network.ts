// What a test does to a page's network: it holds requests and responses back, or lets connections die.

import { type Locator, type Page, type Route } from '@playwright/test';
import { waitForHydration } from './person.ts';

/** A call of a server function that is held back. */
interface HeldCall {
  /** Resolves once the page has made the call. */
  requested: Promise<void>;
  /** Lets the call continue. Resolves once the page has the response. */
  release: () => Promise<void>;
}

/** Holds the next response of a server function back. The server has done what was requested by then. */
export function holdResponse(page: Page, name: string): Promise<HeldCall> {
  return holdCall(page, name, async (route) => {
    const response = await route.fetch();
    return () => route.fulfill({ response });
  });
}

/** Holds the next request to a server function back. The server receives it only when it is released. */
export function holdRequest(page: Page, name: string): Promise<HeldCall> {
  return holdCall(page, name, async (route) => () => route.continue());
}

async function holdCall(page: Page, name: string, prepare: (route: Route) => Promise<() => Promise<void>>): Promise<HeldCall> {
  const url = `**/api/*/${name}`;
  const [request, release] = [gate(), gate()];
  await page.route(url, async (route) => {
    const respond = await prepare(route);
    request.open();
    await release.opened;
    await respond();
  }, { times: 1 });
  return {
    requested: request.opened,
    release: async () => {
      const response = page.waitForResponse(url);
      release.open();
      await (await response).finished();
    },
  };
}

/** Holds the page's next WebAssembly back, so that it is not hydrated until that is released. */
export async function holdHydration(page: Page): Promise<{ release: () => void }> {
  const { opened, open } = gate();
  await page.route('**/*.wasm*', async (route) => {
    await opened;
    await route.continue();
  }, { times: 1 });
  return { release: open };
}

/** Connections of the page that can be made to lose every frame, in both directions, without being closed. */
export async function interruptibleConnections(page: Page): Promise<{ loseEverything: () => void; count: () => number }> {
  const connections: { isDead: boolean }[] = [];
  await page.routeWebSocket(/\/live/, (socket) => {
    const connection = { isDead: false };
    connections.push(connection);
    const server = socket.connectToServer();
    socket.onMessage((frame) => connection.isDead || server.send(frame));
    server.onMessage((frame) => connection.isDead || socket.send(frame));
    server.onClose((code, reason) => connection.isDead || void socket.close({ code, reason }));
  });
  return {
    loseEverything: () => connections.forEach((connection) => (connection.isDead = true)),
    count: () => connections.length,
  };
}

/**
 * Has what the page asks for from now on carry another number of the protocol, as if the server had been updated. Returns
 * what has a link load the page anew, of the server's own number.
 */
export async function speakProtocol(page: Page, protocol: number): Promise<(reload: Locator) => Promise<void>> {
  const functions = /\/api\/\d+\//;
  let isOutdated = true;
  await page.route(functions, (route) => {
    const url = route.request().url();
    return route.continue({ url: isOutdated ? url.replace(functions, `/api/${protocol}/`) : url });
  });
  // Playwright leads a socket to its own address only. What stands in this document is gone with it.
  await page.evaluate((protocol) => {
    const renumbered = (url: string) => url.replace(/(?<=[?]protocol=)\d+/, String(protocol));
    const Outdated = class extends WebSocket {
      constructor(url: string | URL) {
        super(renumbered(String(url)));
      }
    };
    Object.assign(window, { WebSocket: Outdated, isOutdated: true });
  }, protocol);
  return async (reload) => {
    // The route stays: with it Playwright would let through what a test holds back.
    isOutdated = false;
    await reload.click();
    await page.waitForFunction(() => !('isOutdated' in window));
    await waitForHydration(page);
  };
}

/** A promise that resolves when `open` is called. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
