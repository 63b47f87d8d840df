import { expect, open, seen, signIn, taken, test } from '../portal.js';

async function operatorPage(browser, portal) {
  const page = await (await browser.newContext({ baseURL: portal.url })).newPage();
  await signIn(page, 'operator');
  return page;
}

/** The first two steps of a request for a Direct peering of a type. */
async function begin(page, type) {
  await open(page, '/partner');
  await page.getByRole('button', { name: 'Request a peering' }).first().click();
  await taken(page);
  await page.getByRole('radio', { name: type }).check();
  await page.getByRole('button', { name: 'Show locations of this kind' }).click();
  await taken(page);
  await page.getByRole('button', { name: 'Save and go on' }).click();
  await expect(page.getByRole('heading', { name: 'Connection 1' })).toBeVisible();
  await taken(page);
}

test('a voice peering: letter, link test, addresses of the pool, and back to another type', async ({ page, browser, portal }) => {
  await signIn(page, 'partner');
  await begin(page, /^Direct, voice/);
  await page.getByLabel('Most IPv4 prefixes').fill('500');
  await page.getByLabel('Most IPv6 prefixes').fill('');
  await page.getByLabel('Test the link first').check();
  await page.getByLabel('Say the BGP role').check();
  await page.getByRole('button', { name: 'Save and go on' }).last().click();
  await expect(page.getByText('Is this right?')).toBeVisible();
  await seen(page);
  await page.getByRole('button', { name: 'Send request' }).click();
  await expect(page.getByText('Pending approval').first()).toBeVisible();
  const id = page.url().split('/').pop();

  const operator = await operatorPage(browser, portal);
  await open(operator, `/ops/peerings/${id}`);
  await operator.getByRole('button', { name: 'Approve' }).click();
  await expect(operator.locator('.st.big', { hasText: 'Provisioning started' })).toBeVisible();
  await taken(operator);
  await expect(operator.getByLabel('Link IPv4')).toHaveValue(/^104\.44\.200\.\d+\/31$/);
  await operator.getByRole('button', { name: 'Assign addresses' }).click();
  await expect(operator.getByRole('status').filter({ hasText: 'are assigned' })).toBeVisible();
  await taken(operator);
  await operator.getByRole('button', { name: 'Issue the letter' }).click();
  await expect(operator.getByRole('alert').filter({ hasText: 'Say where the cross-connect ends' })).toBeVisible();
  await taken(operator);
  await operator.getByLabel('Where the cross-connect ends').fill('Cage 12, panel A');
  await operator.getByRole('button', { name: 'Issue the letter' }).click();
  await expect(operator.getByRole('paragraph').filter({ hasText: 'Cage 12, panel A' })).toBeVisible();
  await seen(operator);

  // The partner reads the letter first.
  await expect(page.getByRole('paragraph').filter({ hasText: 'Cage 12, panel A' })).toBeVisible();
  await expect(page.getByText('169.254.1.0, the operator')).toBeVisible();
  await seen(page);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download as PDF' }).click();
  expect((await download).suggestedFilename()).toBe(`LOA-${id}-1.pdf`);
  await expect(page.getByRole('button', { name: 'My side is configured' })).toHaveCount(0);
  await page.getByRole('button', { name: 'I have read the letter' }).click();
  await taken(page);
  await page.getByRole('button', { name: 'My side is configured' }).click();
  await expect(page.locator('.st.big', { hasText: 'Active' })).toBeVisible();

  // Another type, which runs once the partner says so.
  await taken(page);
  await page.getByRole('button', { name: 'Ask for the type “Direct”' }).click();
  await expect(operator.getByRole('button', { name: 'Accept the change of type' })).toBeVisible();
  await seen(operator);
  await operator.getByRole('button', { name: 'Accept the change of type' }).click();
  await expect(page.getByText('It becomes “Direct”')).toBeVisible();
  await seen(page);
  await page.getByRole('button', { name: 'My side is configured' }).click();
  await expect(page.locator('.st.big', { hasText: 'Active' })).toBeVisible();
  await operator.context().close();
});

test('a route server: both addresses are asked for, customers come later', async ({ page }) => {
  await signIn(page, 'partner');
  await begin(page, /^Direct, route server/);
  await page.getByLabel('IPv4 network of the session').fill('193.0.22.0/24');
  await page.getByLabel('Route server, IPv4 address').fill('193.0.23.1');
  await page.getByRole('button', { name: 'Save and check' }).click();
  await expect(page.getByText('193.0.23.1 is no host of 193.0.22.0/24')).toBeVisible();
  await seen(page);
  await open(page, '/partner/customers');
  await expect(page.getByText('You have no route server here')).toBeVisible();
  await seen(page);
});

test('sessions from before the portal are read, kept and converted', async ({ page, browser, portal }) => {
  const operator = await operatorPage(browser, portal);
  await open(operator, '/ops/routers');
  await operator.getByRole('link', { name: 'Sessions from before the portal' }).click();
  await taken(operator);
  await operator.getByLabel('The table').fill('location,asn,peer_ipv4\nLO-1,13030,195.69.144.7\nLO-1,64512,195.69.144.8');
  await operator.getByRole('button', { name: 'Read the table' }).click();
  await expect(operator.getByText('AS64512 is not a public ASN')).toBeVisible();
  await seen(operator);
  await operator.getByRole('button', { name: 'Keep the chosen ones' }).click();
  await expect(operator.getByText('Waits for the partner')).toBeVisible();
  await seen(operator);

  await signIn(page, 'partner');
  await open(page, '/partner');
  await seen(page);
  await page.getByRole('button', { name: 'Convert LG-1' }).click();
  await expect(page.getByRole('heading', { name: 'Connection 1' })).toBeVisible();
  await operator.context().close();
});
