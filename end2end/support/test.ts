// What every test starts with: a server of its own, and a browser context whose console and messages are recorded.

import { test as base, expect } from '@playwright/test';
import { ConsoleLog } from './console.ts';
import { Provider } from './provider.ts';
import { Recorder } from './recorder.ts';
import { DEMOS, Rivulet } from './server.ts';

export { expect };

interface Fixtures {
  /** The section of the server's settings about providers: the demo models, unless a test replaces it. */
  providers: string;
  /** For `scripted`. */
  provider: Provider;
  rivulet: Rivulet;
  recorder: Recorder;
  consoleLog: ConsoleLog;
}

export const test = base.extend<Fixtures>({
  providers: DEMOS,
  provider: async ({}, use) => {
    const provider = await Provider.start();
    await use(provider);
    provider.stop();
  },
  rivulet: async ({ providers }, use, info) => {
    const rivulet = await Rivulet.create(providers);
    try {
      await rivulet.start();
      await use(rivulet);
      await rivulet.stop();
      expect(rivulet.log, 'the server logged no error').not.toMatch(/ERROR|panicked/);
    } finally {
      await rivulet.remove();
      if (info.status !== info.expectedStatus) await info.attach('server.log', { body: rivulet.log });
    }
  },
  baseURL: async ({ rivulet }, use) => use(rivulet.url),
  recorder: async ({}, use) => use(new Recorder()),
  consoleLog: async ({}, use) => use(new ConsoleLog()),
  context: async ({ context, recorder, consoleLog }, use) => {
    consoleLog.watch(context);
    await recorder.install(context);
    await use(context);
    consoleLog.check();
  },
});

/** The same with a provider whose replies the test writes. */
export const scripted = test.extend({ providers: async ({ provider }, use) => use(provider.settings) });
