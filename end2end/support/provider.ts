// A provider that says what it is told to, when it is told to.

import { once } from 'node:events';
import { type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as passes } from 'node:timers/promises';

/** A reply that was asked for. */
export class Voice {
  constructor(private readonly response: ServerResponse) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
  }

  thinks(reasoning: string): void {
    this.send({ choices: [{ index: 0, delta: { reasoning }, finish_reason: null }] });
  }

  says(content: string): void {
    this.send({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
  }

  /** Says a text a word every so many milliseconds, but keeps the last word until it is told to finish. */
  tells(text: string, pause: number): { finish: () => Promise<void> } {
    const words = text.match(/\s*\S+/g) ?? [];
    const last = text.slice(words.slice(0, -1).join('').length);
    let hurries = false;
    const telling = (async () => {
      for (const word of words.slice(0, -1)) {
        if (!hurries) await passes(pause);
        this.says(word);
      }
    })();
    const finish = async () => {
      hurries = true;
      await telling;
      this.says(last);
      this.ends();
    };
    return { finish };
  }

  ends(): void {
    this.send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    this.response.end('data: [DONE]\n\n');
  }

  private send(chunk: object): void {
    this.response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }
}

export class Provider {
  private readonly voices: Voice[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Provider> {
    const server = createServer();
    const provider = new Provider(server);
    server.on('request', async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      const last: string = JSON.parse(body).messages.at(-1).content;
      const voice = new Voice(response);
      if (!last.startsWith('Give a title')) provider.voices.push(voice);
      else {
        voice.says('A title');
        voice.ends();
      }
      server.emit('voice');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return provider;
  }

  /** What a server's settings say of it. */
  get settings(): string {
    const { port } = this.server.address() as AddressInfo;
    return `[[provider]]\nkind = "openai"\nname = "test"\nbase-url = "http://127.0.0.1:${port}/v1"\nmodels = ["model"]\n`;
  }

  /** The next reply that is asked for. */
  async isAsked(): Promise<Voice> {
    while (!this.voices.length) await once(this.server, 'voice');
    return this.voices.shift()!;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
