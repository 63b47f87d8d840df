import { accessible, expect, open, seen, signIn, taken, test } from '../portal.js';

const TEN = ['185.1.0.0/24', '185.1.1.0/24', '185.1.2.0/24', '185.1.3.7/24', '185.1.4.0/24', '185.1.5.0/24', '2a0c:1::/48', '2a0c:2::/48', '10.0.0.0/24', '185.1.8.0/24'];

/** Fills in the first two steps, the same with and without scripts; `look` looks at each page on the way. */
async function toPrefixes(page, name, look = async () => {}) {
  await page.goto('/connections');
  await taken(page);
  await page.getByRole('button', { name: 'Register a connection' }).first().click();
  await look(page);
  await page.getByLabel('Name of the connection').fill(name);
  await page.getByRole('button', { name: 'Save and go on' }).click();
  await page.getByLabel('Country').selectOption('CH');
  await page.getByRole('button', { name: 'Show providers by distance' }).click();
  await page.getByRole('radio', { name: /TATA/ }).check();
  await page.getByRole('button', { name: 'Show its locations' }).click();
  await look(page);
  await page.getByLabel('Primary location').selectOption({ index: 0 });
  await page.getByLabel('Backup location').selectOption({ index: 2 });
  await page.getByRole('button', { name: 'Save and go on' }).click();
  await expect(page.getByLabel('Prefixes used at the site')).toBeVisible();
}

test('a customer registers a connection with ten prefixes, two of them wrong', async ({ page }) => {
  await signIn(page, 'customer');
  await toPrefixes(page, 'Basel branch', seen);
  await taken(page);
  await page.getByLabel('Prefixes used at the site').fill(TEN.join('\n'));
  // Judged while typing: nothing was sent.
  await expect(page.getByRole('status').filter({ hasText: 'Entries: 10' })).toContainText('2 fail');
  await expect(page.getByText('10.0.0.0/24 is private address space (RFC 1918)')).toBeVisible();
  await accessible(page);
  await page.getByRole('button', { name: 'Use 185.1.3.0/24' }).click();
  await expect(page.getByLabel('Prefixes used at the site')).toHaveValue(/185\.1\.3\.0\/24/);
  await page.getByRole('button', { name: 'Save and go on' }).last().click();
  await expect(page.getByText('1 fail')).toBeVisible();
  await seen(page);
  // The server refuses what the browser refused.
  await page.getByRole('button', { name: 'Register connection' }).click();
  await expect(page.getByRole('alert')).toContainText('1 of 10 prefixes cannot be registered, the first on line 9: 10.0.0.0/24');
  await page.getByRole('link', { name: 'Change Prefixes' }).click();
  await taken(page);
  await page.getByLabel('Prefixes used at the site').fill(TEN.filter((p) => !p.startsWith('10.')).join('\n').replace('3.7', '3.0'));
  await page.getByRole('button', { name: 'Save and go on' }).last().click();
  await page.getByRole('button', { name: 'Register connection' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Basel branch');
  await expect(page.getByRole('heading', { name: 'Prefixes · 9' })).toBeVisible();
  await taken(page);
  await accessible(page);
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the same registration works with forms alone', async ({ page, context }) => {
    context.scriptless = true;
    await signIn(page, 'customer');
    await toPrefixes(page, 'Bern branch');
    await page.getByLabel('Prefixes used at the site').fill('185.2.0.9/24\n185.2.1.0/24');
    await page.getByRole('button', { name: 'Save and check' }).click();
    await page.getByRole('button', { name: 'Use 185.2.0.0/24' }).click();
    await expect(page.getByLabel('Prefixes used at the site')).toHaveValue(/185\.2\.0\.0\/24/);
    await page.getByRole('button', { name: 'Save and go on' }).last().click();
    await page.getByRole('button', { name: 'Register connection' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Bern branch');
    await page.getByRole('button', { name: 'Remove' }).first().click();
    await expect(page.getByRole('heading', { name: 'Prefixes · 1' })).toBeVisible();
  });
});

test('bad input is answered, nothing is lost', async ({ page }) => {
  await signIn(page, 'customer');
  await open(page, '/connections/CN-1');
  await page.getByLabel('Prefixes used at the site').fill('193.0.16.0/24, nonsense');
  await page.getByRole('main').getByRole('button', { name: 'Add prefixes' }).click();
  await expect(page.getByRole('alert')).toContainText('2 of 2 prefixes cannot be registered');
  await page.getByLabel('Type “Zürich HQ” to confirm').fill('zurich');
  await page.getByRole('button', { name: 'Delete connection' }).click();
  await expect(page.getByRole('alert')).toContainText('Type the name');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Zürich HQ');
});
