import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { validateEnvelope, validateTouchpointData } from '#contracts';
import { settingsTable } from '#platform';

const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
/** Tables are compared by their cells: the formatter decides how wide the columns are. */
const cells = (table: string): string[][] =>
  table
    .trim()
    .split('\n')
    .map((row) => row.split('|').map((cell) => cell.trim().replace(/^-+$/, '---')));

describe('the README', () => {
  it('lists every setting as the engine reads it', () => {
    const table = /<!-- settings -->([^]*)<!-- \/settings -->/.exec(readme)?.[1] ?? '';
    expect(cells(table)).toEqual(cells(settingsTable()));
  });

  it('publishes a touchpoint that the contracts accept', () => {
    const body = /-d '(\{[^]*?\})'\n/.exec(readme)?.[1] ?? '';
    const document = JSON.parse(body) as { type: string; data: unknown };
    expect(validateEnvelope(document)).toEqual({ ok: true });
    expect(validateTouchpointData(document.type, 1, document.data)).toEqual({ ok: true });
  });
});

describe('every document', () => {
  it.each([
    'README.md',
    'ARCHITECTURE.md',
    'docs/adding-a-touchpoint.md',
    'docs/cli.md',
    'docs/importing.md',
    'docs/testing.md',
  ])('%s links only to existing files', (name) => {
    const text = readFileSync(join(root, name), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target as string);
    const missing = links.filter((target) => !existsSync(join(root, dirname(name), target)));
    expect(missing).toEqual([]);
  });

  it.each(['README.md', 'ARCHITECTURE.md', 'docs/performance.md', 'docs/testing.md'])(
    '%s names only existing files',
    (name) => {
      const text = readFileSync(join(root, name), 'utf8');
      const named = [...text.matchAll(/`((?:apps|libs|test|bench|scripts|docs)\/[^`*{ ]+)`/g)].map(
        ([, path]) => path as string,
      );
      expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    },
  );
});
