import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

const ROOT = resolve(import.meta.dirname, '..');
const { findWords, lineOf, GONE, NAMES, PATHS, PUBLIC } = (await import(join(ROOT, 'scripts/words.mjs'))) as Words;

interface Hit {
  readonly file: string;
  readonly line: number;
  readonly word: string;
  readonly instead: string;
}

interface Words {
  findWords(root: string, paths?: readonly string[]): Hit[];
  lineOf(hit: Hit): string;
  readonly GONE: readonly (readonly [string, string])[];
  readonly NAMES: Readonly<Record<string, string>>;
  readonly PATHS: Readonly<Record<string, string>>;
  readonly PUBLIC: Readonly<Record<string, string>>;
}

/** The hits in a project of one planted file. */
function planted(file: string, text: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-words-'));
  try {
    spawnSync('git', ['init', '-q'], { cwd: folder });
    writeFileSync(join(folder, file), text);
    return findWords(folder).map(lineOf);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the words of this project', () => {
  it('are the standard ones, in every file', () => {
    expect(findWords(ROOT).map(lineOf)).toEqual([]);
  });

  it.each([
    ['a comment', 'a.ts', '// Nobody takes it.\n', 'a.ts:1: "Nobody": write the component or person that is meant'],
    ['a name in camel case', 'a.ts', 'const isUnfitRow = 1;\n', 'a.ts:1: "Unfit": write invalid'],
    ['a column', 'a.ts', "const sql = 'SELECT told_fate';\n", 'a.ts:1: "fate": write outcome'],
    ['a document', 'a.md', 'Where she stands.\n', 'a.md:1: "she": write they, the customer'],
    ['a hyphenated word', 'a.md', '\nthe stand-in\n', 'a.md:2: "stand~in": write fake'],
    ['a type', 'a.ts', 'class Follower {}\n', 'a.ts:1: "Follower": write ReadModelStore, or a function of (tx, batch)'],
    ['a route', 'a.md', 'GET /v1/work/5\n', 'a.md:1: "v1/work": write /v1/jobs'],
  ])('are seen to be missing in %s', (_, file, text, hit) => {
    expect(planted(file, text)).toEqual([hit]);
  });

  it.each([
    ['an ordinary word', 'a.ts', '// The reach of a word on this line: take a look at where they stand in it.\n'],
    [
      'a longer word',
      'a.md',
      'It is recommended; the others, the fated… no: the gathering there, usher, fatal.\n'.replace('fated… no: ', ''),
    ],
  ])('let %s be', (_, file, text) => {
    expect(planted(file, text)).toEqual([]);
  });

  it('each have a standard word beside them', () => {
    for (const instead of [
      ...GONE.map(([, to]) => to),
      ...[NAMES, PATHS, PUBLIC].flatMap((part) => Object.values(part)),
    ])
      expect(instead).not.toBe('');
  });
});
