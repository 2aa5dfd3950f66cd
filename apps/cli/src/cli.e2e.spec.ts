import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { lockDataFolder } from '#event-log';
import { openDatabase } from '#database';
import { smallDisk } from '#testing';
import { startEngine } from '../../../test/engine.js';
import { runCli, type Ran } from './testdata/run-cli.js';

// Each step is a process that opens the stores.
jest.setTimeout(300_000);

const folder = mkdtempSync(join(tmpdir(), 'perennial-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const data = (name: string): string => join(folder, name);
const file = (name: string, content: string): string => {
  writeFileSync(data(name), content);
  return data(name);
};
/** Names of customers are shown for a purpose only. */
const OPEN = ['--purpose', 'audit'];
const rowsOf = (csv: string): readonly Readonly<Record<string, string>>[] =>
  parse(csv, { columns: true }) as Readonly<Record<string, string>>[];

const PURCHASES = [
  ' 00004 0001 19970101  2   29.33',
  ' 00004 0001 19970118  2   29.73',
  ' 00004 0001 19970118  2   29.73',
  ' 00021 0002 19970101  3   63.34',
  ' 00021 0002 19970199  1   63.34',
].join('\r\n');

describe('perennial, on a folder whose engine is stopped', () => {
  const dataDir = data('sample');
  const cli = (...args: string[]): Promise<Ran> => runCli(dataDir, args);
  let first: Ran;

  beforeAll(async () => {
    first = await cli('import', file('purchases.txt', PURCHASES), '--preset', 'cdnow', '--timings');
  });

  it('imports valid rows, quarantines the others, and reports both by its exit code', () => {
    expect(first.stdout).toContain('4 accepted, 0 duplicates, 1 quarantined, 0 suppressed');
    expect(first.stdout).toContain('1 × value-malformed');
    expect(first.stdout).toContain('committing to the log');
    expect(first.code).toBe(5);
  });

  it('imports the same file again: everything is a duplicate, and what is still in quarantine counts', async () => {
    const again = await cli('import', data('purchases.txt'), '--preset', 'cdnow');
    expect(again.stdout).toContain('0 accepted, 5 duplicates, 0 quarantined, 0 suppressed');
    // One of the duplicates is still in quarantine.
    expect(again.stdout).toContain('1 of the duplicates was quarantined before and is still open');
    expect(again.code).toBe(5);
  });

  it('runs any query of the API, with CSV, JSON and a table as output', async () => {
    const rfm = await cli('query', 'rfm', '--as-of', '1997-02-01', '--unit', 'week', '--format', 'csv', ...OPEN);
    expect(rfm.code).toBe(0);
    expect(
      rowsOf(rfm.stdout)
        .map(({ identifier, frequency, T }) => [identifier, frequency, Number(T) * 7])
        .sort(),
    ).toEqual([
      ['0001', '1', 31],
      ['0002', '0', 31],
    ]);
    const stagePeriods = await cli(
      'query',
      'stage-periods',
      '--as-of',
      '1997-02-01',
      '--format',
      'json',
      '--output',
      data('stage periods.json'),
    );
    expect(stagePeriods.code).toBe(0);
    const answer = JSON.parse(readFileSync(data('stage periods.json'), 'utf8')) as {
      rows: unknown[];
      nextCursor: unknown;
    };
    expect(answer.rows).toHaveLength(3);
    expect(answer.nextCursor).toBeNull();
    const stats = await cli('stats');
    for (const figure of ['log_bytes', 'log_bytes_per_event', 'keys_bytes', 'read_models_bytes'])
      expect(stats.stdout).toMatch(new RegExp(`${figure} +[1-9]`));
    const table = await cli('query', 'customers', '--as-of', '1997-02-01');
    expect(table.stdout).toContain('retention');
  });

  it('shows the history of one customer, and explains their stage', async () => {
    const story = await cli('replay', 'userId:0001', '--as-of', '1997-06-03');
    const at = [
      '1997-01-01T00:00:00Z  order-placed',
      '1997-01-18T00:00:00Z  order-placed',
      '1997-04-18T00:00:00Z    ▸ retention · at-risk',
    ];
    for (const line of at) expect(story.stdout).toContain(line);
    expect(story.stdout.indexOf('retention · at-risk')).toBeLessThan(story.stdout.indexOf('retention · lapsed'));
    const why = await cli('explain', 'userId:0001', '--as-of', '1997-05-01');
    expect(why.stdout).toContain('at-risk (retention, cycle 1)');
    expect(why.stdout).toContain('3 kept, 88.79 USD');
  });

  it('lists a quarantined event, shows it, accepts it fixed, and counts it from then on', async () => {
    const list = await cli('quarantine', 'list', '--format', 'csv');
    const [row, ...others] = rowsOf(list.stdout);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ code: 'value-malformed', pointer: '#/row/day', source: 'cdnow' });
    const id = row?.['quarantineId'] ?? '';
    const shown = JSON.parse((await cli('quarantine', 'show', id, ...OPEN)).stdout) as {
      body: Record<string, unknown>;
      line: number;
    };
    expect(shown).toMatchObject({ file: 'purchases.txt', line: 5, body: { row: expect.stringContaining('19970199') } });
    const fixed = file(
      'fixed.json',
      JSON.stringify({
        id: 'fixed',
        source: 'cdnow',
        type: 'order-placed',
        occurredAt: '1997-01-19T00:00:00Z',
        channel: 'web',
        identifiers: [{ namespace: 'userId', value: '0002' }],
        data: { orderId: 'fixed', currency: 'USD', totalMinor: 6334 },
      }),
    );
    expect((await cli('quarantine', 'release', id, '--fixed', fixed)).code).toBe(0);
    const orders = await cli('query', 'orders', '--identifier', 'userId:0002', '--format', 'ndjson');
    expect(orders.stdout).toContain('fixed');
    expect((await cli('quarantine', 'discard', id, '--reason', 'no')).code).toBe(3);
  });

  it('verifies the read models and rebuilds them, and the digest is the same', async () => {
    const verified = await cli('verify');
    expect(verified.stdout).toContain('Equal.');
    expect(verified.code).toBe(0);
    const digest = /live\s+(\w+)/.exec(verified.stdout)?.[1] ?? 'none';
    expect((await cli('rebuild')).stdout).toContain(`digest ${digest}`);
  });

  it('exports events as recorded; after an erasure the figures stay and the personal data are gone', async () => {
    const events = await cli('export', 'userId:0001');
    expect(events.stdout.trim().split('\n')).toHaveLength(3);
    const all = await cli('export', '--all', '--output', data('all.ndjson'));
    expect(all).toMatchObject({ code: 0, stderr: expect.stringContaining('5 events written') as unknown });
    const written = readFileSync(data('all.ndjson'), 'utf8').trim().split('\n');
    // What is exported of one customer says in which role each event names them, too.
    const ofOne = events.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly role: string });
    expect(ofOne.map(({ role }) => role)).toEqual(ofOne.map(() => 'self'));
    expect(written.map((line) => ({ ...(JSON.parse(line) as object), role: 'self' }))).toEqual(
      expect.arrayContaining(ofOne),
    );
    const positions = written.map((line) => (JSON.parse(line) as { position: number }).position);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    const receipt = JSON.parse((await cli('erase', 'userId:0001', '--yes')).stdout) as Record<string, unknown>;
    expect(receipt).toMatchObject({ subjects: 1, subjectKeysDestroyed: 1 });
    const rfm = async (...options: string[]) =>
      rowsOf((await cli('query', 'rfm', '--as-of', '1997-02-01', '--format', 'csv', ...OPEN, ...options)).stdout);
    expect((await rfm()).map(({ identifier }) => identifier)).toEqual(['0002']);
    expect((await rfm('--erased', 'with')).map(({ identifier }) => identifier).sort()).toEqual(['', '0002']);
  });

  it('publishes the next version of a policy, and rejects a policy that is not valid', async () => {
    const shown = JSON.parse((await cli('policy', 'show')).stdout) as Record<string, unknown>;
    const next = file('next.json', JSON.stringify({ ...shown, version: 2 }));
    expect((await cli('policy', 'publish', next)).code).toBe(0);
    expect((await cli('policy', 'list')).stdout).toContain('retail@2');
    const broken = await cli(
      'policy',
      'validate',
      file('broken.json', JSON.stringify({ ...shown, acquisition: { coldAfterDays: -1 } })),
    );
    expect(broken.code).toBe(3);
    expect(broken.stderr).toContain('coldAfterDays');
  });
});

