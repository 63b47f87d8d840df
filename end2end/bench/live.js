// From a sighting that arrives at the portal to its finding in the browser, in milliseconds.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startPortal } from '../portal.js';
import { customerPage, percentile, tokenOf } from './common.js';

const RECORDING = fileURLToPath(new URL('../../crates/service/demo/bgpwatch-2023-03-29.json', import.meta.url));
const ROUNDS = Number(process.env.ROUNDS ?? 5);

/** The paths of the recording, instant by instant, in the order of time. */
function instants() {
  const { replay, start } = JSON.parse(readFileSync(RECORDING));
  const all = Object.entries(replay).map(([key, value]) => [key === '-1' ? start : Number(key), value.path_list]);
  return all.sort((a, b) => a[0] - b[0]);
}

const portal = await startPortal();
const token = tokenOf(portal, 'Demo operator AS8075');
const { browser, page } = await customerPage(portal);

async function send(query, lines) {
  const answer = await fetch(`${portal.url}/api/v1/watch/sightings?${query}`, {
    method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' }, body: lines.map((it) => JSON.stringify(it)).join('\n'),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

const waits = [];
for (let round = 0; round < ROUNDS; round += 1) {
  await page.goto(`${portal.url}/incidents`);
  await page.locator('html[data-hydrated]').waitFor();
  // The page is watched where its list shows how many saw the latest incident, and how sure it is.
  await page.evaluate(() => {
    window.shown = [];
    const state = () => document.querySelector('table tbody tr')?.textContent.replace(/\d+ (s|min|h|d) ago|\d+ (s|min|h)$/g, '');
    let last = state();
    new MutationObserver(() => {
      if (state() !== last) { last = state(); window.shown.push(performance.timeOrigin + performance.now()); }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  const name = `replay=bench+${round}`;
  const began = Date.now();
  const recorded = instants();
  for (const [at, paths] of recorded) {
    const due = began + (at - recorded[0][0]) * 100;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - Date.now())));
    const now = new Date(due).toISOString();
    const before = await page.evaluate(() => window.shown.length);
    const sent = performance.timeOrigin + performance.now();
    const { findings } = await send(name, paths.map((path) => ({ at: now, asn: Number(path.split(' ')[0]), announce: ['209.16.0.0/18'], path: path.split(' ').map(Number) })));
    if (findings === 0) continue;
    const shown = await page.waitForFunction((n) => window.shown[n], before, { timeout: 600, polling: 5 }).then((it) => it.jsonValue()).catch(() => null);
    if (shown !== null) waits.push(shown - sent);
  }
  await send(`${name}&end=true`, [{ at: new Date().toISOString(), asn: 1, lost: true }]);
}
await browser.close();
await portal.stop();
portal.remove();
const say = (share) => percentile(waits, share).toFixed(0);
console.log(`${waits.length} findings that change the list, from the request that brings them to the changed page: p50 ${say(0.5)} ms, p95 ${say(0.95)} ms, p99 ${say(0.99)} ms (goal 250 ms)`);
