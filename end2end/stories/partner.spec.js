import { accessible, expect, open, seen, signIn, taken, test } from '../portal.js';

async function requestExchange(page) {
  await page.goto('/partner');
  await taken(page);
  await page.getByRole('button', { name: 'Request a peering' }).first().click();
  await page.getByRole('radio', { name: /^Exchange/ }).check();
  await page.getByRole('button', { name: 'Show locations of this kind' }).click();
  await page.getByLabel('Location').selectOption({ label: await page.locator('#location option', { hasText: 'SwissIX' }).first().innerText() });
  await page.getByRole('button', { name: 'Save and go on' }).click();
  await expect(page.getByRole('heading', { name: 'Connection 1' })).toBeVisible();
}

test('a partner requests an Exchange peering and follows it live to Active', async ({ page, browser, portal }) => {
  await signIn(page, 'partner');
  await requestExchange(page);
  await taken(page);
  await page.getByLabel('Your IPv4 address there').first().fill('192.0.2.1');
  await page.getByRole('button', { name: 'Save and go on' }).last().click();
  await expect(page.getByText('192.0.2.1 is not in the peering LAN')).toBeVisible();
  await accessible(page);
  await page.getByLabel('Your IPv4 address there').first().fill('91.206.52.250');
  await page.getByLabel('Your IPv6 address there').first().fill('');
  await page.getByLabel('Most IPv4 prefixes').first().fill('500');
  await page.getByLabel('Most IPv6 prefixes').first().fill('');
  await page.getByLabel('MD5 key').first().fill('s3cret-key');
  await page.getByRole('button', { name: 'Save and go on' }).last().click();
  await expect(page.getByText('Is this right?')).toBeVisible();
  expect(await page.content()).not.toContain('s3cret-key');
  await seen(page);
  await page.getByRole('button', { name: 'Send request' }).click();
  await expect(page.getByText('Pending approval').first()).toBeVisible();
  await seen(page);
  const id = page.url().split('/').pop();

  const other = await browser.newContext({ baseURL: portal.url });
  const operator = await other.newPage();
  await signIn(operator, 'operator');
  await open(operator, '/ops/queue');
  await accessible(operator);
  await operator.getByRole('link', { name: id }).click();
  await expect(operator.getByRole('heading', { name: /asked, on record, policy/ })).toBeVisible();
  await taken(operator);
  await accessible(operator);
  await operator.getByRole('button', { name: 'Approve' }).click();
  await expect(operator.getByRole('status').filter({ hasText: 'is now Approved' })).toBeVisible();

  // The partner's page moves by itself, and has the partner's side of the session.
  await expect(page.locator('.st.big', { hasText: 'Approved' })).toBeVisible();
  await page.getByText('Junos', { exact: true }).click();
  await expect(page.getByText('set protocols bgp group AS8075-V4 neighbor')).toBeVisible();
  await seen(page);
  await page.getByRole('button', { name: 'My side is configured' }).click();
  await expect(operator.locator('.st.big', { hasText: 'Active' })).toBeVisible();
  await expect(page.locator('.st.big', { hasText: 'Active' })).toBeVisible();
  await expect(page.getByText('Established').first()).toBeVisible();
  await other.close();
});

