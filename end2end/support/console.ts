// A page that works says nothing: every line on the console fails the test.

import { type BrowserContext, type Page, expect } from '@playwright/test';

export class Console {
  private readonly lines: string[] = [];
  private readonly allowed: RegExp[] = [
    // Chromium's own words at sign-out.
    /^(info|log): Clear-Site-Data header on 'http:\/\/127\.0\.0\.1:\d+\/sign-out': Cleared data types: "storage"\.$/,
  ];

  watch(context: BrowserContext): void {
    const page = (page: Page) => {
      page.on('console', (line) => this.lines.push(`${line.type()}: ${line.text()}`));
      page.on('pageerror', (error) => this.lines.push(`uncaught: ${error.stack ?? error.message}`));
      page.on('crash', () => this.lines.push('The page crashed.'));
    };
    context.on('page', page);
  }

  /** The browser's own word on a page that is answered with this status. */
  allowStatus(status: number, name: string): void {
    this.allowed.push(exactly(`error: Failed to load resource: the server responded with a status of ${status} (${name})`));
  }

  /** The browser's own words on a network that is gone, and on a server that is. */
  allowLostNetwork(url: string): void {
    const socket = escaped(`: WebSocket connection to '${url.replace('http', 'ws')}/live?build=`);
    const why = 'net::ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|NETWORK_CHANGED|FAILED)';
    this.allowed.push(
      new RegExp(`^(error|warning)${socket}[0-9a-f]{16}' failed: (Error (in connection establishment|during WebSocket handshake): ${why}|Connection closed before receiving a handshake response|WebSocket is closed before the connection is established.)$`),
      new RegExp(`^error: Failed to load resource: ${why}$`),
    );
  }

  /** For the one test that makes noise itself. */
  forget(): void {
    this.lines.length = 0;
  }

  check(): void {
    const loud = this.lines.filter((line) => !this.allowed.some((allowed) => allowed.test(line)));
    expect(loud, 'the console is silent').toEqual([]);
  }
}

function exactly(line: string): RegExp {
  return new RegExp(`^${escaped(line)}$`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
