import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');
const shared = resolve(root, process.env.PERENNIAL_SHARED ?? '../shared');
const cdnow = join(shared, 'data/CDNOW_sample.txt');

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'perennial-order-'));
}, 120_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs the command on a data folder of its own. Subject ids are keyed hashes, so all folders have one hash key. */
function perennial(folder: string, ...args: string[]): string {
  const dataDir = join(scratch, folder);
  const run = spawnSync(process.execPath, [join(root, 'dist/apps/cli/src/main.js'), ...args], {
    cwd: root,
    env: { ...process.env, DATA_DIR: dataDir, HASH_KEY: '5e'.repeat(32), NODE_OPTIONS: '' },
    encoding: 'utf8',
  });
  if (run.status !== 0)
    throw new Error(`perennial ${args.join(' ')} ended with ${run.status}:\n${run.stderr}${run.stdout}`);
  return run.stdout;
}

/** The digest of the live read models, after `verify` found the rebuilt ones equal. */
function digestOf(folder: string): string {
  const printed = perennial(folder, 'verify');
  expect(printed).toContain('Equal.');
  return /live +([0-9a-f]{32})/.exec(printed)?.[1] ?? printed;
}

function sameWhateverTheOrder(name: string, file: () => string, preset: string): void {
  it(`${name}: in order, shuffled twice, in other batch sizes, and rebuilt: one digest`, () => {
    const ordered = `${preset}-in-order`;
    perennial(ordered, 'import', file(), '--preset', preset);
    const expected = digestOf(ordered);
    for (const [seed, batchSize] of [
      ['7', '137'],
      ['8', '5000'],
    ] as const) {
      const folder = `${preset}-shuffled-${seed}`;
      perennial(folder, 'import', file(), '--preset', preset, '--shuffle', seed, '--batch-size', batchSize);
      expect({ seed, digest: digestOf(folder) }).toEqual({ seed, digest: expected });
    }
    perennial(ordered, 'rebuild');
    expect(digestOf(ordered)).toBe(expected);
  }, 600_000);
}

describe('the order of arrival makes no difference', () => {
  const simulated = (): string => {
    const file = join(scratch, 'simulated.ndjson');
    if (!existsSync(file))
      perennial('keys', 'simulate', '--customers', '150', '--seed', '3', '--until', '2025-06-01', '--output', file);
    return file;
  };
  sameWhateverTheOrder('simulated customers of every archetype', simulated, 'touchpoints');
});

if (!existsSync(cdnow)) console.warn(`Not run: the CDNOW sample is not at ${cdnow}.`);
(existsSync(cdnow) ? describe : describe.skip)(
  'the order of arrival makes no difference in CDNOW (skipped: no sample)',
  () => {
    sameWhateverTheOrder('6,919 real purchases', () => cdnow, 'cdnow');
  },
);
