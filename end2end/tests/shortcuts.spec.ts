// Keys that work anywhere in the chat.

import { button, composer, createAccount, ask, waitForHydration } from '../support/person.ts';
import { expect, test } from '../support/test.ts';

test('Ctrl+/ shows all keys, and Ctrl+Shift+O begins a new chat', async ({ page }) => {
  await createAccount(page);
  await ask(page, 'One', 'demo/demo-prose');
  await expect(page).toHaveURL(/\/c\//);
  await page.keyboard.press('Control+/');
  const all = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(all.getByText('New line')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(all).toBeHidden();
  await expect(composer(page)).toBeFocused();
  await page.keyboard.press('Control+Shift+O');
  await expect(page).not.toHaveURL(/\/c\//);
  await waitForHydration(page);
  await expect(button(page, 'Send')).toBeVisible();
});
