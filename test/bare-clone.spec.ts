import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const scripts = resolve(import.meta.dirname, '../scripts');
/** The scripts that build and install, and so cannot require that this was done. */
const BUILDERS = ['build.mjs', 'install.mjs'];

const programs = readdirSync(scripts)
  .filter((name) => name.endsWith('.mjs') && !BUILDERS.includes(name))
  .map((name) => ({ name, source: readFileSync(join(scripts, name), 'utf8') }))
  .filter(({ source }) => source.includes('dist/'));

describe('on a bare clone, which has no dist/ and no node_modules/', () => {
  it.each(programs)('scripts/$name builds first what it runs', ({ source }) => {
    const missing = ['ensureInstalled(root)', 'build(root)'].filter((call) => !source.includes(call));
    expect(missing).toEqual([]);
  });
});
