import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RoughProxy } from '../../testdata/libraries/rough-proxy.js';
import { TrackingApp } from '../../testdata/tracking-app.js';

/** Calls of each library: `TRACKING_CALLS=10000` for a long run. */
const COUNT = Number(process.env['TRACKING_CALLS'] ?? 1_000);
const SCRIPTS = join(import.meta.dirname, '../../testdata/libraries');
/** An interpreter that has Segment's library: `python -m venv .venv && .venv/bin/pip install segment-analytics-python==2.4.0`. */
const PYTHON = process.env['TRACKING_PYTHON'] ?? '';
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const LIMIT_MS = 600_000;

let app: TrackingApp;
let url: string;
beforeAll(async () => {
  app = await TrackingApp.start({}, { now: Date.now });
  await app.engine.app.listen(0, '127.0.0.1');
  url = (await app.engine.app.getUrl()).replace('localhost', '127.0.0.1');
});
afterAll(() => app.stop());

/** Runs a program to its end, and gives what it wrote to standard error. */
const run = (command: string, args: readonly string[], env = process.env): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve(said) : reject(new Error(`exit ${code}: ${said.slice(0, 4_000)}`)),
    );
  });

/** Every call has one outcome, whatever happens on the way: none is lost, and none is there twice. */
async function expectAllOnce(source: string, proxy: RoughProxy): Promise<void> {
  const { received, accepted, duplicate, quarantined, suppressed } = proxy.counts;
  expect(received).toBe(accepted + duplicate + quarantined + suppressed);
  const ids = (await app.events(source)).map(({ id }) => id);
  const rejected = Math.floor(COUNT / 100);
  expect({ inLog: ids.length, distinct: new Set(ids).size, accepted, quarantined, suppressed }).toEqual({
    ...{ inLog: COUNT - rejected, distinct: COUNT - rejected, accepted: COUNT - rejected },
    ...{ quarantined: rejected, suppressed: 0 },
  });
  // What reached the engine and was sent again, since its answer was lost.
  expect(duplicate).toBeGreaterThan(0);
  for (const met of Object.values(proxy.met)) expect(met).toBeGreaterThan(0);
}

describe('a real library, with a server that fails, is slow and overloaded in between', () => {
  it.each(['segment', 'rudder', 'posthog'])(
    'sends every call once: %s',
    async (library) => {
      const key = await app.source(library);
      const proxy = await RoughProxy.start(url);
      await run(process.execPath, [join(SCRIPTS, 'send-calls.mjs'), library, proxy.url, key, String(COUNT)]);
      await proxy.stop();
      await expectAllOnce(library, proxy);
    },
    LIMIT_MS,
  );

  const hasPython = existsSync(PYTHON);
  if (!hasPython) console.warn('SKIPPED: Segment’s library for Python needs TRACKING_PYTHON.');
  (hasPython ? it : it.skip)(
    `sends every call once: Python${hasPython ? '' : ' (skipped: TRACKING_PYTHON names no interpreter)'}`,
    async () => {
      const key = await app.source('python');
      const proxy = await RoughProxy.start(url);
      await run(PYTHON, [join(SCRIPTS, 'send_calls.py'), proxy.url, key, String(COUNT)]);
      await proxy.stop();
      await expectAllOnce('python', proxy);
    },
    LIMIT_MS,
  );
});

/** The examples of the page, in its order: language and text. */
const EXAMPLES = [
  ...readFileSync(join(import.meta.dirname, '../../../../../docs/tracking.md'), 'utf8').matchAll(
    /```(js|python|bash)\n([^]*?)```/g,
  ),
].map(([, language = '', text = '']) => [language, text] as const);
const COMMANDS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  js: [process.execPath, '--input-type=module', '-e'],
  python: [PYTHON, '-c'],
  bash: ['bash', '-c'],
};

describe('docs/tracking.md', () => {
  it(
    'shows examples that run, and each becomes what it says',
    async () => {
      const key = await app.source('documented', { currency: 'EUR' });
      const env = { ...process.env, WRITE_KEY: key, ENGINE: url };
      for (const [language, text] of EXAMPLES) {
        const [command = '', ...args] = COMMANDS[language] ?? [];
        if (language !== 'python' || existsSync(PYTHON)) await run(command, [...args, text], env);
      }
      const types = (await app.events('documented')).map(({ type }) => type);
      expect(types).toEqual([
        ...['profile-updated', 'order-placed', 'product-viewed', 'cart-updated'],
        ...(existsSync(PYTHON) ? ['checkout-started'] : []),
        'order-cancelled',
      ]);
    },
    LIMIT_MS,
  );
});

const hasBrowser = existsSync(CHROMIUM);
if (!hasBrowser) console.warn(`SKIPPED: the library of browsers needs ${CHROMIUM}.`);
const skipped = hasBrowser ? '' : ' (skipped: no Chromium was found)';
(hasBrowser ? describe : describe.skip)(`the library of browsers${skipped}`, () => {
  let pages: Server;
  beforeAll(async () => {
    const require = createRequire(import.meta.url);
    const library = readFileSync(join(require.resolve('@segment/analytics-next/package.json'), '../dist/umd/index.js'));
    pages = createServer(({ url: path }, answer) => {
      if (path === '/library.js') return void answer.writeHead(200, { 'content-type': 'text/javascript' }).end(library);
      answer
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<script src="/library.js"></script><title>Shop</title>');
    });
    await new Promise<void>((resolve) => void pages.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    pages.closeAllConnections();
    await new Promise((resolve) => void pages.close(resolve));
  });

  it(
    'reads its settings here, and links a visitor with the user that they turn out to be',
    async () => {
      const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
      const key = await app.source('browser', { origins: [origin], currency: 'EUR' });
      const address = `${origin}/spring?utm_source=newsletter`;
      await run(process.execPath, [join(SCRIPTS, 'open-page.mjs'), CHROMIUM, address, url, key]);
      const events = await app.events('browser');
      const named = events.map(({ type, meta }) => {
        const { identifiers, channel } = JSON.parse(meta) as { channel: string; identifiers: { namespace: string }[] };
        return [type, channel, ...identifiers.map(({ namespace }) => namespace)];
      });
      expect(named.sort()).toEqual([
        ['order-placed', 'web', 'userId', 'anonymousId'],
        ['product-viewed', 'web', 'anonymousId'],
        ['profile-updated', 'web', 'userId', 'anonymousId', 'email'],
        ['site-visited', 'web', 'anonymousId'],
      ]);
    },
    LIMIT_MS,
  );
});
