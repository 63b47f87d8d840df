import { accessible, expect, open, signIn, taken, test } from '../portal.js';

test('a visitor searches the directory, and the address is the search', async ({ page }) => {
  await open(page, '/');
  await expect(page.getByRole('heading', { name: '21 locations' })).toBeVisible();
  await accessible(page);
  await page.getByLabel('Kind of peering').selectOption('Direct');
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(page).toHaveURL(/kind=Direct/);
  await expect(page.getByRole('heading', { name: '4 locations' })).toBeVisible();
  await open(page, '/?search=init7&partner=any');
  await page.getByRole('link', { name: 'Init7' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Init7' })).toBeVisible();
  await open(page, '/?search=nothing-like-this');
  await expect(page.getByText('Nothing matches these filters.')).toBeVisible();
  await page.getByRole('main').getByRole('link', { name: 'Clear filters' }).last().click();
  await expect(page.getByRole('heading', { name: '21 locations' })).toBeVisible();
});

test('who is at a location is a list, sorted and searched in the address', async ({ page }) => {
  await open(page, '/partners/AS13030');
  await page.getByRole('link', { name: 'Metro' }).click();
  await expect(page).toHaveURL(/sort=metro/);
  await page.getByRole('main').getByRole('link', { name: 'Frankfurt' }).first().click();
  await page.getByRole('link', { name: 'ASN' }).click();
  await expect(page).toHaveURL(/locations.*sort=asn/);
  await page.getByRole('main').getByRole('searchbox').fill('13030');
  await page.getByRole('main').getByRole('button', { name: 'Show' }).click();
  await expect(page.getByRole('cell', { name: 'AS13030' })).toBeVisible();
  await expect(page.getByText('1 to 1 of 1')).toBeVisible();
});

test('every public page is accessible', async ({ page }) => {
  for (const path of ['/locations/LO-1', '/partners/AS13030', '/partners/ix-31', '/sign-in', '/help']) {
    await open(page, path);
    await accessible(page);
  }
});

test('a manager reads the latency page', async ({ page }) => {
  await signIn(page, 'manager');
  await expect(page.getByText('Median latency is')).toBeVisible();
  await accessible(page);
  await page.getByRole('link', { name: '7 d' }).click();
  await expect(page).toHaveURL(/window=7d/);
  const cursor = page.getByRole('slider').first();
  await expect(cursor).toHaveAttribute('aria-valuemax', '167');
  await expect(cursor).toBeVisible();
  await cursor.focus();
  const before = await cursor.getAttribute('aria-valuetext');
  await page.keyboard.press('ArrowLeft');
  await expect(cursor).not.toHaveAttribute('aria-valuetext', before);
  await open(page, '/events');
  await expect(page.getByText('208.65.153.0/24').first()).toBeVisible();
  await accessible(page);
  await open(page, '/connections');
  await accessible(page);
});

test('every page of partner and operator is accessible', async ({ page }) => {
  test.slow();
  await signIn(page, 'partner');
  for (const path of ['/partner', '/partner/asns', '/partner/asns/new', '/partner/asns/PA-1']) {
    await open(page, path);
    await accessible(page);
  }
  await signIn(page, 'operator');
  for (const path of ['/ops/queue', '/ops/peerings', '/ops/locations', '/ops/organisations', '/ops/asns', '/ops/asns/PA-3', '/ops/routers', '/ops/routers/RT-2', '/ops/routers/new', '/ops/peerings/PR-1', '/peerings/PR-1/1/routes', '/peerings/PR-1/1/glass', '/peerings/PR-1/1/glass?kind=ping&search=193.0.0.1']) {
    await open(page, path);
    await accessible(page);
  }
});

test('the operator edits a location and invites somebody', async ({ page }) => {
  await signIn(page, 'operator');
  await open(page, '/ops/locations');
  await page.getByRole('link', { name: 'Country', exact: true }).click();
  await expect(page).toHaveURL(/sort=country/);
  // What is typed into another form of the page survives sending this one.
  const other = page.getByRole('form').filter({ hasNot: page.getByText('SwissIX') }).first();
  await other.getByLabel('Note').fill('half a remark');
  const row = page.getByRole('form', { name: 'SwissIX' });
  await row.getByLabel('Note').fill('Ask for a cross-connect in building B.');
  await row.getByRole('button', { name: 'Save SwissIX' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'was saved' })).toBeVisible();
  await taken(page);
  await expect(other.getByLabel('Note')).toHaveValue('half a remark');
  await open(page, '/ops/organisations');
  await page.getByLabel('Organisation').fill('Nordbank');
  await page.getByLabel('Name').fill('Sven Holm');
  await page.getByLabel('E-mail').fill('sven@nordbank.example');
  await page.getByRole('button', { name: 'Make a one-time link' }).click();
  const link = await page.locator('.secret').innerText();
  await page.reload();
  await expect(page.locator('.secret')).toHaveCount(0);
  await open(page, link);
  await accessible(page);
  await page.getByLabel('New password').fill('a sentence is fine');
  await page.getByRole('button', { name: 'Set password and sign in' }).click();
  await expect(page.getByText('Welcome, Sven Holm.')).toBeVisible();
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the latency page, the directory and the help read', async ({ page, context }) => {
    context.scriptless = true;
    await signIn(page, 'manager');
    await expect(page.getByText('Median latency is')).toBeVisible();
    await expect(page.locator('svg.smoke .median').first()).toHaveAttribute('d', /^M/);
    await page.goto('/help');
    await expect(page.getByRole('heading', { name: 'Every allowed step' })).toBeVisible();
    await page.getByRole('button', { name: 'Light or dark' }).click();
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  });
});

test('nonces stand where they belong and nowhere else', async ({ request }) => {
  const answer = await request.get('/');
  const nonce = /'nonce-([^']+)'/.exec(answer.headers()['content-security-policy'])[1];
  const html = await answer.text();
  const attributes = [...html.matchAll(/ ([\w-]+)="([^"]*)"/g)].filter(([, , value]) => value.includes(nonce));
  expect(attributes.length).toBeGreaterThan(0);
  expect(new Set(attributes.map(([, name]) => name))).toEqual(new Set(['nonce']));
  expect(html).not.toMatch(/ style="/);
});

test('an unknown address is not found, a foreign form is refused', async ({ page, request, errors }) => {
  const answer = await page.goto('/no-such-page');
  expect(answer.status()).toBe(404);
  await expect(page.getByRole('heading', { name: 'Not found' })).toBeVisible();
  const forged = await request.post('/rpc/anything', { headers: { 'sec-fetch-site': 'cross-site' }, form: { a: '1' } });
  expect(forged.status()).toBe(403);
  // The browser reports the page's own 404 as an error; that one is expected.
  errors.splice(0, errors.length, ...errors.filter((e) => !e.includes('404')));
});
