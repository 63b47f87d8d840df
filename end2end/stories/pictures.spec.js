// Takes the pictures of the README and of docs/ from the running demo, when asked to.
import { open, signIn, test } from '../portal.js';

const WANTED = [
  ['-', '/', 'directory'],
  ['customer', '/connections/CN-1', 'connection'],
  ['partner', '/partner/peerings/PR-1', 'peering'],
  ['operator', '/ops/peerings/PR-4', 'review'],
  ['manager', '/insights/latency', 'latency'],
  ['customer', '/incidents/IN-1', 'incident'],
];

test('pictures', async ({ page }) => {
  test.skip(!process.env.PICTURES, 'set PICTURES=1 to take them');
  for (const [persona, path, name] of WANTED) {
    if (persona !== '-') await signIn(page, persona);
    await open(page, path);
    await page.screenshot({ path: `../docs/pictures/${name}.png` });
  }
});
