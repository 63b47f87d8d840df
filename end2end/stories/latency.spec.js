// Latency: windows and spans in the address, by link, form, keyboard and pointer; files of what is shown; before and after.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, open, seen, signIn, taken, test } from '../portal.js';

const seconds = (text) => Date.parse(text) / 1000;

/** From and to of the span in a page's address. */
async function span(page) {
  await expect(page).toHaveURL(/window=[^&]+\.\.[^&]+/);
  const [from, to] = decodeURIComponent(new URL(page.url()).searchParams.get('window')).split('..');
  return { from: seconds(from), to: seconds(to), length: seconds(to) - seconds(from) };
}

test('a manager zooms by link, key and pointer, and every view is an address', async ({ page }) => {
  await signIn(page, 'manager');
  await open(page, '/insights/latency?window=1d');
  await page.getByRole('link', { name: 'Closer' }).click();
  const half = await span(page);
  expect(half.length).toBeGreaterThanOrEqual(43_000);
  expect(half.length).toBeLessThanOrEqual(44_500);
  await taken(page);
  await page.getByRole('link', { name: 'Earlier' }).click();
  await expect.poll(async () => (await span(page)).to).toBeLessThan(half.to);
  await page.getByRole('link', { name: '7 d' }).click();
  await expect(page).toHaveURL(/window=7d/);

  // A table with a shade behind each value: seven days of twenty-four hours.
  const hours = page.getByRole('region', { name: 'Median round-trip time in ms by weekday and hour, in UTC' });
  await expect(hours.getByRole('row')).toHaveCount(8);
  await expect(hours.getByRole('cell')).toHaveCount(168);
  await expect(hours.getByRole('cell').first()).toHaveText(/^\d+\.\d$/);

  const reading = page.getByRole('slider').first();
  await reading.focus();
  await reading.press('Home');
  await reading.press('End');
  const shownSpan = page.locator('details.span > summary').first();
  const week = await shownSpan.innerText();
  await reading.press('+');
  const keyed = await span(page);
  await expect(shownSpan).not.toHaveText(week);
  expect(keyed.length).toBeLessThan(4 * 86_400);
  // Whoever reads by keys goes on where they were.
  await expect(page.getByRole('slider').first()).toBeFocused();
  await page.keyboard.press('+');
  await expect.poll(async () => (await span(page)).length).toBeLessThan(keyed.length);
  await expect(page.getByRole('slider').first()).toBeFocused();

  await open(page, '/insights/latency?window=1d');
  const chart = page.locator('.plot svg.smoke:visible').first();
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.boundingBox();
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.4);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.4, { steps: 4 });
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.4, { steps: 4 });
  await page.mouse.up();
  const dragged = await span(page);
  expect(dragged.length).toBeGreaterThan(3 * 3600);
  expect(dragged.length).toBeLessThan(8 * 3600);
  await seen(page);

  const shown = page.url();
  await page.goto(shown);
  await taken(page);
  expect(await span(page)).toEqual(dragged);
  const series = page.locator('section[id^="s-CN-"]').first();
  expect((await saved(page, series, '<title>CN-1/', /^time,answered,lost,p5_ms.*\r\n20\d\d-/)).readUInt32BE(16)).toBe(1920);

  // What is let go outside of the picture chooses up to its end.
  await page.goto(shown);
  await taken(page);
  await chart.scrollIntoViewIfNeeded();
  const shownBox = await chart.boundingBox();
  const middle = shownBox.y + shownBox.height * 0.4;
  await page.mouse.move(shownBox.x + shownBox.width * 0.5, middle);
  await page.mouse.down();
  await page.mouse.move(shownBox.x + shownBox.width * 0.9, middle, { steps: 4 });
  await page.mouse.move(shownBox.x + shownBox.width + 40, middle + shownBox.height, { steps: 4 });
  await page.mouse.up();
  await expect.poll(async () => (await span(page)).length).toBeLessThan(dragged.length * 0.7);
  expect((await span(page)).to).toBeGreaterThanOrEqual(dragged.to);
});

