// Probes: added with a code, enrolled by a real agent, told what to measure, asked for a path.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, open, seen, signIn, taken, test } from '../portal.js';

/** Types the command that the page shows, where the probe would stand. */
async function run(page) {
  const shown = page.getByRole('status').filter({ hasText: 'peerage probe' });
  await expect(shown).toBeVisible();
  const command = (await shown.innerText()).match(/peerage (probe --portal \S+ --enrol \S+)/)[1].split(' ');
  const state = mkdtempSync(join(tmpdir(), 'peerage-probe-'));
  const child = spawn(process.env.PEERAGE, [...command, '--state', state], { stdio: 'ignore' });
  return async () => {
    await new Promise((resolve) => { child.once('exit', resolve); child.kill('SIGKILL'); });
    rmSync(state, { recursive: true, force: true });
  };
}

for (const scripts of [true, false]) {
  test.describe(`with JavaScript ${scripts ? 'on' : 'off'}`, () => {
    test.use({ javaScriptEnabled: scripts });
    test.beforeEach(({ context }) => { context.scriptless = !scripts; });

    test('an operator adds a probe, and its agent measures', async ({ page }) => {
      const name = scripts ? 'Oslo PoP' : 'Bergen PoP';
      await signIn(page, 'operator');
      await open(page, '/probes');
      await page.getByRole('textbox', { name: 'Name' }).first().fill(name);
      await page.getByRole('button', { name: 'Add probe' }).click();
      const end = await run(page);
      try {
        const row = page.getByRole('row').filter({ has: page.getByRole('cell', { name, exact: true }) });
        await expect(async () => {
          if (!scripts) await page.goto('/probes');
          await expect(row).toContainText('Measures', { timeout: 1000 });
        }).toPass({ timeout: 30_000 });
        await open(page, '/probes');
        if (scripts) await seen(page);
        const target = page.getByRole('row').filter({ hasText: '193.0.16.0/24' });
        await target.getByRole('button', { name: 'Find path' }).click();
        await expect(page.getByText('the path is being looked for')).toBeVisible();
        await taken(page);
        await expect(async () => {
          if (!scripts) await page.goto('/probes');
          await expect(page.getByText('The probe is looking for it.')).toHaveCount(0, { timeout: 1000 });
        }).toPass({ timeout: 60_000 });
      } finally {
        await end();
      }
      await open(page, '/probes');
      await page.getByRole('button', { name: `Remove ${name}` }).click();
      await expect(page.getByText(`${name} was removed. What it measured stays.`)).toBeVisible();
    });

    test('a customer names an address, and is told what cannot be measured', async ({ page }) => {
      const address = scripts ? '193.0.16.7' : '193.0.16.8';
      await signIn(page, 'customer');
      await open(page, '/probes');
      await page.getByLabel('Address', { exact: true }).fill('8.8.8.8');
      await page.getByRole('button', { name: 'Measure this address' }).click();
      await expect(page.getByRole('alert')).toContainText('8.8.8.8 lies in no prefix of CN-1');
      await taken(page);
      await expect(page.getByLabel('Address', { exact: true })).toHaveValue('8.8.8.8');
      await page.getByLabel('Address', { exact: true }).fill(address);
      await page.getByRole('button', { name: 'Measure this address' }).click();
      await expect(page.getByText(`${address} is measured from now on.`)).toBeVisible();
      if (scripts) await seen(page);
      await page.getByRole('button', { name: `Remove ${address}` }).click();
      await expect(page.getByText(`${address} is measured no longer.`)).toBeVisible();
    });
  });
}
