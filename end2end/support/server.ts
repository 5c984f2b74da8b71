// A real server in a folder of its own: started, killed and started again as a person's would be.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../..');
const binary = process.env.RIVULET_BIN ?? join(repository, 'target/release/rivulet');
export const site = process.env.RIVULET_SITE_ROOT ?? join(repository, 'target/site');

/** The demo models, at several paces: pieces a second. */
const PACES = { demo: 90, slow: 30, quick: 8000 };
export const DEMOS = Object.entries(PACES)
  .map(([name, pace]) => `[[provider]]\nkind = "demo"\nname = "${name}"\npace = ${pace}\n`)
  .join('\n');

export class Rivulet {
  /** All that every run of it wrote. */
  log = '';
  private child?: ChildProcess;
  private port = 0;
  private site = site;

  private constructor(
    private readonly folder: string,
    private readonly providers: string,
  ) {}

  /** A fresh one, in a temporary folder, not started yet. `providers` is what its settings say of them. */
  static async create(providers: string): Promise<Rivulet> {
    return new Rivulet(await mkdtemp(join(tmpdir(), 'rivulet-')), providers);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves once it accepts connections. The first start takes a free port, which it keeps. */
  async start(): Promise<void> {
    if (this.child) throw new Error('It runs already.');
    await writeFile(join(this.folder, 'Leptos.toml'), this.settings());
    const { PATH } = process.env;
    const child = spawn(binary, { cwd: this.folder, env: { PATH, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    const began = this.log.length;
    this.port = await new Promise<number>((listening, failed) => {
      const hear = (bytes: Buffer) => {
        this.log += bytes;
        const address = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(this.log.slice(began));
        if (address) listening(Number(address[1]));
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.on('error', failed);
      child.on('exit', () => failed(new Error(`The server did not start:\n${this.log.slice(began)}`)));
    });
  }

  /** Ends it as a power cut does. */
  async kill9(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** It neither answers nor goes, as on a machine that hangs. */
  freeze(): void {
    this.running().kill('SIGSTOP');
  }

  thaw(): void {
    this.running().kill('SIGCONT');
  }

  /** The same port, the same database. */
  async restart(): Promise<void> {
    if (this.child) await this.kill9();
    await this.start();
  }

  /** Ends it as a service manager does. */
  async stop(): Promise<void> {
    if (!this.child) return;
    const code = await this.end('SIGTERM');
    if (code !== 0) throw new Error(`The server ended with ${code}:\n${this.log}`);
  }

  /** The next start serves this style: a browser's half of another build. */
  async upgrade(): Promise<void> {
    const copy = join(this.folder, 'site');
    await cp(site, copy, { recursive: true });
    const style = join(copy, 'pkg/rivulet.css');
    await Promise.all(['.br', '.gz'].map((packed) => rm(style + packed, { force: true })));
    await writeFile(style, '/* another build */', { flag: 'a' });
    this.site = copy;
  }

  async remove(): Promise<void> {
    if (this.child) await this.kill9();
    await rm(this.folder, { recursive: true, force: true });
  }

  private settings(): string {
    return [
      `[leptos]\nsite-addr = "127.0.0.1:${this.port}"\nsite-root = ${JSON.stringify(this.site)}\n`,
      '[database]\nurl = "sqlite:rivulet.db"\n',
      '[server]\ngrace-seconds = 0\n',
      this.providers,
    ].join('\n');
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.running();
    const ended = once(child, 'close');
    child.kill(signal);
    const [code] = await ended;
    this.child = undefined;
    return code;
  }

  private running(): ChildProcess {
    if (!this.child) throw new Error('It does not run.');
    return this.child;
  }
}
