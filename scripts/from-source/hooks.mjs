import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compiler } from './compiler.mjs';

// What was compiled once is not compiled again, and then the compiler is not even loaded: a thread or a child of a test starts
// in a tenth of a second.
const require = createRequire(import.meta.url);
const folder = fileURLToPath(new URL('../../node_modules/.cache/from-source/', import.meta.url));
const how = JSON.stringify([compiler, require('@swc/core/package.json').version]);

/** An import of `./x.js` in the source means `./x.ts`. */
export function resolve(specifier, context, next) {
  const fromSource = context.parentURL?.endsWith('.ts') && /^\.{1,2}\/.*\.js$/.test(specifier);
  if (fromSource) {
    const url = new URL(`${specifier.slice(0, -3)}.ts`, context.parentURL);
    if (existsSync(url)) return { url: url.href, format: 'module', shortCircuit: true };
  }
  return next(specifier, context);
}

export function load(url, context, next) {
  if (!url.startsWith('file:') || !/\.m?ts$/.test(url)) return next(url, context);
  return { format: 'module', source: compiled(fileURLToPath(url)), shortCircuit: true };
}

function compiled(file) {
  const source = readFileSync(file, 'utf8');
  const kept = join(folder, `${createHash('sha256').update(how).update(file).update(source).digest('hex')}.js`);
  if (existsSync(kept)) return readFileSync(kept);
  const { code } = require('@swc/core').transformSync(source, { ...compiler, filename: file, swcrc: false });
  keep(kept, code);
  return code;
}

function keep(file, code) {
  // Many may compile it at once: each moves its own into place whole.
  const made = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(made, code);
    renameSync(made, file);
  } catch {
    // A folder that may only be read: then it is compiled every time.
  }
}
