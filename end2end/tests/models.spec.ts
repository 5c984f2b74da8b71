// A page whose providers do not answer.

import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { button, composer, createAccount, ready } from '../support/person.ts';
import { test as base, expect } from '../support/test.ts';

/** A provider that is not there until it is started. */
class Absent {
  private server?: Server;

  private constructor(private readonly port: number) {}

  static async create(): Promise<Absent> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return new Absent(port);
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

const test = base.extend<{ absent: Absent }>({
  absent: async ({}, use) => {
    const absent = await Absent.create();
    await use(absent);
    absent.stop();
  },
  providers: async ({ absent }, use) => use(absent.settings),
});

for (const way of ['by itself', 'at once when one asks for it']) {
  test(`without a model there is one calm card, and the model is there ${way} once the provider is`, async ({ page, absent }) => {
    await createAccount(page);
    await ready(page);
    const card = page.getByRole('note').filter({ hasText: 'There is no model to ask' });
    await expect(card).toBeVisible();
    await expect(page.getByRole('combobox')).toBeHidden();
    await expect(page.getByRole('note')).toHaveCount(1);
    await expect(page.getByRole('alert').filter({ visible: true })).toHaveCount(0);
    await expect(card).not.toContainText(/os error|\(\d+\)/);
    await expect(button(page, 'Send')).toBeDisabled();
    await composer(page).fill('kept');
    await composer(page).press('Enter');
    await expect(composer(page)).toHaveValue('kept');
    await expect(page).toHaveURL('/');

    await absent.start();
    if (way !== 'by itself') {
      // The server itself asks again three seconds after the last time.
      await expect(async () => {
        if (await card.isVisible()) await button(card, 'Try again').click();
        await expect(card).toBeHidden({ timeout: 100 });
      }).toPass();
    }
    await expect(card).toBeHidden();
    await expect(page.getByLabel('Model', { exact: true })).toHaveValue('home/river-1');
    await expect(button(page, 'Send')).toBeEnabled();
    await expect(composer(page)).toHaveValue('kept');
  });
}
