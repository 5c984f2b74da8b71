// A page that works logs nothing: every line on the browser's console fails the test, except for those that it allows.

import { type BrowserContext, type Page, expect } from '@playwright/test';

export class ConsoleLog {
  private readonly lines: string[] = [];
  private readonly allowed: RegExp[] = [
    // Chromium logs this at sign-out.
    /^(info|log): Clear-Site-Data header on 'http:\/\/127\.0\.0\.1:\d+\/sign-out': Cleared data types: "storage"\.$/,
  ];

  /** Collects what every page of the context logs. */
  watch(context: BrowserContext): void {
    const watchPage = (page: Page) => {
      page.on('console', (line) => this.lines.push(`${line.type()}: ${line.text()}`));
      page.on('pageerror', (error) => this.lines.push(`uncaught: ${error.stack ?? error.message}`));
      page.on('crash', () => this.lines.push('The page crashed.'));
    };
    context.on('page', watchPage);
  }

  /** Allows what the browser logs when a response has this status. */
  allowStatus(status: number, name: string): void {
    this.allowed.push(exactly(`error: Failed to load resource: the server responded with a status of ${status} (${name})`));
  }

  /** Allows what the browser logs while it is offline, or while this server does not run. */
  allowLostNetwork(url: string): void {
    const socket = escaped(`: WebSocket connection to '${url.replace('http', 'ws')}/live?protocol=`);
    const why = 'net::ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|NETWORK_CHANGED|FAILED)';
    this.allowed.push(
      new RegExp(`^(error|warning)${socket}\\d+' failed: (Error (in connection establishment|during WebSocket handshake): ${why}|Connection closed before receiving a handshake response|WebSocket is closed before the connection is established.)$`),
      new RegExp(`^error: Failed to load resource: ${why}$`),
    );
  }

  /** Drops all lines so far, for a test that causes some itself. */
  clear(): void {
    this.lines.length = 0;
  }

  /** Fails if there is a line that is not allowed. */
  check(): void {
    const unexpected = this.lines.filter((line) => !this.allowed.some((allowed) => allowed.test(line)));
    expect(unexpected, 'nothing is logged').toEqual([]);
  }
}

function exactly(line: string): RegExp {
  return new RegExp(`^${escaped(line)}$`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
