// What benchmarks in the browser have in common.
import { chromium } from '@playwright/test';
import { execFileSync } from 'node:child_process';

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

/** A token of an organisation of the demo world. */
export function tokenOf(portal, organisation) {
  const words = ['token', 'add', '--organisation', organisation, '--label', 'bench', '--data-dir', portal.dir];
  return execFileSync(process.env.PEERAGE, words).toString().trim().split('\n').at(-1);
}

/** A browser with a page of the demo world's customer. */
export async function customerPage(portal) {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${portal.url}/sign-in`);
  await page.locator('html[data-hydrated]').waitFor();
  await page.getByLabel('E-mail').fill('customer@demo.example');
  await page.getByLabel('Password').fill('peerage demo world');
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  return { browser, page };
}
