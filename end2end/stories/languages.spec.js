// Languages: pages, messages and numbers in the reader's own, chosen by the browser or at the foot of a page.
import { expect, open, seen, taken, test } from '../portal.js';

const LANGUAGES = {
  sv: { signIn: 'Logga in', decimal: /\d,\d ms/, report: /^Veckan \d+ / },
  nl: { signIn: 'Aanmelden', decimal: /\d,\d ms/, report: /^Week van \d+ / },
  fr: { signIn: 'Se connecter', decimal: /\d,\d ms/, report: /^Semaine du \d+ / },
};

/** Signs in whatever the language. */
async function enter(page, persona) {
  await page.locator('input[name=email]').fill(`${persona}@demo.example`);
  await page.locator('input[name=password]').fill('peerage demo world');
  await page.getByRole('main').locator('form button[type=submit]').click();
  await expect(page.locator('nav.nav').first()).toBeVisible();
  await taken(page);
}

for (const [language, words] of Object.entries(LANGUAGES)) {
  test.describe(`a browser that reads ${language}`, () => {
    test.use({ locale: language });

    test('gets every page of a manager in it, with its numbers', async ({ page }) => {
      test.setTimeout(240_000);
      await open(page, '/sign-in');
      await expect(page.locator('html')).toHaveAttribute('lang', language);
      await expect(page.getByRole('main').getByRole('button', { name: words.signIn })).toBeVisible();
      await enter(page, 'manager');
      for (const path of ['/insights/latency?window=7d', '/connections/CN-1', '/connections', '/incidents', '/probes', '/events', '/', '/help']) {
        await open(page, path);
        await expect(page.locator('html')).toHaveAttribute('lang', language);
        await seen(page);
      }
      await open(page, '/insights/latency?window=7d');
      await expect(page.locator('.headline')).toContainText(words.decimal);
      await open(page, '/reports');
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(words.report);
      await expect(page.getByRole('table').first()).toContainText(words.decimal);
      await seen(page);
      const sheet = await page.pdf({ format: 'A4' });
      expect(sheet.subarray(0, 4).toString()).toBe('%PDF');
    });
  });
}

for (const scripts of [true, false]) {
  test.describe(`with JavaScript ${scripts ? 'on' : 'off'}`, () => {
    test.use({ javaScriptEnabled: scripts });
    test.beforeEach(({ context }) => { context.scriptless = !scripts; });

    test('a reader chooses another language, and refusals speak it', async ({ page }) => {
      await open(page, '/sign-in');
      await page.getByRole('button', { name: 'Svenska' }).click();
      await expect(page.locator('html')).toHaveAttribute('lang', 'sv');
      await taken(page);
      await page.locator('input[name=email]').fill('nobody@demo.example');
      await page.locator('input[name=password]').fill('wrong');
      await page.getByRole('main').getByRole('button', { name: 'Logga in' }).click();
      await expect(page.getByRole('alert')).toContainText('E-postadressen eller lösenordet');
      await taken(page);
      await enter(page, 'customer');
      await expect(page.locator('html')).toHaveAttribute('lang', 'sv');
      await page.getByRole('button', { name: 'English' }).click();
      await expect(page.locator('html')).toHaveAttribute('lang', 'en');
      await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
    });
  });
}