test('the operator assigns the addresses of a Direct peering', async ({ page, browser, portal }) => {
  await signIn(page, 'partner');
  await open(page, '/partner');
  await page.getByRole('button', { name: 'Request a peering' }).first().click();
  await page.getByRole('radio', { name: /^Direct(?!,)/ }).check();
  await page.getByRole('button', { name: 'Show locations of this kind' }).click();
  await seen(page);
  await page.getByRole('button', { name: 'Save and go on' }).click();
  await taken(page);
  await page.getByRole('radio', { name: /operator/ }).check();
  await page.getByLabel('Most IPv4 prefixes').fill('500');
  await page.getByLabel('Most IPv6 prefixes').fill('50');
  await page.getByLabel('MD5 key').fill('has a blank');
  await page.getByRole('button', { name: 'Save and go on' }).last().click();
  // A key that cannot be used is named with its connection; the rest is kept.
  await expect(page.getByRole('alert')).toContainText('Connection 1, MD5 key');
  await expect(page.getByLabel('Most IPv4 prefixes')).toHaveValue('500');
  await taken(page);
  await page.getByRole('button', { name: 'Save and go on' }).last().click();
  await page.getByRole('button', { name: 'Send request' }).click();
  await expect(page.getByText('Pending approval').first()).toBeVisible();
  const id = page.url().split('/').pop();

  const other = await browser.newContext({ baseURL: portal.url });
  const operator = await other.newPage();
  await signIn(operator, 'operator');
  await open(operator, `/ops/peerings/${id}`);
  // Enter in a note decides nothing.
  await operator.getByLabel('Note for the other side').fill('Please ask for 100G.');
  await operator.getByLabel('Note for the other side').press('Enter');
  await expect(operator.locator('.st.big', { hasText: 'Pending approval' })).toBeVisible();
  // What somebody is typing survives what happens elsewhere.
  await taken(page);
  await page.getByLabel('Note for the other side').fill('half a sent');
  await operator.getByLabel('Link IPv4').fill('10.0.0.0/31');
  await operator.getByLabel('IPv6, /126').fill('2a00:1450:1::/127');
  await operator.getByRole('button', { name: 'Assign addresses' }).click();
  await expect(operator.getByRole('alert')).toContainText('private address space (RFC 1918)');
  await expect(operator.getByLabel('IPv6, /126')).toHaveValue('2a00:1450:1::/127');
  await taken(operator);
  await accessible(operator);
  await operator.getByLabel('Link IPv4').fill('193.0.9.0/31');
  await operator.getByRole('button', { name: 'Assign addresses' }).click();
  await expect(operator.getByText('The addresses of connection 1 are assigned.')).toBeVisible();
  await expect(page.getByText('193.0.9.0/31 · 2a00:1450:1::/127')).toBeVisible();
  await expect(page.getByLabel('Note for the other side')).toHaveValue('half a sent');
  await expect(page.getByLabel('Note for the other side')).toBeFocused();
  await taken(operator);
  await operator.getByRole('button', { name: 'Approve' }).click();
  await expect(page.locator('.st.big', { hasText: 'Provisioning started' })).toBeVisible();
  await page.getByRole('button', { name: 'My side is configured' }).click();
  await expect(page.locator('.st.big', { hasText: 'Active' })).toBeVisible();
  await other.close();
});

test('changes that the operator asks for are made in a form that says them', async ({ page, browser, portal }) => {
  await signIn(page, 'partner');
  await requestExchange(page);
  await page.getByLabel('Your IPv4 address there').first().fill('91.206.52.249');
  await page.getByLabel('Your IPv6 address there').first().fill('');
  await page.getByLabel('Most IPv4 prefixes').first().fill('400');
  await page.getByLabel('Most IPv6 prefixes').first().fill('');
  await page.getByRole('button', { name: 'Save and go on' }).last().click();
  await page.getByRole('button', { name: 'Send request' }).click();
  await expect(page.getByText('Pending approval').first()).toBeVisible();
  const id = page.url().split('/').pop();

  const other = await browser.newContext({ baseURL: portal.url });
  const operator = await other.newPage();
  await signIn(operator, 'operator');
  await open(operator, `/ops/peerings/${id}`);
  await operator.getByLabel('Note for the other side').fill('Please raise the limit to 900.');
  await operator.getByRole('button', { name: 'Ask for changes' }).click();
  await expect(operator.locator('.st.big', { hasText: 'Changes requested' })).toBeVisible();
  await other.close();

  await page.getByRole('button', { name: 'Make the changes' }).click();
  await expect(page.getByRole('note')).toContainText('Please raise the limit to 900.');
  await seen(page);
});

