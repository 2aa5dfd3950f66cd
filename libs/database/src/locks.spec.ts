import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LOCKS, tryLock, waitForLock, type AdvisoryLock } from './locks.js';

const locksOf = (version: number): AdvisoryLock[] =>
  Object.values(LOCKS).map((lock) => (typeof lock === 'function' ? lock(version) : lock));

const ROOT = join(import.meta.dirname, '../../..');
const sources = ['libs', 'apps', 'bench', 'examples'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => /\.(?:ts|mjs|sql)$/.test(path) && !/\.spec\.ts$|node_modules/.test(path)),
);

describe('the register of advisory locks', () => {
  it('gives each use locks of its own, whatever the versions of the read models', () => {
    const version = fc.integer({ min: 1, max: 0x7fff_ffff });
    fc.assert(
      fc.property(version, version, (one, other) => {
        const uses = Object.keys(LOCKS).length;
        const classes = new Set([...locksOf(one), ...locksOf(other)].map((lock) => lock.class));
        expect(classes.size).toBe(uses);
        expect(new Set(locksOf(one).map(waitForLock)).size).toBe(uses);
      }),
    );
  });

  it('keeps the versions of one use apart', () => {
    expect(tryLock(LOCKS.indexing(100))).not.toBe(tryLock(LOCKS.indexing(101)));
    expect(tryLock(LOCKS.indexing(100))).not.toBe(tryLock(LOCKS.folding(100)));
  });

  it('rejects an id that is not a 32-bit integer', () => {
    for (const id of [1.5, NaN, 2 ** 31, -(2 ** 31) - 1]) expect(() => LOCKS.indexing(id)).toThrow(RangeError);
  });

  it('is the only place that takes an advisory lock', () => {
    expect(sources.length).toBeGreaterThan(300);
    const taking = sources.filter((path) => /pg_\w*advisory/i.test(readFileSync(join(ROOT, path), 'utf8')));
    expect(taking).toEqual([join('libs', 'database', 'src', 'locks.ts')]);
  });
});
