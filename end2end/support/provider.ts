// A provider whose replies a test writes.

import { once } from 'node:events';
import { type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request for a reply, as far as tests look into it. */
export interface Asked {
  model: string;
  messages: { role: string; content: string }[];
  temperature?: number;
  top_p?: number;
}

/** Writes one reply that was requested. */
export class Writer {
  constructor(
    readonly asked: Asked,
    private readonly response: ServerResponse,
  ) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
  }

  thinks(reasoning: string): void {
    this.send({ choices: [{ index: 0, delta: { reasoning }, finish_reason: null }] });
  }

  writes(content: string): void {
    this.send({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
  }

  /** Writes a text word by word with a pause, in milliseconds, before each, but keeps the last word until `finish`. */
  writesWords(text: string, pause: number): { finish: () => Promise<void> } {
    const words = text.match(/\s*\S+/g) ?? [];
    const last = text.slice(words.slice(0, -1).join('').length);
    let finishing = false;
    const writing = (async () => {
      for (const word of words.slice(0, -1)) {
        if (!finishing) await sleep(pause);
        this.writes(word);
      }
    })();
    const finish = async () => {
      finishing = true;
      await writing;
      this.writes(last);
      this.ends();
    };
    return { finish };
  }

  /** Completes the reply. */
  ends(): void {
    this.send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    this.response.end('data: [DONE]\n\n');
  }

  private send(chunk: object): void {
    this.response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }
}

export class Provider {
  /** Of the replies that were requested and that no test has taken yet. */
  private readonly writers: Writer[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Provider> {
    const server = createServer();
    const provider = new Provider(server);
    server.on('request', async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      const asked: Asked = JSON.parse(body);
      const writer = new Writer(asked, response);
      if (!asked.messages.at(-1)!.content.startsWith('Give a title')) provider.writers.push(writer);
      else {
        writer.writes('A title');
        writer.ends();
      }
      server.emit('writer');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return provider;
  }

  /** The section of a server's settings that makes it use this provider. */
  get settings(): string {
    const { port } = this.server.address() as AddressInfo;
    return `[[provider]]\nkind = "openai"\nname = "test"\nbase-url = "http://127.0.0.1:${port}/v1"\nmodels = ["model"]\n`;
  }

  /** Waits for the next request for a reply, and returns what writes that reply. */
  async nextRequest(): Promise<Writer> {
    while (!this.writers.length) await once(this.server, 'writer');
    return this.writers.shift()!;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