test('an ASN is associated, failed with a reason, and asked for again', async ({ page, browser, portal }) => {
  await signIn(page, 'partner');
  await open(page, '/partner/asns/new');
  await page.getByLabel('ASN', { exact: true }).fill('64512');
  await expect(page.getByText('AS64512 is not a public ASN')).toBeVisible();
  await page.getByLabel('ASN', { exact: true }).fill('3303');
  await page.getByLabel('Name of the network').fill('Swisscom');
  const noc = page.getByRole('group', { name: 'NOC' });
  await noc.getByLabel('E-mail').fill('noc@localhost');
  await noc.getByLabel('Telephone').fill('044 555 01 00');
  await page.getByRole('button', { name: 'Ask for confirmation' }).click();
  // Everything that is wrong is said at once.
  await expect(page.getByRole('alert').getByRole('listitem')).toHaveCount(2);
  await taken(page);
  await noc.getByLabel('E-mail').fill('noc@gmail.com');
  await noc.getByLabel('Telephone').fill('+41 44 555 01 00');
  await page.getByRole('button', { name: 'Ask for confirmation' }).click();
  await expect(page.getByRole('alert')).toContainText('public mail service');
  // What was typed is still there.
  await expect(page.getByLabel('Name of the network')).toHaveValue('Swisscom');
  await noc.getByLabel('E-mail').fill('noc@as3303.example');
  await page.getByRole('button', { name: 'Ask for confirmation' }).click();
  await expect(page.getByText('Pending', { exact: true }).first()).toBeVisible();
  const path = new URL(page.url()).pathname;

  const other = await browser.newContext({ baseURL: portal.url });
  const operator = await other.newPage();
  await signIn(operator, 'operator');
  await open(operator, path.replace('/partner', '/ops'));
  await operator.getByRole('button', { name: 'Fail with reason' }).click();
  await expect(operator.getByRole('alert')).toContainText('Say why');
  await operator.getByLabel('Reason, when it fails').fill('Nobody answered at the NOC.');
  await operator.getByRole('button', { name: 'Fail with reason' }).click();
  await expect(operator.getByText('Failed: Nobody answered at the NOC.')).toBeVisible();
  await other.close();
  await open(page, path);
  await expect(page.getByText('Nobody answered at the NOC.').first()).toBeVisible();
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('a request, its refusal and its changes are forms', async ({ page, context, browser, portal }) => {
    context.scriptless = true;
    await signIn(page, 'partner');
    await requestExchange(page);
    await page.getByLabel('Your IPv4 address there').first().fill('91.206.52.251');
    await page.getByLabel('Your IPv6 address there').first().fill('');
    await page.getByLabel('Most IPv4 prefixes').first().fill('400');
    await page.getByLabel('Most IPv6 prefixes').first().fill('');
    await page.getByRole('button', { name: 'Save and go on' }).last().click();
    await page.getByRole('button', { name: 'Send request' }).click();
    const id = page.url().split('/').pop();

    const other = await browser.newContext({ baseURL: portal.url, javaScriptEnabled: false });
    other.scriptless = true;
    const operator = await other.newPage();
    await signIn(operator, 'operator');
    await operator.goto(`/ops/peerings/${id}`);
    await operator.getByRole('button', { name: 'Ask for changes' }).click();
    await expect(operator.getByRole('alert')).toContainText('Say why');
    await operator.getByLabel('Note for the other side').fill('Please raise the limit.');
    await operator.getByRole('button', { name: 'Ask for changes' }).click();
    await expect(operator.getByText('Please raise the limit.').first()).toBeVisible();
    await other.close();

    await page.goto(`/partner/peerings/${id}`);
    await page.getByRole('button', { name: 'Make the changes' }).click();
    await page.getByLabel('Most IPv4 prefixes').first().fill('900');
    await page.getByRole('button', { name: 'Save and go on' }).last().click();
    await page.getByRole('button', { name: 'Send request' }).click();
    await expect(page.getByText('Pending approval').first()).toBeVisible();
  });
});