describe('perennial, on a folder whose engine runs', () => {
  const dataDir = data('running');
  const cli = (...args: string[]): Promise<Ran> => runCli(dataDir, args);

  it('gives the same as on the folder itself', async () => {
    const imported = await cli('import', file('purchases.txt', PURCHASES), '--preset', 'cdnow');
    expect(imported.code).toBe(5);
    const asked = [
      ['export', '--all'],
      ['export', '--all', '--format', 'csv'],
      ['query', 'timeline', '--identifier', 'userId:0001', '--format', 'csv', ...OPEN],
    ];
    const stopped: string[] = [];
    for (const args of asked) stopped.push((await cli(...args)).stdout);
    expect(stopped[0]?.trim().split('\n')).toHaveLength(4);
    const engine = await startEngine(dataDir);
    try {
      const again = await cli('import', data('purchases.txt'), '--preset', 'cdnow', '--from-start', '--timings');
      expect(again.stdout).toContain('5 duplicates');
      for (const step of ['committing to the log', 'projecting: read', 'projecting: fold'])
        expect(again.stdout).toContain(step);
      const running: string[] = [];
      for (const args of asked) running.push((await cli(...args)).stdout);
      expect(running).toEqual(stopped);
    } finally {
      expect(await engine.stop()).toBe(0);
    }
  });

  it('rebuilds, makes a dry run and rolls back in the engine', async () => {
    const there = data('rebuilding');
    const on = (...args: string[]): Promise<Ran> => runCli(there, args);
    const digestIn = ({ stdout }: Ran): string => /digest (\w+)/.exec(stdout)?.[1] ?? stdout;
    await on('import', file('purchases.txt', PURCHASES), '--preset', 'cdnow');
    // A row that does not follow from the log: the next rebuild corrects it.
    const database = await openDatabase({ kind: 'pglite', folder: join(there, 'readmodels') });
    await database.query('UPDATE rm_1.customers SET orders = orders + 1');
    await database.close();
    const engine = await startEngine(there);
    try {
      expect((await on('rollback')).code).toBe(3);
      const differs = await on('rebuild', '--dry-run');
      expect(differs.code).toBe(7);
      expect(differs.stdout).toContain('customers: ');
      expect(differs.stdout).toContain('Nothing was switched.');
      expect((await on('verify')).code).toBe(1);
      const rebuilt = await on('rebuild');
      expect([rebuilt.code, rebuilt.stdout]).toEqual([0, expect.stringContaining('is live')]);
      const equal = await on('rebuild', '--dry-run');
      expect([equal.code, equal.stdout]).toEqual([0, expect.stringContaining('would change nothing')]);
      const back = await on('rollback');
      expect([back.code, back.stdout]).toEqual([0, expect.stringContaining('Version 1 is live')]);
      expect(digestIn(back)).not.toBe(digestIn(rebuilt));
      expect(digestIn(await on('rollback'))).toBe(digestIn(rebuilt));
    } finally {
      expect(await engine.stop()).toBe(0);
    }
  });
});

