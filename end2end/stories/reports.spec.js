// Service levels and reports: an objective, its budget, a week on paper, and who gets it.
import { expect, open, seen, signIn, test } from '../portal.js';

for (const scripts of [true, false]) {
  test.describe(`with JavaScript ${scripts ? 'on' : 'off'}`, () => {
    test.use({ javaScriptEnabled: scripts });
    test.beforeEach(({ context }) => { context.scriptless = !scripts; });

    test('a customer says what is wanted, and a manager reads what became of it', async ({ page, context }) => {
      await signIn(page, 'customer');
      await open(page, '/connections/CN-2');
      const level = page.getByRole('region', { name: 'Service level' });
      await expect(level).toContainText('At least one of them');
      if (await level.getByText('Change the objective').count()) await level.getByText('Change the objective').click();
      await level.getByLabel('Percent of the packets').fill('100');
      await level.getByLabel('come back within, in ms').fill('60');
      await level.getByRole('button', { name: 'Set objective' }).click();
      await expect(page.getByText('from 50 to 99.999')).toBeVisible();
      // What was refused is open, with what was typed.
      await expect(level.getByLabel('come back within, in ms')).toHaveValue('60');
      await level.getByLabel('Percent of the packets').fill('95');
      await level.getByRole('button', { name: 'Set objective' }).click();
      await expect(page.getByText('It is measured against that now.')).toBeVisible();
      await expect(level).toContainText(/of the packets of 30 days came back within 60 ms; 95 % have to/);
      await expect(level).toContainText('of the budget spent');
      if (scripts) await seen(page);

      await context.clearCookies();
      await signIn(page, 'manager');
      await open(page, '/reports');
      await expect(page.getByRole('heading', { level: 1 })).toContainText('Week from');
      await expect(page.getByText(/^Median \d+\.\d ms, /)).toBeVisible();
      await expect(page.getByRole('row', { name: /Seattle office/ })).toContainText('95 % within 60 ms');
      await page.getByRole('link', { name: 'Previous' }).click();
      await expect(page).toHaveURL(/\/reports\/week\/20\d\d-\d\d-\d\d/);
      await page.getByRole('link', { name: 'Months' }).click();
      await expect(page).toHaveURL(/\/reports\/month\/20\d\d-\d\d-01/);
      if (scripts) {
        await seen(page);
        await page.emulateMedia({ media: 'print' });
        await expect(page.getByRole('heading', { name: 'Send it when it is over' })).toBeHidden();
        await expect(page.getByRole('navigation', { name: 'Main' })).toBeHidden();
        await expect(page.getByRole('navigation', { name: 'Length' })).toBeHidden();
        await expect(page.getByRole('button', { name: 'Svenska' })).toBeHidden();
        await expect(page.getByRole('row', { name: /Seattle office/ })).toBeVisible();
        const sheet = await page.pdf({ format: 'A4' });
        expect(sheet.subarray(0, 4).toString()).toBe('%PDF');
        await page.emulateMedia({ media: 'screen' });
      }
    });
  });
}

test('a report is sent to a channel, and is not any more', async ({ page, context }) => {
  await signIn(page, 'customer');
  await open(page, '/reports');
  await expect(page.getByText('To have it sent')).toBeVisible();
  await open(page, '/alerts');
  await page.getByLabel('Name of the channel').fill('Board');
  await page.getByLabel('Where to').fill('https://example.net/hook');
  await page.getByRole('button', { name: 'Add channel' }).click();
  await expect(page.getByText('Board').first()).toBeVisible();
  await context.clearCookies();
  await signIn(page, 'manager');
  await open(page, '/reports/month/2026-11-01');
  await page.getByLabel('Each').selectOption('month');
  await page.getByLabel('to', { exact: true }).selectOption('Board');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(page).toHaveURL(/\/reports\/month\/2026-11-01/);
  await expect(page.getByText('Months → Board')).toBeVisible();
  await page.getByLabel('Each').selectOption('month');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(page.getByText('This channel gets it already.')).toBeVisible();
  await page.getByRole('button', { name: /Stop RS-/ }).first().click();
  await expect(page.getByText('It is not sent any more.')).toBeVisible();
});

test('latency stands side by side by provider, location and probe, in ms and in percent', async ({ page }) => {
  await signIn(page, 'manager');
  await open(page, '/insights/latency?window=7d');
  const groups = page.getByRole('region', { name: 'Side by side' });
  await expect(groups.getByRole('figure')).toHaveCount(2);
  await groups.getByRole('link', { name: '% of own median' }).click();
  await expect(page).toHaveURL(/scale=relative/);
  await groups.getByRole('link', { name: 'Location' }).click();
  await expect(page).toHaveURL(/by=location&scale=relative/);
  await expect(groups).toContainText('is slowest with');
  await seen(page);
});
