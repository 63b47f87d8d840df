import { accessible, expect, fillIn, open, seen, signIn, taken, test } from '../portal.js';

/** Registers lines as the first partner and gives the rows of keys that are shown once. */
async function register(page, text) {
  await open(page, '/partner/prefixes');
  await page.getByLabel('Prefixes, one a line').fill(text);
  await page.locator('form').getByRole('button', { name: 'Register prefixes' }).click();
  await expect(page.getByRole('heading', { name: /^New keys/ })).toBeVisible();
  await taken(page);
  return page.getByRole('region', { name: /^New keys/ }).getByRole('row');
}

/** What a copy button copies. */
const copied = async (cell) => (await cell.getByRole('button').getAttribute('aria-label')).replace(/^Copy /, '');

test('a partner registers prefixes, and a customer takes one over by its link', async ({ page, browser, portal }) => {
  test.slow();
  await signIn(page, 'partner');
  await open(page, '/partner/service');
  await expect(page.getByText('customers can choose you here').first()).toBeVisible();
  await expect(page.getByText('Peering Service needs Direct connections').first()).toBeVisible();
  await accessible(page);

  // Ten thousand lines with mistakes on forty of them: nothing is kept, and each is named.
  await open(page, '/partner/prefixes');
  await accessible(page);
  const lines = Array.from({ length: 10_000 }, (_, n) => `${23 + Math.floor(n / 65_536)}.${Math.floor(n / 256) % 256}.${n % 256}.${n % 250 === 0 ? 1 : 0}/24, AS719, customer ${n}`);
  await page.getByLabel('Prefixes, one a line').evaluate((field, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text', text);
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, lines.join('\n'));
  await expect(page.getByRole('status').filter({ hasText: 'Entries: 10000' })).toContainText('40 fail');
  await page.locator('form').getByRole('button', { name: 'Register prefixes' }).click();
  await expect(page.getByRole('alert')).toContainText('40 of 10000 lines cannot be registered, the first is line 1: 23.0.0.1/24');

  const rows = await register(page, '193.0.30.0/24, , Fjordbank\n2a00:d0c0:30::/48 Fjordbank');
  await accessible(page);
  const link = await copied(rows.nth(1).getByRole('cell').nth(2));
  const key = await copied(rows.nth(2).getByRole('cell').nth(1));
  expect(key).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  await open(page, '/partner/prefixes');
  await expect(page.getByText(key), 'shown once').toHaveCount(0);

  const context = await browser.newContext({ baseURL: portal.url });
  const other = await context.newPage();
  // The link leads back to itself over the sign-in page.
  await open(other, new URL(link).pathname);
  await other.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
  await fillIn(other, 'customer');
  await expect(other.getByText('TATA Communications (AS6453) registered 193.0.30.0/24 for you.')).toBeVisible();
  await accessible(other);
  await other.getByRole('button', { name: 'Activate' }).click();
  await expect(other.getByRole('heading', { level: 1 })).toHaveText('193.0.30.0/24');
  // The demo's peers announce what was registered when they started: this one is missing, and the page says where.
  await expect(other.getByText(/193\.0\.30\.0\/24 is not received from 104\.44\.200\.0/).first()).toBeVisible({ timeout: 15_000 });
  await seen(other);

  // A wrong key, nonsense, a key for another prefix.
  await open(other, '/connections/CN-1');
  const paste = async (text) => {
    await other.getByLabel('Keys, one a line').fill(text);
    await other.getByRole('button', { name: 'Activate' }).click();
    await taken(other);
  };
  await paste('3f0c1c1e-2b7a-4a57-9d0e-5f6c7d8e9a0b');
  await expect(other.getByRole('alert')).toContainText('is not known. Copy it again');
  await paste('nonsense');
  await expect(other.getByRole('alert')).toContainText('This is not a prefix key');
  // A key of the demo world whose last day is over.
  await paste('0badcafe-2026-4000-8000-0123456789ab');
  await expect(other.getByRole('alert')).toContainText('has expired. Ask your provider for a new one');
  await paste(`193.0.31.0/24 ${key}`);
  await expect(other.getByRole('alert')).toContainText('is for another prefix than 193.0.31.0/24');
  await open(other, '/connections/CN-2');
  await paste(key);
  await expect(other.getByRole('alert')).toContainText('is of another provider than Hurricane Electric');
  await expect(other.getByLabel('Keys, one a line'), 'what was pasted is still there').toHaveValue(key);

  // The operator sees the registration, and takes another one off.
  const staff = await (await browser.newContext({ baseURL: portal.url })).newPage();
  await signIn(staff, 'operator');
  await open(staff, '/partner/prefixes?search=193.0.30');
  await staff.getByRole('link', { name: '193.0.30.0/24' }).click();
  await expect(staff.getByRole('heading', { name: 'Whose is it?' })).toBeVisible();
  await seen(staff);
  await staff.getByRole('button', { name: 'Take it off' }).click();
  await expect(staff.getByRole('alert')).toContainText('Say why');
  await taken(staff);
  await staff.getByLabel('Why').fill('It belongs to another partner.');
  await staff.getByRole('button', { name: 'Take it off' }).click();
  await expect(staff.getByText('193.0.30.0/24 is taken off')).toBeVisible();
  await staff.context().close();
  await open(page, '/partner/prefixes');
  await expect(page.getByText('193.0.30.0/24 was taken off by the operator: It belongs to another partner.')).toBeVisible();

  // The partner ends the key, then revokes it.
  await open(page, '/partner/prefixes?search=2a00:d0c0:30');
  await page.getByRole('link', { name: '2a00:d0c0:30::/48' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('2a00:d0c0:30::/48');
  await seen(page);
  await page.getByLabel(/Last day of the key/).fill('2020-01-01');
  await page.getByRole('button', { name: 'Set the last day' }).click();
  await expect(page.getByRole('alert')).toContainText('lies in the future');
  await taken(page);
  await page.getByRole('button', { name: /^Revoke/ }).click();
  await expect(page.getByText('The key is revoked')).toBeVisible();
  await open(other, '/connections/CN-1');
  await paste(key);
  await expect(other.getByRole('alert')).toContainText('Your provider revoked the key');
  await context.close();
});

test('a customer reads why a prefix fails, and moves to another provider', async ({ page }) => {
  await signIn(page, 'customer');
  await open(page, '/connections/CN-1');
  await page.getByRole('link', { name: '193.0.17.0/24' }).click();
  await expect(page.getByText('lacks the service community 8075:8007').first()).toBeVisible();
  await expect(page.getByRole('cell', { name: '8075:8007' }).first()).toBeVisible();
  await seen(page);
  await page.getByRole('button', { name: 'Check again now' }).click();
  await expect(page.getByText('Looked again on every session just now.')).toBeVisible();
  await page.getByLabel('Prefix', { exact: true }).fill('193.0.17.1/24');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('193.0.17.1/24 has host bits set');
  await taken(page);
  await page.getByLabel('Prefix', { exact: true }).fill('::ffff:193.0.17.0/120');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('cannot be registered');

  await open(page, '/connections/CN-1');
  await page.getByRole('link', { name: 'Provider and locations' }).click();
  await expect(page.getByText('This is how it is now.')).toBeVisible();
  await seen(page);
  await page.getByLabel('Provider').selectOption('AS6939');
  await page.getByRole('button', { name: 'Show what it brings' }).click();
  await expect(page.getByText('prefixes need a key of Hurricane Electric').or(page.getByText('Choose a primary location at which'))).toBeVisible();
  await taken(page);
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('registering and activating work with forms alone', async ({ page, context, browser, portal }) => {
    context.scriptless = true;
    await signIn(page, 'second.partner');
    await open(page, '/partner/prefixes');
    await page.getByLabel('ASN', { exact: true }).fill('AS6939');
    await page.getByRole('button', { name: 'In the RPKI' }).click();
    await expect(page.getByRole('alert')).toContainText('No source of the RPKI has answered');
    // A prefix that another partner registered, and one that is inside of it.
    for (const taken of ['193.0.16.0/24', '193.0.16.0/25']) {
      await open(page, '/partner/prefixes');
      await page.getByLabel('Prefixes, one a line').fill(taken);
      await page.locator('form').getByRole('button', { name: 'Register prefixes' }).click();
      await expect(page.getByRole('alert')).toContainText(taken);
    }
    const rows = await register(page, '193.0.40.0/24');
    const key = await copied(rows.nth(1).getByRole('cell').nth(1));
    const other = await browser.newContext({ baseURL: portal.url, javaScriptEnabled: false });
    other.scriptless = true;
    const customer = await other.newPage();
    await signIn(customer, 'customer');
    await open(customer, '/connections/CN-2');
    await customer.getByLabel('Keys, one a line').fill(key);
    await customer.getByRole('button', { name: 'Activate' }).click();
    await expect(customer.getByRole('heading', { level: 1 })).toHaveText('193.0.40.0/24');
    await other.close();
  });
});
