import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { expect } from '@jest/globals';

/**
 * A fenced block of a document. The instruction behind its language says what to do with it: `FILE new`, `FILE at the end`,
 * `FILE after LINE`, `FILE instead of LINE`, `run`.
 */
export interface Block {
  readonly order: string;
  readonly text: string;
}

const FENCE = /^( *)```\w+ (.+)\n([\s\S]*?)\n\1```$/gm;
const ORDER = /^(\S+) (new|at the end|after|instead of)(?: (.+))?$/;

/** Follows a document, block by block, in a copy of the project. */
export class DocumentRun {
  readonly blocks: readonly Block[];
  readonly project: string;
  private readonly scratch: string;

  constructor(document: string) {
    this.blocks = [...readFileSync(document, 'utf8').matchAll(FENCE)].map(([, indent = '', order = '', text = '']) => ({
      order,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }));
    this.scratch = mkdtempSync(join(tmpdir(), `${basename(document, '.md')}-`));
    // One folder deeper, so that the copy does not find what is beside the project.
    this.project = join(this.scratch, 'project');
  }

  /** Copies the files that are needed, and writes a tsconfig that covers one part only. */
  copy(paths: readonly string[], narrowed: { readonly name: string; readonly tsconfig: object }): void {
    mkdirSync(this.project);
    for (const path of [
      ...paths,
      'package.json',
      'tsconfig.json',
      'jest.config.mjs',
      'scripts/from-source',
      'scripts/longest-first.mjs',
    ])
      cpSync(path, join(this.project, path), { recursive: true });
    const narrow = { extends: './tsconfig.json', ...narrowed.tsconfig };
    writeFileSync(join(this.project, `tsconfig.${narrowed.name}.json`), JSON.stringify(narrow));
    symlinkSync(resolve('node_modules'), join(this.project, 'node_modules'));
  }

  remove(): void {
    rmSync(this.scratch, { recursive: true, force: true });
  }

  /** Runs a command line of the document in the copy. Returns what it printed; throws it where the command fails. */
  run(command: string): string {
    const { PERENNIAL_SHARED: _, NODE_OPTIONS: __, ...env } = process.env;
    try {
      return execFileSync('sh', ['-c', `${command} 2>&1`], { cwd: this.project, env, encoding: 'utf8' });
    } catch (error) {
      throw new Error(`${command} failed:\n${(error as { stdout: string }).stdout.slice(-4000)}`, { cause: error });
    }
  }

  /** Applies one block. Returns what its commands printed. */
  apply({ order, text }: Block): string {
    if (order === 'run')
      return text
        .split('\n')
        .map((command) => this.run(command))
        .join('\n');
    const [, path = '', verb = '', line = ''] = ORDER.exec(order) ?? [];
    expect({ order, path: path === '' }).toEqual({ order, path: false });
    const file = join(this.project, path);
    expect({ path, there: existsSync(file) }).toEqual({ path, there: verb !== 'new' });
    if (verb === 'new') {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${text}\n`);
    } else if (verb === 'at the end') writeFileSync(file, `${readFileSync(file, 'utf8')}\n${text}\n`);
    else edit(file, line, text, verb === 'after');
    return '';
  }
}

/** Adds lines after the one line with this text, or replaces it, with the same indentation. */
function edit(file: string, line: string, text: string, keep: boolean): void {
  const lines = readFileSync(file, 'utf8').split('\n');
  const found = lines.flatMap((each, index) => (each.trim() === line ? [index] : []));
  expect({ file, line, found: found.length }).toEqual({ file, line, found: 1 });
  const at = found[0] ?? 0;
  const indent = /^ */.exec(lines[at] ?? '')?.[0] ?? '';
  const added = text.split('\n').map((each) => indent + each);
  lines.splice(keep ? at + 1 : at, keep ? 0 : 1, ...added);
  writeFileSync(file, lines.join('\n'));
}
