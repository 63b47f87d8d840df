// What happens to prefixes on the Internet: read, acknowledged, excepted, told, replayed over a crash.
import { spawn, execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { accessible, expect, open, seen, signIn, startPortal, taken, test } from '../portal.js';

const RECORDING = fileURLToPath(new URL('../../crates/service/demo/bgpwatch-2023-03-29.json', import.meta.url));

/** Takes webhooks, and gives what came: headers and bodies. */
async function receiver() {
  const came = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => { body += part; });
    request.on('end', () => {
      came.push({ id: request.headers['webhook-id'], signature: request.headers['webhook-signature'], body: JSON.parse(body) });
      response.writeHead(204).end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { came, url: `http://127.0.0.1:${server.address().port}/hook`, close: () => server.close() };
}

async function sendWebhook(page, url) {
  await page.goto('/alerts');
  await taken(page);
  await page.getByLabel('Name of the channel').fill('NOC');
  await page.getByLabel('Where to').fill(url);
  await page.getByRole('button', { name: 'Add channel' }).click();
}

async function addWebhook(page, url) {
  await sendWebhook(page, url);
  await expect(page.getByRole('status').filter({ hasText: 'whsec_' })).toBeVisible();
  await taken(page);
}

async function addAlert(page) {
  await page.getByLabel('Name of the alert').fill('Hijacks and leaks');
  await page.getByRole('button', { name: 'Save alert' }).click();
  await expect(page.getByText('The alert “Hijacks and leaks” is kept.')).toBeVisible();
  await taken(page);
}

test('a manager reads what happened, and why it is believed', async ({ page }) => {
  await signIn(page, 'manager');
  await open(page, '/incidents');
  await expect(page.getByText('Nothing happens to your prefixes on the Internet now.')).toBeVisible();
  await expect(page.getByText('3 incidents in 30 days')).toBeVisible();
  await accessible(page);
  await page.getByRole('searchbox', { name: 'Search this list' }).or(page.getByPlaceholder('Prefix, ASN or id')).first().fill('AS40861');
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(page).toHaveURL(/search=AS40861/);
  await expect(page.getByRole('heading', { name: 'All · 1' })).toBeVisible();
  await page.getByRole('link', { name: 'IN-1' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('AS40861 originates 209.16.0.0/18');
  await expect(page.getByText('nothing of it happens now')).toBeVisible();
  await expect(page.getByRole('heading', { name: '% sure' })).toBeVisible();
  await expect(page.getByText(/Vantage points: 47/).first()).toBeVisible();
  await page.getByText('Show as table').click();
  await expect(page.getByRole('cell', { name: 'AS328474' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'I look after it' })).toHaveCount(0);
  await seen(page);
});

test('a customer acknowledges, and says what is meant', async ({ page }) => {
  await signIn(page, 'customer');
  await open(page, '/incidents/IN-2');
  await page.getByLabel('Note').fill('TICKET-7');
  await page.getByRole('button', { name: 'I look after it' }).click();
  await expect(page.getByText('Looks after it: TICKET-7')).toBeVisible();
  await taken(page);
  await page.getByRole('button', { name: 'Say that it is meant' }).click();
  await expect(page.getByRole('alert')).toContainText('Say why it is meant');
  await taken(page);
  await page.getByLabel('Why').fill('our DDoS provider');
  await page.getByRole('button', { name: 'Say that it is meant' }).click();
  await expect(page.getByText('It is meant from now on: 208.65.152.0/22')).toBeVisible();
  await open(page, '/expectations');
  await expect(page.getByText('AS17557 originates it, too')).toBeVisible();
  await accessible(page);
  const exception = page.getByRole('listitem').filter({ hasText: 'AS17557' });
  await exception.getByRole('button').click();
  await expect(page.getByText('The exception is gone')).toBeVisible();
  await expect(page.getByText('AS17557 originates it, too')).toHaveCount(0);
  await open(page, '/connections/CN-1/prefixes/209.16.0.0_18');
  await expect(page.getByRole('heading', { name: 'Where it comes in' })).toBeVisible();
  await expect(page.getByText(/Traffic comes in at .* \(primary\)/)).toBeVisible();
  await accessible(page);
});

test('an alert is tried on the past, its channel tested, its mistakes answered', async ({ page }) => {
  const hook = await receiver();
  await signIn(page, 'customer');
  await sendWebhook(page, 'http://10.0.0.1/hook');
  await expect(page.getByRole('alert')).toContainText('no public address');
  await taken(page);
  await addWebhook(page, hook.url);
  await accessible(page);
  await page.getByRole('button', { name: 'Test NOC' }).click();
  await expect(page.getByText('It arrived. The receiver said: 204 No Content')).toBeVisible();
  expect(hook.came.map((it) => it.body.type)).toEqual(['channel.test']);
  expect(hook.came[0].signature).toMatch(/^v1,/);
  await taken(page);
  await page.getByRole('button', { name: 'Try it on the last 30 days' }).click();
  await expect(page.getByText(/would have told 2 times, last: IN-2/)).toBeVisible();
  await taken(page);
  await page.getByLabel('To this prefix or a part of it').fill('10.0.0.1/8');
  await page.getByLabel('Name of the alert').fill('One prefix');
  await page.getByRole('button', { name: 'Save alert' }).click();
  await expect(page.getByRole('alert')).toContainText('10.0.0.0/8');
  await expect(page.getByLabel('Name of the alert')).toHaveValue('One prefix');
  await taken(page);
  await page.getByLabel('To this prefix or a part of it').fill('');
  await addAlert(page);
  await expect(page.getByText('Hijack, Leak, Not reachable of any of our prefixes, 40 % sure or more: tell NOC.')).toBeVisible();
  await page.getByRole('button', { name: /^Send DE-\d+ again$/ }).first().click();
  await expect(page.getByText('It was sent again')).toBeVisible();
  await expect.poll(() => hook.came.length).toBe(2);
  expect(hook.came[1].id).toBe(hook.came[0].id);
  hook.close();
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('incidents read and alerts are made with forms alone', async ({ page, context }) => {
    context.scriptless = true;
    await signIn(page, 'partner');
    await page.goto('/incidents');
    await page.getByRole('link', { name: 'IN-1' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('209.16.0.0/18');
    await page.getByText('Show as table').click();
    await page.goto('/alerts');
    await page.getByLabel('Name of the channel').fill('Desk');
    await page.getByLabel('Where to').fill('https://hooks.example.net/desk');
    await page.getByLabel('Quiet hours, in UTC').fill('22-6');
    await page.getByRole('button', { name: 'Add channel' }).click();
    await expect(page.getByRole('alert')).toContainText('“22-6” are no hours');
    await page.getByLabel('Quiet hours, in UTC').fill('22:00-06:00');
    await page.getByRole('button', { name: 'Add channel' }).click();
    await expect(page.getByText('quiet 22:00-06:00 UTC')).toBeVisible();
    await page.getByLabel('Name of the alert').fill('Desk');
    await page.getByRole('button', { name: 'Save alert' }).click();
    await expect(page.getByText('The alert “Desk” is kept.')).toBeVisible();
  });
});

test('a replay into a portal that is killed is one beginning and one end', async ({ browser }) => {
  test.setTimeout(120_000);
  const hook = await receiver();
  const env = { PEERAGE_WATCH__LINGER_S: '3' };
  let portal = await startPortal({ env });
  const { dir, port, url } = portal;
  const token = execFileSync(process.env.PEERAGE, ['token', 'add', '--organisation', 'Demo operator AS8075', '--label', 'replay', '--data-dir', dir])
    .toString().trim().split('\n').at(-1);
  const page = await (await browser.newContext({ baseURL: url })).newPage();
  await signIn(page, 'customer');
  await addWebhook(page, hook.url);
  await addAlert(page);
  await open(page, '/incidents');
  const replay = spawn(process.env.PEERAGE, ['watch', 'replay', '--into', url, '--token', token, '--name', 'what if', '--tell', '--speed', '10', RECORDING]);
  let log = '';
  replay.stderr.on('data', (text) => { log += text; });
  const ended = new Promise((resolve) => { replay.once('exit', resolve); });
  // It is seen as it happens.
  await expect(page.getByRole('link', { name: /AS40861 originates 209.16.0.0\/18/ })).toBeVisible({ timeout: 20_000 });
  await portal.stop('SIGKILL');
  portal = await startPortal({ dir, port, env });
  expect(await ended, log).toBe(0);
  await expect.poll(() => hook.came.map((it) => it.body.type), { timeout: 40_000 }).toContain('incident.closed');
  const told = hook.came.map((it) => [it.body.type, it.body.data.id, it.body.data.replay]);
  const unique = [...new Map(hook.came.map((it, at) => [it.id, told[at]])).values()];
  const id = unique[0][1];
  expect(unique).toEqual([['incident.opened', id, 'what if'], ['incident.closed', id, 'what if']]);
  await open(page, `/incidents/${id}`);
  await expect(page.getByText('This is a replay of what if')).toBeVisible();
  await accessible(page);
  await portal.stop();
  portal.remove();
  hook.close();
});

test('an operator sees where routes are heard of', async ({ page }) => {
  await signIn(page, 'operator');
  await open(page, '/incidents');
  await page.getByRole('link', { name: 'Sources of routes' }).click();
  await expect(page.getByText('No source is set.')).toBeVisible();
  await seen(page);
});
