// How smoothly three series of 100,000 measurements are panned and zoomed: the browser's own times between frames.
import { startPortal } from '../portal.js';
import { customerPage, percentile, tokenOf } from './common.js';

const SERIES = ['CN-1/Bench A', 'CN-1/Bench B', 'CN-1/Bench C'];
const POINTS = 100_000;
const BATCH = 10_000;
const ROUNDS = Number(process.env.ROUNDS ?? 12);

const portal = await startPortal();
const token = tokenOf(portal, 'Fjordbank');
// Two seconds apart: fifty-five hours of three series.
const began = Date.now() - POINTS * 2000;
for (const [number, series] of SERIES.entries()) {
  for (let at = 0; at < POINTS; at += BATCH) {
    const samples = Array.from({ length: BATCH }, (_, n) => {
      const value = 12 + number * 3 + Math.sin((at + n) / 5000) * 2 + ((at + n) * 7919 % 101) / 100;
      return { series, time: new Date(began + (at + n) * 2000).toISOString(), rtt_ms: (at + n) % 211 ? value : null };
    });
    const answer = await fetch(`${portal.url}/api/v1/telemetry/latency`, {
      method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ samples }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }
}
const { browser, page } = await customerPage(portal);
await page.goto(`${portal.url}/connections/CN-1?window=${new Date(began).toISOString().slice(0, 19)}Z..${new Date().toISOString().slice(0, 19)}Z`);
await page.locator('html[data-hydrated]').waitFor();
const points = await page.locator('svg.smoke .median').evaluateAll((all) => all.map((it) => it.getAttribute('d').length));

/** Frames while something is done, in milliseconds between one and the next. */
async function frames(work) {
  await page.evaluate(() => {
    window.frames_seen = [];
    let last = performance.now();
    const step = (now) => { window.frames_seen.push(now - last); last = now; window.frame_id = requestAnimationFrame(step); };
    window.frame_id = requestAnimationFrame(step);
  });
  await work();
  return page.evaluate(() => { cancelAnimationFrame(window.frame_id); return window.frames_seen.slice(1); });
}

// What came while the page was opened is drawn first.
await page.waitForTimeout(5000);
const idle = await frames(() => page.waitForTimeout(1500));
const chart = page.locator('svg.smoke:visible').last();
const [pan, zoom] = [[], []];
for (let round = 0; round < ROUNDS; round += 1) {
  // A link leads to the top of the page.
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.boundingBox();
  // The cursor follows on every chart while a span is chosen; then the span is shown.
  zoom.push(...await frames(async () => {
    const before = page.url();
    await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.4);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + box.height * 0.5, { steps: 40 });
    await page.mouse.up();
    await page.waitForURL((url) => url.href !== before);
    await page.waitForTimeout(300);
  }));
  pan.push(...await frames(async () => {
    for (const name of ['Earlier', 'Later']) {
      const before = page.url();
      await page.getByRole('link', { name }).first().click();
      await page.waitForURL((url) => url.href !== before);
      await page.waitForTimeout(300);
    }
    const before = page.url();
    await page.getByRole('link', { name: 'Farther' }).first().click();
    await page.waitForURL((url) => url.href !== before);
    await page.waitForTimeout(300);
  }));
}
await browser.close();
await portal.stop();
portal.remove();
const say = (name, all) => console.log(`${name.padEnd(26)} ${String(all.length).padStart(5)} frames: p50 ${percentile(all, 0.5).toFixed(1)} ms, p95 ${percentile(all, 0.95).toFixed(1)} ms, p99 ${percentile(all, 0.99).toFixed(1)} ms, longest ${Math.max(...all).toFixed(0)} ms`);
console.log(`${SERIES.length} series of ${POINTS} measurements each; paths of ${points.join(', ')} characters`);
say('nothing is done', idle);
say('a span is chosen and shown', zoom);
say('earlier, later, farther', pan);
console.log('goal: p95 of 20 ms');
