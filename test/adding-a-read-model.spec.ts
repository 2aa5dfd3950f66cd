import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

/**
 * Does what docs/adding-a-read-model.md says, block by block, in a copy of the project. What stands behind the language of
 * a block says what to do with it: `FILE new`, `FILE after LINE`, `run`.
 */
interface Block {
  readonly order: string;
  readonly text: string;
}

const FENCE = /^( *)```\w+ (.+)\n([\s\S]*?)\n\1```$/gm;
const BLOCKS: readonly Block[] = [...readFileSync('docs/adding-a-read-model.md', 'utf8').matchAll(FENCE)].map(
  ([, indent = '', order = '', text = '']) => ({ order, text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), '') }),
);

const scratch = mkdtempSync(join(tmpdir(), 'adding-a-read-model-'));
// One folder deeper, so that nothing beside the project is found beside the copy.
const project = join(scratch, 'project');

/** Runs a command line of the document in the copy; gives what it printed, and throws it when it failed. */
function run(command: string): string {
  const { PERENNIAL_SHARED: _, NODE_OPTIONS: __, ...env } = process.env;
  try {
    return execFileSync('sh', ['-c', `${command} 2>&1`], { cwd: project, env, encoding: 'utf8' });
  } catch (error) {
    throw new Error(`${command} failed:\n${(error as { stdout: string }).stdout.slice(-4000)}`, { cause: error });
  }
}

/** Adds lines after the one line that reads so, as deep as it is indented. */
function addAfter(file: string, line: string, text: string): void {
  const lines = readFileSync(file, 'utf8').split('\n');
  const found = lines.flatMap((each, index) => (each.trim() === line ? [index] : []));
  expect({ file, line, found: found.length }).toEqual({ file, line, found: 1 });
  const at = found[0] ?? 0;
  const indent = /^ */.exec(lines[at] ?? '')?.[0] ?? '';
  lines.splice(at + 1, 0, ...text.split('\n').map((each) => indent + each));
  writeFileSync(file, lines.join('\n'));
}

function obey({ order, text }: Block): string {
  if (order === 'run') return text.split('\n').map(run).join('\n');
  const [, path = '', verb = '', line = ''] = /^(\S+) (new|after)(?: (.+))?$/.exec(order) ?? [];
  expect({ order, path: path === '' }).toEqual({ order, path: false });
  const file = join(project, path);
  expect({ path, there: existsSync(file) }).toEqual({ path, there: verb !== 'new' });
  if (verb === 'after') addAfter(file, line, text);
  else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${text}\n`);
  }
  return '';
}

describe('docs/adding-a-read-model.md', () => {
  beforeAll(() => {
    mkdirSync(project);
    for (const path of ['libs', 'test/services', 'package.json', 'tsconfig.json', 'jest.config.mjs'])
      cpSync(path, join(project, path), { recursive: true });
    const narrow = { extends: './tsconfig.json', include: ['libs/projections/src/win-backs/**/*.ts'] };
    writeFileSync(join(project, 'tsconfig.win-backs.json'), JSON.stringify(narrow));
    symlinkSync(resolve('node_modules'), join(project, 'node_modules'));
  });

  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  it('adds a read model, and its spec and the projector’s pass', () => {
    const told = BLOCKS.map(obey).join('\n');
    expect(told).toContain('PASS int libs/projections/src/win-backs/win-backs.int.spec.ts');
    expect(told).toContain('PASS int libs/projections/src/projector.int.spec.ts');
    // The compiler has nothing to say either.
    run('node_modules/.bin/tsc --noEmit --incremental false -p tsconfig.win-backs.json');
  }, 600_000);

  it('would fail if it were not registered', () => {
    const file = join(project, 'libs/projections/src/read-models.ts');
    writeFileSync(file, readFileSync(file, 'utf8').replace('  WON_BACK,\n', ''));
    expect(() => run('npm run jest -- libs/projections/src/win-backs --selectProjects int')).toThrow('win_backs');
  }, 300_000);
});
