import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { runCli, type Ran } from '../../apps/cli/src/testdata/run-cli.js';
import { startEngine, type Engine } from '../engine.js';

jest.setTimeout(600_000);

const CUSTOMERS = 60;
const BATCH = 50;
const ANN = 'ann@shop.example';
const BEN = 'ben@shop.example';

/** Orders of the past, of which none is due to lapse while the journey runs. */
const order = (number: number, email?: string): object => ({
  id: `o-${number}`,
  source: 'shop',
  type: 'order-placed',
  channel: 'web',
  time: new Date(Date.UTC(2026, 0, 1 + (number % 300), 12)).toISOString(),
  identifiers: [{ namespace: 'email', value: email ?? `person-${number % CUSTOMERS}@shop.example`, role: 'self' }],
  data: {
    orderId: `o-${number}`,
    currency: 'EUR',
    lines: [{ sku: 'A', category: 'books', quantity: 1, unitPriceMinor: 100 + (number % 7) }],
  },
});
const profile = (number: number, email: string): object => ({
  ...order(number, email),
  id: `p-${number}`,
  type: 'profile-updated',
  data: { attributes: { name: `${email.slice(0, 3)} Secretly-Named` } },
});

describe('an engine that is backed up while it works, destroyed and restored', () => {
  let scratch: string;
  let dataDir: string;
  let backup: string;
  let engine: Engine | null = null;
  let env: Record<string, string>;

  const start = async (dir = dataDir): Promise<Engine> => (engine = await startEngine(dir, env));
  const cli = (...args: string[]): Promise<Ran> => runCli(dataDir, args, env);
  const publish = async (from: number, to: number, email?: string): Promise<void> => {
    for (let number = from; number < to; number += BATCH) {
      const events = Array.from({ length: Math.min(BATCH, to - number) }, (_, at) => order(number + at, email));
      const { status, body } = (await engine?.request('POST', '/v1/touchpoints', events)) ?? { status: 0, body: null };
      expect([status, body.received]).toEqual([200, events.length]);
    }
  };
  const caughtUp = async (): Promise<void> => {
    for (;;) {
      const { status, body } = (await engine?.request('GET', '/v1/projections/status')) ?? { status: 0, body: null };
      if (status === 200 && body.lag === 0 && body.dirty === 0) return;
      await sleep(100);
    }
  };
  /** The digest of all read models, and the figures of all customers as of one instant; a rebuild of the log makes the same. */
  const figures = async (): Promise<unknown> => {
    await caughtUp();
    const read = async (query: string) => {
      const { status, body } =
        (await engine?.request('GET', `/v1/query/${query}?as-of=2026-11-01T00:00:00Z&limit=1000`)) ?? {};
      expect([query, status]).toEqual([query, 200]);
      return body.rows as unknown;
    };
    const { code, stdout } = await cli('verify');
    expect([code, stdout]).toEqual([0, expect.stringContaining('Equal.')]);
    const digest = /live +([0-9a-f]{32})/.exec(stdout)?.[1];
    return [digest, await read('revenue'), await read('customers'), await read('rfm')];
  };
  const isReadable = async (email: string): Promise<boolean> => {
    const { status, body } =
      (await engine?.request('GET', `/v1/query/timeline?identifier=email:${email}&limit=100`, undefined, {
        'perennial-purpose': 'service',
      })) ?? {};
    return status === 200 && JSON.stringify(body).includes('Secretly-Named');
  };

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'perennial-backup-journey-'));
    dataDir = join(scratch, 'data');
    backup = join(scratch, 'backup');
    mkdirSync(join(scratch, 'safe'));
    env = { ERASURE_JOURNAL: join(scratch, 'safe', 'erasures.ndjson') };
  });
  afterEach(async () => {
    await engine?.kill();
    engine = null;
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('has the same figures, and brings back neither who was erased before the backup nor who was erased after it', async () => {
    await start();
    await engine?.request('POST', '/v1/touchpoints', [
      profile(1, ANN),
      profile(2, BEN),
      profile(3, 'cleo@shop.example'),
    ]);
    await publish(10_000, 10_003, ANN);
    await publish(10_100, 10_103, BEN);
    await publish(0, 500);
    await caughtUp();
    expect([await isReadable(ANN), await isReadable(BEN)]).toEqual([true, true]);
    expect((await cli('erase', `email:${ANN}`, '--yes')).code).toBe(0);

    // Under load: twice, so that the second adds to the first.
    const load = publish(500, 1_500);
    const first = await cli('backup', backup);
    expect([first.code, first.stderr]).toEqual([0, '']);
    const second = await cli('backup', backup);
    expect([second.code, second.stdout]).toEqual([0, expect.stringContaining('added')]);
    await load;
    expect((await cli('backup', 'verify', backup)).stdout).toContain('is complete');

    expect((await cli('erase', `email:${BEN}`, '--yes')).code).toBe(0);
    await publish(1_500, 1_700);
    const before = await figures();
    await engine?.kill();
    rmSync(dataDir, { recursive: true });

    const restored = await cli('restore', backup);
    expect([restored.code, restored.stdout]).toEqual([
      0,
      expect.stringContaining('1 made since the backup, applied again'),
    ]);
    expect(restored.stderr).not.toContain('Warning');
    await start();
    await caughtUp();
    expect([await isReadable(ANN), await isReadable(BEN), await isReadable('cleo@shop.example')]).toEqual([
      ...[false, false, true],
    ]);
    // What came in after the backup is sent again by its sender.
    await publish(0, 1_700);
    expect(await figures()).toEqual(before);
    expect((await cli('backup', backup)).stdout).toContain('Backed up');
    expect((await cli('backup', 'verify', backup)).code).toBe(0);
    expect(await engine?.stop()).toBe(0);
  });

  it('warns of erasures that nothing records where there is no journal', async () => {
    const target = join(scratch, 'without-journal');
    const restored = await runCli(target, ['restore', backup], { ERASURE_JOURNAL: 'off' });
    expect(restored.code).toBe(0);
    expect(restored.stderr).toMatch(/Warning: ERASURE_JOURNAL is not set, so nothing says who was erased after 20/);
  });

  it('applies the journal at each start, before anything is served, when a folder was copied back by hand', async () => {
    const target = join(scratch, 'by-hand');
    expect((await runCli(target, ['restore', backup], { ERASURE_JOURNAL: 'off' })).code).toBe(0);
    const copy = join(scratch, 'copy');
    cpSync(target, copy, { recursive: true });
    await start(copy);
    await caughtUp();
    expect([await isReadable(ANN), await isReadable(BEN)]).toEqual([false, false]);
    expect(engine?.printed()).not.toContain('another hash key');
  });

  it('acknowledges no erasure while the journal cannot be written, and does not start while it cannot be read', async () => {
    const journal = env['ERASURE_JOURNAL'] as string;
    const kept = readFileSync(journal);
    await start(join(scratch, 'by-hand'));
    await caughtUp();
    rmSync(join(scratch, 'safe'), { recursive: true });
    const erase = () => engine?.request('POST', '/v1/erasures', { identifier: 'email:cleo@shop.example' });
    expect(await erase()).toMatchObject({ status: 503, body: { type: 'urn:perennial:problem:journal-unavailable' } });
    expect(await isReadable('cleo@shop.example')).toBe(true);
    expect((await engine?.request('GET', '/health/ready'))?.body).toMatchObject({
      checks: { 'erasure-journal': { ok: false, required: false } },
    });
    mkdirSync(join(scratch, 'safe'));
    writeFileSync(journal, kept);
    expect(await erase()).toMatchObject({ status: 200 });
    expect(await isReadable('cleo@shop.example')).toBe(false);
    expect(readFileSync(journal, 'utf8').trim().split('\n').length).toBeGreaterThan(
      kept.toString('utf8').trim().split('\n').length,
    );
    await engine?.stop();
    writeFileSync(journal, 'not an erasure\n');
    await expect(start(join(scratch, 'by-hand'))).rejects.toThrow(/ 1 of the erasure journal .* is not an erasure/);
    writeFileSync(journal, kept);
  });

  it('is not restored over a running engine, nor over another folder unless it is told to', async () => {
    await start();
    const locked = await cli('restore', backup, '--force');
    expect([locked.code, locked.stderr]).toEqual([4, expect.stringContaining('is owned by process')]);
    await engine?.stop();
    const occupied = await cli('restore', backup);
    expect([occupied.code, occupied.stderr]).toEqual([3, expect.stringContaining('add --force')]);
    const forced = await cli('restore', backup, '--force');
    const kept = /The former content is in (\S+)/.exec(forced.stdout.replace(/\n +/g, ' '))?.[1] ?? '';
    expect(forced.code).toBe(0);
    expect(existsSync(join(kept, 'log.db'))).toBe(true);
    await start();
    await caughtUp();
  });
});
