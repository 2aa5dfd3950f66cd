import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const { isInstalled } = (await import(resolve(import.meta.dirname, '../scripts/install.mjs'))) as {
  isInstalled(root: string): boolean;
};

const LOCK = {
  '': { name: 'perennial' },
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/for-windows': { version: '1.0.0', integrity: 'sha512-w', optional: true },
};

describe('whether npm has installed what package-lock.json names', () => {
  let root: string;
  const write = (file: string, packages: object | null): void => {
    mkdirSync(join(root, 'node_modules'), { recursive: true });
    if (packages !== null) writeFileSync(join(root, file), JSON.stringify({ packages }));
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'installed-'));
    write('package-lock.json', LOCK);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const a = LOCK['node_modules/a'];
  it.each<[string, object | null, boolean]>([
    ['npm ci has run, and left out what is for another platform', { 'node_modules/a': a }, true],
    ['nothing was ever installed', null, false],
    ['a package is missing', {}, false],
    ['a package has another version', { 'node_modules/a': { ...a, version: '0.9.0' } }, false],
    ['a package has other contents', { 'node_modules/a': { ...a, integrity: 'sha512-b' } }, false],
  ])('%s', (_, packages, expected) => {
    write('node_modules/.package-lock.json', packages);
    expect(isInstalled(root)).toBe(expected);
  });
});
