import { expect, open, seen, signIn, test } from '../portal.js';

test('the operator registers a router, is told what is wrong, and takes it off the list', async ({ page }) => {
  await signIn(page, 'operator');
  await open(page, '/ops/routers');
  await page.getByRole('link', { name: 'Register a router' }).click();
  await page.getByLabel('Name').fill('1 edge');
  await page.getByLabel('Location', { exact: true }).selectOption({ label: await page.locator('#location option', { hasText: 'SwissIX' }).innerText() });
  await page.getByLabel('BGP identifier').fill('0.0.0.0');
  await page.getByLabel('Addresses on the peering LAN').fill('192.0.2.1');
  await page.getByRole('button', { name: 'Save' }).click();
  // Everything at once, and what was typed is still there.
  await expect(page.getByRole('alert').getByRole('listitem')).toHaveCount(3);
  await expect(page.getByLabel('BGP identifier')).toHaveValue('0.0.0.0');
  await seen(page);
  await page.getByLabel('Name').fill('edge9.zrh');
  await page.getByLabel('Runs').selectOption('memory');
  await page.getByLabel('BGP identifier').fill('91.206.52.77');
  await page.getByLabel('Addresses on the peering LAN').fill('91.206.52.77 2001:7f8:24::77');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('edge9.zrh');
  await expect(page.getByText('0 of 0 sessions up')).toBeVisible();
  await page.getByRole('button', { name: 'Take off the list' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'is off the list' })).toBeVisible();
});
