import { expect, test } from '../portal.js';
import { spawnSync } from 'node:child_process';

/** Inputs from a fixed seed: valid and broken, IPv4 and IPv6, near every border. */
function inputs(count) {
  let seed = 0x9e3779b9;
  const random = (n) => {
    seed = (Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    return (seed >>> 0) % n;
  };
  const word = () => random(65536).toString(16);
  const kinds = [
    () => `${random(256)}.${random(256)}.${random(256)}.${random(4) ? 0 : random(256)}/${random(36)}`,
    () => `${random(300)}.${random(256)}.0.0/${8 + random(20)}`,
    () => `${['2001', '2a00', '2002', 'fe80', '3fff', '::ffff', word()][random(7)]}:${word()}::/${random(132)}`,
    () => `${word()}:${word()}:${word()}::${random(3) ? '' : word()}/${16 + random(50)}`,
    () => `${random(256)}.${random(256)}.${random(256)}/${random(33)}`,
    () => ['', '#', 'AS64500', '10.0.0.0', '::/0', '0.0.0.0/0', '1.2.3.4/+24', '1.2.3.0/024', '"quoted"', 'é/8', '\\', '193.0.0.0/24 # note'][random(12)],
  ];
  return Array.from({ length: count }, () => kinds[random(kinds.length)]()).join('\n');
}

test('browser and server give the same verdict on 100,000 inputs', async ({ page, portal }) => {
  test.setTimeout(240_000);
  const text = inputs(100_000);
  const native = spawnSync(process.env.PEERAGE, ['check', 'prefixes', '--format', 'ndjson'], { input: text, maxBuffer: 1 << 28, encoding: 'utf8' });
  expect(native.status).toBe(1);
  expect(native.stdout.split('\n').length).toBeGreaterThan(80_000);
  await page.route('**/harness', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>harness</title>' }));
  await page.goto(`${portal.url}/harness`);
  const browser = await page.evaluate(async (input) => {
    const module = await import('/pkg/peerage.js');
    await module.default({ module_or_path: '/pkg/peerage.wasm' });
    return module.check_prefixes(input);
  }, text);
  expect(browser === native.stdout, 'the answers are byte for byte the same').toBe(true);
});