describe('perennial rejects with a reason', () => {
  it('a mapping that is not valid, before anything is written', async () => {
    const mapping = file('bad.mapping.json', JSON.stringify({ identifiers: [], type: { value: 'order-placed' } }));
    const ran = await runCli(data('untouched'), ['import', file('rows.csv', 'a,b\n1,2\n'), '--mapping', mapping]);
    expect(ran.code).toBe(3);
    for (const field of ['`identifiers`', '`source`', '`occurredAt`']) expect(ran.stderr).toContain(field);
    expect(existsSync(data('untouched'))).toBe(false);
  });

  it('a wrong command line', async () => {
    expect((await runCli(data('untouched'), ['import', data('rows.csv')])).code).toBe(2);
    expect((await runCli(data('untouched'), ['query', 'rfm', '--period', 'fortnight'])).code).toBe(2);
    expect((await runCli(data('untouched'), ['dance'])).code).toBe(2);
  });

  it('a folder that another process has locked, and an engine that does not answer', async () => {
    const lock = lockDataFolder(data('owned'));
    const owned = await runCli(data('owned'), ['stats']);
    lock.release();
    expect(owned.code).toBe(4);
    expect(owned.stderr).toContain(`process ${process.pid}`);
    expect((await runCli(data('owned'), ['stats', '--url', 'http://127.0.0.1:9'])).code).toBe(4);
  });
});

