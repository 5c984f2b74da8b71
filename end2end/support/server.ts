// A real server process with a folder of its own, which a test starts, kills and restarts.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../..');
const binary = process.env.RIVULET_BIN ?? join(repository, 'target/release/rivulet');
export const site = process.env.RIVULET_SITE_ROOT ?? join(repository, 'target/site');

/** The demo providers, by the number of pieces that they write a second. */
const PACES = { demo: 90, slow: 30, quick: 8000 };
export const DEMOS = Object.entries(PACES)
  .map(([name, pace]) => `[[provider]]\nkind = "demo"\nname = "${name}"\npace = ${pace}\n`)
  .join('\n');

export class Rivulet {
  /** What all its processes have logged. */
  log = '';
  private child?: ChildProcess;
  private port = 0;
  private site = site;
  private upgrades = 0;

  private constructor(
    private readonly folder: string,
    private readonly providers: string,
  ) {}

  /** A new server in a temporary folder, not started yet. `providers` is the section of its settings about them. */
  static async create(providers: string): Promise<Rivulet> {
    return new Rivulet(await mkdtemp(join(tmpdir(), 'rivulet-')), providers);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves once it accepts connections. It keeps the free port that its first process took. */
  async start(): Promise<void> {
    if (this.child) throw new Error('The server runs already.');
    await writeFile(join(this.folder, 'Leptos.toml'), this.settings());
    const { PATH } = process.env;
    const child = spawn(binary, { cwd: this.folder, env: { PATH, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    const start = this.log.length;
    this.port = await new Promise<number>((listening, failed) => {
      const read = (bytes: Buffer) => {
        this.log += bytes;
        const address = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(this.log.slice(start));
        if (address) listening(Number(address[1]));
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.on('error', failed);
      child.on('exit', () => failed(new Error(`The server did not start:\n${this.log.slice(start)}`)));
    });
  }

  /** Ends it without a chance to write anything more. */
  async kill9(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Suspends it: its connections stay open, but nothing is answered. */
  freeze(): void {
    this.running().kill('SIGSTOP');
  }

  thaw(): void {
    this.running().kill('SIGCONT');
  }

  /** Kills it if it runs, and starts it with the same port and database. */
  async restart(): Promise<void> {
    if (this.child) await this.kill9();
    await this.start();
  }

  /** Copies its database, as `rivulet backup` does. */
  async backUp(): Promise<void> {
    const { PATH } = process.env;
    const child = spawn(binary, ['backup', 'copy.db'], { cwd: this.folder, env: { PATH }, stdio: 'ignore' });
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`The backup ended with ${code}.`);
  }

  /** Kills it, has the copy take the place of its database, and starts it. */
  async restoreBackup(): Promise<void> {
    await this.kill9();
    const database = join(this.folder, 'rivulet.db');
    await Promise.all(['-wal', '-shm'].map((file) => rm(database + file, { force: true })));
    await rename(join(this.folder, 'copy.db'), database);
    await this.start();
  }

  /** Ends it as a service manager does. */
  async stop(): Promise<void> {
    if (!this.child) return;
    const code = await this.end('SIGTERM');
    if (code !== 0) throw new Error(`The server ended with ${code}:\n${this.log}`);
  }

  /** Copies another build over the site: the same with other addresses, which the next process has in its pages. */
  async upgrade(): Promise<void> {
    const copy = join(this.folder, 'site');
    await cp(this.site, copy, { recursive: true });
    const list = join(copy, 'pkg/builds.txt');
    const builds = await readFile(list, 'utf8');
    const newest = builds.split(' ')[0];
    const next = String(++this.upgrades).padStart(newest.length, '0');
    await cp(join(copy, 'pkg', newest), join(copy, 'pkg', next), { recursive: true });
    await writeFile(list, `${next} test\n${builds}`);
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
    if (!this.child) throw new Error('The server does not run.');
    return this.child;
  }
}
