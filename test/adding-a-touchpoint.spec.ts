import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TypeRegistry } from '#contracts';

/**
 * Does what docs/adding-a-touchpoint.md says, block by block, in a copy of the project. What stands behind the language
 * of a block says what to do with it: `FILE new`, `FILE at the end`, `FILE after LINE`, `FILE instead of LINE`, `run`.
 */
interface Block {
  readonly order: string;
  readonly text: string;
}

const FENCE = /^( *)```\w+ (.+)\n([\s\S]*?)\n\1```$/gm;
const BLOCKS: readonly Block[] = [...readFileSync('docs/adding-a-touchpoint.md', 'utf8').matchAll(FENCE)].map(
  ([, indent = '', order = '', text = '']) => ({ order, text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), '') }),
);

const scratch = mkdtempSync(join(tmpdir(), 'adding-a-touchpoint-'));
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

/** Adds lines after the one line that reads so, or puts them in its place, as deep as it is indented. */
function edit(file: string, line: string, text: string, keep: boolean): void {
  const lines = readFileSync(file, 'utf8').split('\n');
  const found = lines.flatMap((each, index) => (each.trim() === line ? [index] : []));
  expect({ file, line, found: found.length }).toEqual({ file, line, found: 1 });
  const at = found[0]!;
  const indent = /^ */.exec(lines[at]!)![0];
  const added = text.split('\n').map((each) => indent + each);
  lines.splice(keep ? at + 1 : at, keep ? 0 : 1, ...added);
  writeFileSync(file, lines.join('\n'));
}

function obey({ order, text }: Block): void {
  if (order === 'run') return void text.split('\n').forEach(run);
  const [, path = '', verb = '', line = ''] = /^(\S+) (new|at the end|after|instead of)(?: (.+))?$/.exec(order) ?? [];
  expect({ order, path: path === '' }).toEqual({ order, path: false });
  const file = join(project, path);
  expect({ path, there: existsSync(file) }).toEqual({ path, there: verb !== 'new' });
  if (verb === 'new') writeFileSync(file, `${text}\n`);
  else if (verb === 'at the end') writeFileSync(file, `${readFileSync(file, 'utf8')}\n${text}\n`);
  else edit(file, line, text, verb === 'after');
}

describe('docs/adding-a-touchpoint.md', () => {
  const steps = BLOCKS.filter(({ order }) => !/^(registered|taken|refused)/.test(order));
  const only = (prefix: string) => BLOCKS.filter(({ order }) => order.startsWith(prefix));

  beforeAll(() => {
    mkdirSync(project);
    for (const path of ['libs', 'package.json', 'tsconfig.json', 'jest.config.mjs'])
      cpSync(path, join(project, path), { recursive: true });
    const narrow = { extends: './tsconfig.json', include: ['libs/contracts/src/**/*.ts'], exclude: ['**/*.spec.ts'] };
    writeFileSync(join(project, 'tsconfig.contracts.json'), JSON.stringify(narrow));
    symlinkSync(resolve('node_modules'), join(project, 'node_modules'));
  });

  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  it('has all the steps that are done here', () => {
    expect(steps.map(({ order }) => order.replace(/ (after|instead of) .*/, ' $1'))).toEqual([
      'libs/contracts/src/catalogue.ts after',
      'libs/contracts/src/touchpoints/consideration.ts at the end',
      'libs/contracts/src/touchpoints/classes.ts after',
      'libs/contracts/golden/sample-requested.v1.json new',
      'run',
      'libs/contracts/src/touchpoints/consideration.ts instead of',
      'libs/contracts/src/touchpoints/consideration.ts at the end',
      'libs/contracts/src/touchpoints/classes.ts instead of',
      'libs/contracts/src/catalogue.ts instead of',
      'libs/contracts/src/upcasters.ts after',
      'libs/contracts/golden/sample-requested.v2.json new',
      'libs/contracts/golden/sample-requested.v1.json instead of',
      'run',
    ]);
  });

  it('adds a type, and then a version, and the specs pass both times', () => {
    for (const step of steps) obey(step);
    const tested = run('npm run jest -- libs/contracts/src/upcasters --selectProjects spec --verbose');
    for (const file of ['sample-requested.v1.json', 'sample-requested.v2.json'])
      expect(tested).toContain(`${file} is still read today`);
    // The compiler, which lists the types without a class, has nothing to say either.
    run('node_modules/.bin/tsc --noEmit --incremental false -p tsconfig.contracts.json');
  }, 600_000);

  it('would fail if a step were left out', () => {
    rmSync(join(project, 'libs/contracts/golden/sample-requested.v2.json'));
    expect(() => run('npm run jest -- libs/contracts/src/upcasters --selectProjects spec')).toThrow('golden corpus');
  }, 300_000);

  it('registers a type of one business’s own', () => {
    const [definition] = only('registered');
    const registration = TypeRegistry.BUILT_IN.register(JSON.parse(definition!.text));
    if (!registration.ok) throw new Error(JSON.stringify(registration.errors));
    const verdict = ({ text }: Block) => registration.registry.validate('campsite-booked', 1, JSON.parse(text));
    expect(only('taken').map(verdict)).toEqual([{ ok: true }]);
    for (const block of only('refused at ')) {
      const path = block.order.replace('refused at ', '');
      expect(verdict(block)).toMatchObject({ ok: false, errors: [{ path }] });
    }
    expect(only('refused at ')).toHaveLength(1);
  });
});