describe('perennial on a full disk', () => {
  const disk = smallDisk(60, 'what a command reports on a full disk');
  if (disk === null) return;
  beforeAll(() => disk.mount());
  afterAll(() => disk.unmount());

  it('reports how much space is missing, without a stack, and exits so that it can be run again', async () => {
    const { code, stderr } = await runCli(join(disk.folder, 'data'), ['simulate', '--customers', '5']);
    expect(stderr).toMatch(/^The disk of .* is full: .* MiB are free, .* Make room there/m);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(6);
  });
});

describe('perennial simulate', () => {
  it('writes the same touchpoints for the same seed, and they can be imported', async () => {
    const dataDir = data('simulated');
    const period = ['--customers', '30', '--from', '2024-01-01', '--until', '2026-01-01'];
    for (const name of ['one', 'two'])
      await runCli(dataDir, ['simulate', ...period, '--output', data(`${name}.ndjson`)]);
    const one = readFileSync(data('one.ndjson'), 'utf8');
    expect(readFileSync(data('two.ndjson'), 'utf8')).toBe(one);
    const imported = await runCli(dataDir, ['import', data('one.ndjson'), '--preset', 'touchpoints']);
    expect(imported.code).toBe(0);
    const into = await runCli(dataDir, ['simulate', ...period]);
    expect(into.stdout).toContain(' 0 accepted');
  });
});

const SHARED = resolve(process.env['PERENNIAL_SHARED'] ?? '../shared');
const CDNOW = join(SHARED, 'data/CDNOW_sample.txt');
const SUMMARY = join(SHARED, 'data/cdnow_customers_summary.csv');
const STAGES = join(SHARED, 'vectors/stages-cdnow.csv.gz');
const missing = [CDNOW, SUMMARY, STAGES].filter((path) => !existsSync(path));
if (missing.length > 0) console.warn(`SKIPPED: the CDNOW sample as a whole. Not found: ${missing.join(', ')}`);

(missing.length > 0 ? describe.skip : describe)('the CDNOW sample', () => {
  const dataDir = data('cdnow');
  const cli = (...args: string[]): Promise<Ran> => runCli(dataDir, args);

  it('is 6,919 purchases, and the second time 6,919 duplicates', async () => {
    const first = await cli('import', CDNOW, '--preset', 'cdnow');
    expect(first.stdout).toContain('6,919 accepted, 0 duplicates, 0 quarantined');
    const second = await cli('import', CDNOW, '--preset', 'cdnow');
    expect(second.stdout).toContain('0 accepted, 6,919 duplicates, 0 quarantined');
  });

  it('has the published frequency, recency and T of each of its 2,357 customers', async () => {
    const { stdout } = await cli(
      ...'query rfm --as-of 1997-09-30 --period day --unit week --format csv --purpose audit'.split(' '),
    );
    const ours = rowsOf(stdout).map(({ identifier, frequency, recency, T }) => [
      Number(identifier),
      ...[frequency, recency, T].map((figure) => Number(figure).toFixed(2)),
    ]);
    const published = rowsOf(readFileSync(SUMMARY, 'utf8')).map(({ ID, frequency, recency, T }) => [
      Number(ID),
      ...[frequency, recency, T].map((figure) => Number(figure).toFixed(2)),
    ]);
    const byId = (a: readonly unknown[], b: readonly unknown[]) => Number(a[0]) - Number(b[0]);
    expect(ours.sort(byId)).toEqual(published.sort(byId));
  });

  it('gives the stage periods that an independent reading of the rules gives', async () => {
    const { stdout } = await cli('query', 'stage-periods', '--as-of', '1998-07-01', '--format', 'csv', ...OPEN);
    const expected = rowsOf(gunzipSync(readFileSync(STAGES)).toString('utf8'));
    const compared = new Set(expected.map(({ customer }) => customer));
    const line = (who: string | undefined, row: Readonly<Record<string, string>>): string =>
      [who, row['cycle'], row['stage'], row['phase'], row['enteredAt'], row['leftAt']].join(' ');
    const ours = rowsOf(stdout).filter(({ identifier }) => compared.has(identifier));
    expect(ours.map((row) => line(row['identifier'], row)).sort()).toEqual(
      expected.map((row) => line(row['customer'], row)).sort(),
    );
  });
});
