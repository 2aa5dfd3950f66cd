#!/usr/bin/env node
// `npx perennial`: the command line. Compiles first where dist/ is missing or older than a source, then becomes the program.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, ensureInstalled } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
const main = join(root, 'dist/apps/cli/src/main.js');
const built = join(root, 'dist/.built');

/** The newest change among the sources that are compiled, in milliseconds. */
function newestSource(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestSource(path));
    else if (/\.(ts|sql)$/.test(entry.name) && !entry.name.endsWith('.spec.ts'))
      newest = Math.max(newest, statSync(path).mtimeMs);
  }
  return newest;
}

/** A package without sources has nothing to compile; PERENNIAL_BUILD=off trusts what is there. */
function isStale() {
  if (process.env.PERENNIAL_BUILD === 'off') return false;
  if (!existsSync(main) || !existsSync(built)) return true;
  const builtAt = statSync(built).mtimeMs;
  return ['apps', 'libs'].some(
    (folder) => existsSync(join(root, folder)) && newestSource(join(root, folder)) > builtAt,
  );
}

if (!existsSync(join(root, 'node_modules/commander'))) ensureInstalled(root);
if (isStale()) {
  console.error('Compiling (some seconds, once after each change)…');
  build(root);
}
process.setSourceMapsEnabled(true);
await import('../dist/apps/cli/src/main.js');