/** A chart's files: words of its picture, the beginning of its table; gives the picture that the browser draws. */
async function saved(page, chart, words, table) {
  await chart.getByText('Save', { exact: true }).click();
  const file = async (name) => {
    const answer = await page.request.get(await chart.getByRole('link', { name }).getAttribute('href'));
    expect(answer.ok()).toBe(true);
    return answer;
  };
  const svg = await file('SVG');
  expect(svg.headers()['content-type']).toContain('image/svg+xml');
  expect(await svg.text()).toContain(words);
  const csv = await file('CSV');
  expect(csv.headers()['content-type']).toContain('text/csv');
  expect(await csv.text()).toMatch(table);
  expect(typeof await (await file('JSON')).json()).toBe('object');
  await expect(chart.getByLabel('API call')).toHaveValue(/^curl -H "Authorization: Bearer \$TOKEN" "\$PORTAL\/api\/v1\/telemetry\//);
  await chart.getByRole('button', { name: 'Copy the call' }).click();
  await expect(chart.getByRole('button', { name: 'Copied' })).toBeVisible();
  const download = page.waitForEvent('download');
  await chart.getByRole('button', { name: 'PNG' }).click();
  const png = readFileSync(await (await download).path());
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  return png;
}

test('groups and matrices are read by one moment, and taken along', async ({ page }) => {
  await signIn(page, 'manager');
  await open(page, '/insights/latency?window=7d&by=location&scale=relative');
  const groups = page.getByRole('region', { name: 'Side by side' });
  const readings = groups.getByRole('slider');
  await readings.first().focus();
  await readings.first().press('Home');
  const moment = (await readings.first().innerText()).slice(0, 20);
  expect(moment).toMatch(/^20\d\d-\d\d-\d\d \d\d:\d\d UTC/);
  for (const reading of await readings.all()) await expect(reading).toContainText(moment);
  await expect(readings.first()).toContainText(/median \d+ %/);
  await saved(page, groups, '<title>Side by side</title>', /^group,time,answered/);
  // What was chosen beside the window stays.
  await groups.getByRole('slider').first().press('+');
  await expect(page).toHaveURL(/window=[^&]+\.\.[^&]+.*by=location/);
  await expect(page).toHaveURL(/scale=relative/);
  await open(page, '/insights/latency?window=7d');
  await saved(page, page.getByRole('region', { name: 'By weekday and hour (UTC)', exact: true }), '<title>By weekday and hour (UTC)</title>', /^"hours","00"/);
});

test('a span that is being chosen outlives what comes meanwhile', async ({ page, portal }) => {
  const words = ['token', 'add', '--organisation', 'Fjordbank', '--label', 'drag', '--data-dir', portal.dir];
  const token = execFileSync(process.env.PEERAGE, words).toString().trim().split('\n').at(-1);
  await signIn(page, 'customer');
  await open(page, '/connections/CN-1?window=1d');
  const chart = page.locator('.plot svg.smoke:visible').first();
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.boundingBox();
  await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 40, { steps: 4 });
  const drawn = page.waitForResponse((answer) => answer.url().includes('/rpc/latency'));
  const samples = [{ series: 'CN-1/Drag', time: new Date().toISOString(), rtt_ms: 20 }];
  const answer = await fetch(`${portal.url}/api/v1/telemetry/latency`, {
    method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ samples }),
  });
  expect(answer.ok).toBe(true);
  await drawn;
  await expect(page.getByRole('heading', { name: 'Drag' })).toBeVisible();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 40, { steps: 4 });
  await expect(page.locator('rect.brush').first()).toBeAttached();
  await page.mouse.up();
  const chosen = await span(page);
  expect(chosen.length).toBeGreaterThan(5 * 3600);
  expect(chosen.length).toBeLessThan(10 * 3600);
});

