import { expect, startPortal } from '../portal.js';
import { test } from '@playwright/test';

/** Signs in over HTTP and gives a function that posts forms of that session. */
async function session(url, email) {
  const sheet = await (await fetch(`${url}/sign-in`)).text();
  const target = /action="(\/rpc\/sign_in\d*)"/.exec(sheet)[1];
  const answer = await fetch(url + target, { method: 'POST', redirect: 'manual', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ email, password: 'peerage demo world', next: '' }) });
  const cookie = answer.headers.get('set-cookie').split(';')[0];
  const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded', referer: `${url}/connections/CN-1` };
  return {
    get: async (path) => (await fetch(url + path, { headers: { cookie } })).text(),
    post: (path, form) => fetch(url + path, { method: 'POST', redirect: 'manual', headers, body: new URLSearchParams(form) }),
  };
}

test('what was acknowledged survives SIGKILL, and nothing is half-written', async () => {
  test.setTimeout(180_000);
  let portal = await startPortal();
  const { dir } = portal;
  let acknowledged = [];
  for (let round = 0; round < 3; round += 1) {
    const me = await session(portal.url, 'customer@demo.example');
    const page = await me.get('/connections/CN-1');
    const target = /action="(\/rpc\/add_prefixes\d*)"/.exec(page)[1];
    let alive = true;
    // Each submission adds a pair: both must be there, or neither.
    const work = (async () => {
      for (let n = 0; alive; n += 1) {
        const pair = [`185.${10 + round}.${n}.0/24`, `2a0c:${(round + 1) * 1000 + n}::/48`];
        const answer = await me.post(target, { id: 'CN-1', prefixes: pair.join('\n') }).catch(() => null);
        if (answer?.status === 303 && answer.headers.get('location') === '/connections/CN-1') acknowledged.push(pair);
      }
    })();
    while (acknowledged.length < (round + 1) * 5) await new Promise((resolve) => setTimeout(resolve, 10));
    await portal.stop('SIGKILL');
    alive = false;
    await work;
    portal = await startPortal({ dir });
  }
  const me = await session(portal.url, 'customer@demo.example');
  const seen = new Set();
  for (let offset = 0; ; offset += 25) {
    const rows = [...(await me.get(`/connections/CN-1?offset=${offset}`)).matchAll(/name="prefix" value="([^"]+)"/g)].map((m) => m[1]);
    rows.forEach((row) => seen.add(row));
    if (rows.length < 25) break;
  }
  for (const [v4, v6] of acknowledged) {
    expect(seen.has(v4) && seen.has(v6), `${v4} and ${v6} were acknowledged`).toBe(true);
  }
  const added = [...seen].filter((p) => p.startsWith('185.'));
  const partners = [...seen].filter((p) => p.startsWith('2a0c:'));
  expect(added.length, 'pairs are whole').toBe(partners.length);
  await portal.stop();
  portal.remove();
});
