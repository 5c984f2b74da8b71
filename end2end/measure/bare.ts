// The page that Rivulet's is compared with: one text node, to which a WebSocket appends.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

const PAGE = `<!doctype html><title>Bare</title><style>p { white-space: pre-wrap; width: 46rem }</style><h1>Bare</h1><p> </p><textarea autofocus></textarea>
<script>
const text = document.querySelector('p').firstChild;
new WebSocket(location.href.replace('http', 'ws')).onmessage = ({ data }) => {
  text.appendData(data);
  scrollTo(0, document.body.scrollHeight);
};
</script>`;

/** Serves that page, and has one connection at a time. */
export class BareServer {
  private socket?: Socket;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<BareServer> {
    const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE));
    const bare = new BareServer(server);
    server.on('upgrade', (request, socket: Socket) => {
      const key = request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
      const accept = createHash('sha1').update(key).digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      socket.setNoDelay(true);
      // A tab may be closed without a close frame.
      socket.on('error', () => {});
      bare.socket = socket;
      server.emit('socket');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return bare;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  async waitForConnection(): Promise<void> {
    while (!this.socket) await once(this.server, 'socket');
  }

  sends(text: string): void {
    const payload = Buffer.from(text);
    this.socket!.write(Buffer.concat([Buffer.of(0x81), lengthOf(payload), payload]));
  }

  /** After this, `waitForConnection` waits for the next page. */
  disconnects(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }

  stop(): void {
    this.disconnects();
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** The length field of a frame, in as few bytes as possible, since browsers refuse more. */
function lengthOf({ length }: Buffer): Buffer {
  if (length < 126) return Buffer.of(length);
  const long = length > 0xffff;
  const bytes = Buffer.alloc(long ? 9 : 3, long ? 127 : 126);
  if (long) bytes.writeBigUInt64BE(BigInt(length), 1);
  else bytes.writeUInt16BE(length, 1);
  return bytes;
}
