// Latency: windows and spans in the address, by link, form, keyboard and pointer; files of what is shown; before and after.
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
  await reading.press('+');
  const keyed = await span(page);
  expect(keyed.length).toBeLessThan(4 * 86_400);

  await open(page, '/insights/latency?window=1d');
  const chart = page.locator('svg.smoke:visible').first();
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
  const csv = await page.request.get(await page.getByRole('link', { name: 'CSV' }).first().getAttribute('href'));
  expect(csv.headers()['content-type']).toContain('text/csv');
  expect(await csv.text()).toMatch(/^time,answered,lost,p5_ms.*\r\n20\d\d-/);
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
