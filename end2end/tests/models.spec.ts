// A page whose provider cannot be reached.

import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { button, composer, createAccount, modelMenu, waitForHydration } from '../support/person.ts';
import { test as base, expect } from '../support/test.ts';

/** A provider whose port is closed until it is started. */
class ClosedProvider {
  private server?: Server;

  private constructor(private readonly port: number) {}

  static async create(): Promise<ClosedProvider> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return new ClosedProvider(port);
  }

  get settings(): string {
    return `[[provider]]\nkind = "openai"\nname = "home"\nbase-url = "http://127.0.0.1:${this.port}/v1"\n`;
  }

  async start(): Promise<void> {
    this.server = createServer((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ object: 'list', data: [{ id: 'river-1', object: 'model' }] }));
    }).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  stop(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }
}

const test = base.extend<{ closedProvider: ClosedProvider }>({
  closedProvider: async ({}, use) => {
    const provider = await ClosedProvider.create();
    await use(provider);
    provider.stop();
  },
  providers: async ({ closedProvider }, use) => use(closedProvider.settings),
});

for (const retry of ['by itself', 'by the button']) {
  test(`without a model there is one notice, and once the provider runs the page gets its model ${retry}`, async ({ page, closedProvider }) => {
    await createAccount(page);
    await waitForHydration(page);
    const notice = page.getByRole('note').filter({ hasText: 'There is no model to ask' });
    await expect(notice).toBeVisible();
    await expect(page.getByRole('combobox')).toBeHidden();
    await expect(page.getByRole('note')).toHaveCount(1);
    await expect(page.getByRole('alert').filter({ visible: true })).toHaveCount(0);
    await expect(notice).not.toContainText(/os error|\(\d+\)/);
    await expect(button(page, 'Send')).toBeDisabled();
    await composer(page).fill('kept');
    await composer(page).press('Enter');
    await expect(composer(page)).toHaveValue('kept');
    await expect(page).toHaveURL('/');

    await closedProvider.start();
    if (retry !== 'by itself') {
      // The server asks the provider at most once in three seconds.
      await expect(async () => {
        if (await notice.isVisible()) await button(notice, 'Try again').click();
        await expect(notice).toBeHidden({ timeout: 100 });
      }).toPass();
    }
    await expect(notice).toBeHidden();
    await expect(modelMenu(page)).toHaveValue('home/river-1');
    await expect(button(page, 'Send')).toBeEnabled();
    await expect(composer(page)).toHaveValue('kept');
  });
}
