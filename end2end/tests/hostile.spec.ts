// Titles that look like HTML: on the server, and once the page is alive.

import { button, composer, createAccount, expectStatus, ready, reply, say } from '../support/person.ts';
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
