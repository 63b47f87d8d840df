import { defineConfig } from '@playwright/test';
import { readdirSync } from 'node:fs';

const stories = readdirSync(new URL('stories', import.meta.url)).filter((name) => name.endsWith('.spec.js'));

export default defineConfig({
  testDir: 'stories',
  // A project a file: a file's stories share one portal with nobody else.
  projects: stories.map((testMatch) => ({ name: testMatch.replace('.spec.js', ''), testMatch })),
  outputDir: 'results',
  workers: 1,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    actionTimeout: 15_000,
    viewport: { width: 1280, height: 900 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
});
