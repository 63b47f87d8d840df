// One running portal per story file, and what stories have in common.
import { AxeBuilder } from '@axe-core/playwright';
import { test as base, expect } from '@playwright/test';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export { expect };

const PROGRAM = process.env.PEERAGE;

async function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts a portal and resolves when it answers. */
export async function startPortal({ dir = mkdtempSync(join(tmpdir(), 'peerage-')), demo = true, port, env = {} } = {}) {
  port ??= await freePort();
  const args = ['serve', '--listen', `127.0.0.1:${port}`, '--data-dir', dir, ...(demo ? ['--demo'] : [])];
  const child = spawn(PROGRAM, args, { env: { ...process.env, PEERAGE_EDGE__STEP_PAUSE_S: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { log += text; });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) break;
    if (child.exitCode !== null || tries > 600) throw new Error(`the portal did not start:\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    dir,
    port,
    log: () => log,
    stop: (signal = 'SIGTERM') => new Promise((resolve) => { child.once('exit', resolve); child.kill(signal); }),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** `portal` runs for all stories of a file; every page fails the story on a console error. */
export const test = base.extend({
  portal: [async ({}, use) => {
    const portal = await startPortal();
    await use(portal);
    await portal.stop();
    portal.remove();
  }, { scope: 'worker' }],
  baseURL: async ({ portal }, use) => use(portal.url),
  errors: [async ({ context }, use) => {
    const errors = [];
    const watch = (page) => {
      page.on('console', (message) => { if (message.type() === 'error') errors.push(`${page.url()}: ${message.text()}`); });
      page.on('pageerror', (error) => errors.push(`${page.url()}: ${error}`));
    };
    context.on('page', watch);
    await use(errors);
    expect(errors, 'console errors').toEqual([]);
  }, { auto: true }],
});

/** Opens an address and waits until the page has been taken over. */
export async function open(page, path) {
  await page.goto(path);
  await taken(page);
}

/** With scripts, waits for the take-over; without, there is nothing to wait for. */
export async function taken(page) {
  const scripts = await page.evaluate(() => document.scripts.length > 0).catch(() => false);
  if (scripts && page.context().scriptless !== true) await expect(page.locator('html')).toHaveAttribute('data-hydrated', '');
}

/** Signs in as a persona of the demo world. */
export async function signIn(page, persona) {
  await open(page, '/sign-in');
  await fillIn(page, persona);
}

/** Fills in the sign-in page that is open. */
export async function fillIn(page, persona) {
  await taken(page);
  await page.getByLabel('E-mail').fill(`${persona}@demo.example`);
  await page.getByLabel('Password').fill('peerage demo world');
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
  await taken(page);
}

/** A page that was just reached, once it has been taken over, is accessible. */
export async function seen(page) {
  await taken(page);
  await accessible(page);
}

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** No violation in light and in dark, nothing wider than a phone. */
export async function accessible(page) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
    const found = violations.map((v) => `${v.id} (${colorScheme}): ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join(' | ')}`);
    expect(found, page.url()).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  const size = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 780 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(wide, `${page.url()} scrolls sideways at 360 px`).toBeLessThanOrEqual(0);
  await page.setViewportSize(size);
}
