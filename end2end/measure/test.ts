// What every measurement starts with: a server whose provider the measurement scripts, and a page to compare it with.

import { test as base, expect } from '@playwright/test';
import { Provider } from '../support/provider.ts';
import { Rivulet } from '../support/server.ts';
import { BareServer } from './bare.ts';

export { expect };

interface Fixtures {
  provider: Provider;
  rivulet: Rivulet;
  bare: BareServer;
}

export const test = base.extend<Fixtures>({
  provider: async ({}, use) => {
    const provider = await Provider.start();
    await use(provider);
    provider.stop();
  },
  rivulet: async ({ provider }, use) => {
    const rivulet = await Rivulet.create(provider.settings);
    try {
      await rivulet.start();
      await use(rivulet);
    } finally {
      await rivulet.remove();
    }
  },
  bare: async ({}, use) => {
    const bare = await BareServer.start();
    await use(bare);
    bare.stop();
  },
  baseURL: async ({ rivulet }, use) => use(rivulet.url),
});
