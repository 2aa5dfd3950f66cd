import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const scripts = resolve(import.meta.dirname, '../scripts');
/** What makes a clone runnable, and so cannot ask that it be. */
const MAKERS = ['build.mjs', 'install.mjs'];

const programs = readdirSync(scripts)
  .filter((name) => name.endsWith('.mjs') && !MAKERS.includes(name))
  .map((name) => ({ name, source: readFileSync(join(scripts, name), 'utf8') }))
  .filter(({ source }) => source.includes('dist/'));

describe('on a bare clone, which has no dist/ and no node_modules/', () => {
  it.each(programs)('scripts/$name makes what it runs first', ({ source }) => {
    const makes = ['ensureInstalled(root)', 'build(root)'].filter((call) => !source.includes(call));
    expect(makes).toEqual([]);
  });
});
