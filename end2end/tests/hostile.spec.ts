// Text that looks like HTML: in titles, rendered by the server and by the page, and in strings that a script inserts.

import type { Page } from '@playwright/test';
import { ask, button, composer, createAccount, expectStatus, newestReply, waitForHydration, waitForLength } from '../support/person.ts';
import type { ConsoleLog } from '../support/console.ts';
import { expect, scripted } from '../support/test.ts';

const TITLE = '</title><b id=x>"\'&amp;';

scripted('a title that looks like HTML is shown as text, by the server and by the page', async ({ page, provider }) => {
  await createAccount(page);
  const asking = ask(page, TITLE);
  const writer = await provider.nextRequest();
  writer.writes('Hello.');
  await asking;
  writer.ends();
  await expectStatus(newestReply(page), 'completed');
  await expect(page).toHaveTitle('A title · Rivulet');
  await button(page, 'Rename').click();
  await page.getByLabel('Title', { exact: true }).fill(TITLE);
  await button(page, 'Save').click();
  for (let times = 0; times < 8; times += 1) {
    await expect(page).toHaveTitle(`${TITLE} · Rivulet`);
    await page.reload();
    await waitForHydration(page);
    await expect(page.getByRole('heading', { name: TITLE, exact: true })).toBeVisible();
    await expect(page.locator('#x')).toHaveCount(0);
  }
  await composer(page).fill('Again');
  await expect(composer(page)).toHaveValue('Again');
});

scripted('a page renders replies, and refuses to make HTML of any other string', async ({ page, provider, consoleLog }) => {
  await createAccount(page);
  const asking = ask(page, 'Emphasis, please');
  const writer = await provider.nextRequest();
  writer.writes('A **strong** word, ');
  const reply = await asking;
  await waitForLength(reply, 10);
  await expect(reply.locator('strong')).toHaveText('strong');
  writer.writes('and\n\n- a list\n\n| a | table |\n|---|---|\n| of | cells |\n\n');
  await expect(reply.locator('td')).toHaveCount(2);
  await expectStringsRefused(page, consoleLog);
  writer.writes('More of it');
  await expect(reply.getByText('More of it')).toBeVisible();
  writer.ends();
  await expectStatus(reply, 'completed');
  await page.reload();
  await waitForHydration(page);
  await expect(newestReply(page).locator('td')).toHaveCount(2);
  // After leaving and going back the reply is rendered by the page, not by the server.
  await page.getByRole('link', { name: 'New chat', exact: true }).or(button(page, 'New chat')).first().click();
  await expect(page.getByText('Ask something.')).toBeVisible();
  await page.goBack();
  await expect(newestReply(page).locator('td')).toHaveCount(2);
  await expect(newestReply(page).locator('strong')).toHaveText('strong');
  await expectStringsRefused(page, consoleLog);
});

/** Neither a string nor a new Trusted Types policy can insert HTML. Fails if the page had something refused before. */
async function expectStringsRefused(page: Page, consoleLog: ConsoleLog): Promise<void> {
  consoleLog.check();
  const refused = await page.evaluate(() => {
    const attempts: Record<string, () => void> = {
      innerHTML: () => (document.body.innerHTML = '<b>'),
      template: () => (document.createElement('template').innerHTML = '<b>'),
      insertAdjacentHTML: () => document.body.insertAdjacentHTML('beforeend', '<b>'),
      write: () => document.write('<b>'),
      second: () => void (window as any).trustedTypes.createPolicy('rivulet', { createHTML: (html: string) => html }),
      default: () => void (window as any).trustedTypes.createPolicy('default', { createHTML: (html: string) => html }),
    };
    return Object.entries(attempts).map(([name, attempt]) => {
      try {
        attempt();
        return `${name}: not refused`;
      } catch (error) {
        return `${name}: ${(error as Error).name}`;
      }
    });
  });
  expect(refused).toEqual(['innerHTML', 'template', 'insertAdjacentHTML', 'write', 'second', 'default'].map((name) => `${name}: TypeError`));
  consoleLog.clear();
}