for (const scripts of [true, false]) {
  test.describe(`with JavaScript ${scripts ? 'on' : 'off'}`, () => {
    test.use({ javaScriptEnabled: scripts });
    test.beforeEach(({ context }) => { context.scriptless = !scripts; });

    test('a customer looks between two moments, and reads before and after', async ({ page }) => {
      await signIn(page, 'customer');
      await open(page, '/connections/CN-1');
      const proof = page.getByRole('region', { name: 'Before and after' });
      await expect(proof).toContainText('The first prefix was verified on');
      await expect(proof).toContainText('95 %');
      await page.getByText('Other span').click();
      const to = new Date(Date.now() - 86_400_000).toISOString().slice(0, 16);
      const from = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 16);
      await page.getByLabel('From (UTC)').fill(from);
      await page.getByLabel('To (UTC)').fill(to);
      await page.getByRole('button', { name: 'Show' }).last().click();
      await expect(page).toHaveURL(/from=.*&to=/);
      await expect(page.getByText(`${from.slice(0, 10)}`).first()).toBeVisible();
      if (scripts) await seen(page);
      await page.getByRole('link', { name: 'Show both sides as a chart' }).click();
      expect((await span(page)).length).toBeGreaterThanOrEqual(2 * 86_400);
    });
  });
}

/** A finger that is put down, moved and lifted, as the browser's own events. */
async function swipe(page, box, from, to) {
  const cdp = await page.context().newCDPSession(page);
  const at = (share) => [{ x: box.x + box.width * share, y: box.y + box.height * 0.4 }];
  await cdp.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(from) });
  for (let step = 1; step <= 8; step += 1) await cdp.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(from + (to - from) * step / 8) });
  await cdp.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

test.describe('on a phone', () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });

  test('a finger chooses a span', async ({ page }) => {
    await signIn(page, 'manager');
    await open(page, '/insights/latency?window=1d');
    const chart = page.locator('.plot svg.smoke:visible').first();
    await chart.scrollIntoViewIfNeeded();
    await swipe(page, await chart.boundingBox(), 0.3, 0.7);
    const chosen = await span(page);
    expect(chosen.length).toBeGreaterThan(6 * 3600);
    expect(chosen.length).toBeLessThan(14 * 3600);
    await seen(page);
  });
});

test('what is slower than usual is an incident, with what was measured beside it', async ({ page, portal }) => {
  test.setTimeout(180_000);
  const words = ['token', 'add', '--organisation', 'Fjordbank', '--label', 'story', '--data-dir', portal.dir];
  const token = execFileSync(process.env.PEERAGE, words).toString().trim().split('\n').at(-1);
  const now = Date.now();
  const sample = (ago, ms) => ({ series: 'CN-2/Story', time: new Date(now - ago * 1000).toISOString(), rtt_ms: ms });
  // Two days as usual, then a quarter of an hour that is not.
  const samples = [
    ...Array.from({ length: 2880 }, (_, n) => sample(900 + n * 60, 20 + (n % 7) / 10)),
    ...Array.from({ length: 170 }, (_, n) => sample(5 + n * 5, 80 + (n % 7) / 10)),
  ];
  const answer = await fetch(`${portal.url}/api/v1/telemetry/latency`, {
    method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ samples }),
  });
  expect(answer.ok).toBe(true);
  await signIn(page, 'customer');
  await open(page, '/incidents?kind=latency');
  const found = page.getByRole('row', { name: /Slower than usual/ });
  await expect(found).toBeVisible({ timeout: 90_000 });
  await found.getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/Packets of Seattle office take 80\.\d ms; 20\.\d ms is usual at this hour\./);
  await expect(page.getByText('CN-2/Story: 80.', { exact: false }).first()).toBeVisible();
  await expect(page.getByRole('region', { name: 'Latency', exact: true })).toBeVisible();
  await seen(page);
});
