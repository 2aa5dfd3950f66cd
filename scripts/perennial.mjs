#!/usr/bin/env node
// `npx perennial`: the command line. Compiles first where dist/ is missing or older than a source, then becomes the program.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, ensureInstalled, isStale } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
if (!existsSync(join(root, 'node_modules/commander'))) ensureInstalled(root);
if (isStale(root)) {
  console.error('Compiling (some seconds, once after each change)…');
  build(root);
}
process.setSourceMapsEnabled(true);
await import('../dist/apps/cli/src/main.js');
