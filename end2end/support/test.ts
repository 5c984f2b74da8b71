// What every test starts with: a server of its own, a browser that is watched, and the words to act in it.

import { test as base, expect } from '@playwright/test';
import { Console } from './console.ts';
import { Provider } from './provider.ts';
import { Recorder } from './recorder.ts';
import { DEMOS, Rivulet } from './server.ts';

export { expect };

interface Fixtures {
  /** What the server's settings say of providers: the demo models. */
  providers: string;
  /** One that says what a test tells it to; for `told`. */
  provider: Provider;
  rivulet: Rivulet;
  recorder: Recorder;
  silence: Console;
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
      expect(rivulet.log, 'the server had no error').not.toMatch(/ERROR|panicked/);
    } finally {
      await rivulet.remove();
      if (info.status !== info.expectedStatus) await info.attach('server.log', { body: rivulet.log });
    }
  },
  baseURL: async ({ rivulet }, use) => use(rivulet.url),
  recorder: async ({}, use) => use(new Recorder()),
  silence: async ({}, use) => use(new Console()),
  context: async ({ context, recorder, silence }, use) => {
    silence.watch(context);
    await recorder.install(context);
    await use(context);
    silence.check();
  },
});

/** The same with a provider whose every word the test decides. */
export const told = test.extend({ providers: async ({ provider }, use) => use(provider.settings) });
