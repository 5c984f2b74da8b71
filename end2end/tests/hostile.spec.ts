// What looks like HTML: titles, on the server and once the page is alive, and strings that a script makes HTML of.

import type { Page } from '@playwright/test';
import { button, composer, createAccount, expectStatus, grownTo, ready, reply, say } from '../support/person.ts';
import type { Console } from '../support/console.ts';
import { expect, told } from '../support/test.ts';

const TITLE = '</title><b id=x>"\'&amp;';

told('a title that looks like HTML is shown as it is, however often the page is made', async ({ page, provider }) => {
  await createAccount(page);
  const saying = say(page, TITLE);
  const voice = await provider.isAsked();
  voice.says('Said.');
  await saying;
  voice.ends();
  await expectStatus(reply(page), 'completed');
  await expect(page).toHaveTitle('A title · Rivulet');
  await button(page, 'Rename').click();
  await page.getByLabel('Title', { exact: true }).fill(TITLE);
  await button(page, 'Save').click();
  for (let times = 0; times < 8; times += 1) {
    await expect(page).toHaveTitle(`${TITLE} · Rivulet`);
    await page.reload();
    await ready(page);
    await expect(page.getByRole('heading', { name: TITLE, exact: true })).toBeVisible();
    await expect(page.locator('#x')).toHaveCount(0);
  }
  await composer(page).fill('Again');
  await expect(composer(page)).toHaveValue('Again');
});

told('no string becomes HTML on a page, yet replies do', async ({ page, provider, silence }) => {
  await createAccount(page);
  const saying = say(page, 'Emphasis, please');
  const voice = await provider.isAsked();
  voice.says('A **strong** word, ');
  const answer = await saying;
  await grownTo(answer, 10);
  await expect(answer.locator('strong')).toHaveText('strong');
  voice.says('and\n\n- a list\n\n| a | table |\n|---|---|\n| of | cells |\n\n');
  await expect(answer.locator('td')).toHaveCount(2);
  await refusesStrings(page, silence);
  voice.says('Still going on');
  await expect(answer.getByText('Still going on')).toBeVisible();
  voice.ends();
  await expectStatus(answer, 'completed');
  await page.reload();
  await ready(page);
  await expect(reply(page).locator('td')).toHaveCount(2);
  // Elsewhere and back: the page is made in the browser, not taken over.
  await page.getByRole('link', { name: 'New chat', exact: true }).or(button(page, 'New chat')).first().click();
  await expect(page.getByText('Ask something.')).toBeVisible();
  await page.goBack();
  await expect(reply(page).locator('td')).toHaveCount(2);
  await expect(reply(page).locator('strong')).toHaveText('strong');
  await refusesStrings(page, silence);
});

/** Neither a string nor a policy of another's making brings HTML onto the page. Nothing else was refused before. */
async function refusesStrings(page: Page, silence: Console): Promise<void> {
  silence.check();
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
        return `${name}: let through`;
      } catch (error) {
        return `${name}: ${(error as Error).name}`;
      }
    });
  });
  expect(refused).toEqual(['innerHTML', 'template', 'insertAdjacentHTML', 'write', 'second', 'default'].map((name) => `${name}: TypeError`));
  silence.forget();
}
