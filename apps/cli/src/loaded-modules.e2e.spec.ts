import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startEngine, type Engine } from '../../../test/engine.js';
import { runCli } from './testdata/run-cli.js';

const ROOT = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'perennial-loaded-'));
const dataDir = join(folder, 'data');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The packages and libs of which a run of `perennial` loaded a module, by what V8 executed. */
async function loadedBy(args: readonly string[], settings: Readonly<Record<string, string>> = {}) {
  const coverage = mkdtempSync(join(folder, 'coverage-'));
  const child = spawn(process.execPath, [join(ROOT, 'dist/apps/cli/src/main.js'), ...args], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', DATA_DIR: dataDir, ...settings, NODE_V8_COVERAGE: coverage },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((ended) => child.once('close', ended));
  const parts = new Set<string>();
  for (const file of readdirSync(coverage)) {
    const { result } = JSON.parse(readFileSync(join(coverage, file), 'utf8')) as { result: { url: string }[] };
    for (const { url } of result) if (url.startsWith('file:')) parts.add(partOf(fileURLToPath(url)));
  }
  return { code, stderr, parts: [...parts].sort() };
}

/** `ajv` or `@nestjs/core` of a package, `libs/queries` of a part of this project. */
function partOf(path: string): string {
  const inside = path.lastIndexOf('node_modules/');
  if (inside >= 0) return /^(@[^/]+\/)?[^/]+/.exec(path.slice(inside + 'node_modules/'.length))?.[0] ?? path;
  return /dist\/((?:apps|libs)\/[^/]+)\//.exec(path)?.[1] ?? path;
}

/** What takes long to load, and what a command that shows a help text or talks to an engine does without. */
const HEAVY = [
  ...['@electric-sql/pglite', '@eventstore/db-client', '@grpc/grpc-js', '@photostructure/sqlite', 'kafkajs', 'pg'],
  ...['@nestjs/common', '@nestjs/core', '@nestjs/swagger', 'fastify', 'rxjs', 'prom-client', 'pino'],
  ...['ajv', 'class-transformer', 'class-validator', 'class-validator-jsonschema', 'libphonenumber-js', 're2js'],
  ...['validator', 'chardet', 'csv-parse', 'luxon', 'yaml', 'openid-client', 'jose', 'typescript'],
  ...['libs/data-subjects', 'libs/database', 'libs/event-log', 'libs/ingestion', 'libs/keys', 'libs/privacy'],
  ...['libs/projections', 'libs/simulation'],
] as const;

const heavyOf = (parts: readonly string[]): readonly string[] =>
  parts.filter((part) => (HEAVY as readonly string[]).includes(part));

/** Every command, as `perennial --help` lists them. */
async function commands(): Promise<readonly string[]> {
  const { stdout } = await runCli(dataDir, ['--help']);
  const list = stdout.slice(stdout.indexOf('Commands:'));
  return [...list.matchAll(/^ {2}([a-z][a-z-]+)/gm)]
    .map(([, name]) => name as string)
    .filter((name) => name !== 'help');
}

describe('what perennial loads', () => {
  // Compiles what is not current.
  beforeAll(() => runCli(dataDir, ['--version']));

  it('for --help is neither a library nor a command', async () => {
    const { code, parts } = await loadedBy(['--help']);
    expect(code).toBe(0);
    expect(heavyOf(parts)).toEqual([]);
    expect(parts).not.toContain('libs/queries');
  });

  it('for the help of a command is nothing heavy, of whichever', async () => {
    const names = await commands();
    expect(names.length).toBeGreaterThan(30);
    // Each command that a line names is loaded: so one process loads them all, and shows the help of the first.
    const { code, parts } = await loadedBy([...names, '--help']);
    expect({ code, heavy: heavyOf(parts) }).toEqual({ code: 0, heavy: [] });
  });

  it.each([
    ['a wrong option', ['--nonsense'], 2],
    ['a wrong command', ['nonsense'], 2],
    ['a wrong option of a command', ['import', '--nonsense'], 2],
    ['a wrong query', ['query', 'nonsense'], 2],
  ])('for %s is nothing heavy', async (_what, args, exitCode) => {
    const { code, parts } = await loadedBy(args);
    expect({ code, heavy: heavyOf(parts) }).toEqual({ code: exitCode, heavy: [] });
  });

  it('to write a policy file is no store, no engine and no client of a server', async () => {
    const given = ['--time-zone', 'Europe/Berlin', '--currency', 'EUR', '--categories', 'tea'];
    const { code, parts } = await loadedBy(['policy', 'init', 'mine.yaml', ...given]);
    expect(code).toBe(0);
    // It writes YAML, and has the policy checked.
    const checks = ['ajv', 'class-transformer', 'class-validator', 'chardet', 're2js', 'yaml'];
    expect(heavyOf(parts).filter((part) => !checks.includes(part))).toEqual([]);
    for (const part of ['libphonenumber-js', 'validator', 'class-validator-jsonschema'])
      expect(parts).not.toContain(part);
  });

  describe('to talk to a running engine', () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await startEngine(dataDir);
    });
    afterAll(async () => void (await engine.stop()));

    it.each([
      ['whoami'],
      ['stats'],
      ['query rfm --format csv'],
      ['query lag --format json'],
      ['keys list'],
      ['policy list'],
      ['policy show retail'],
      ['types order-placed'],
      ['quarantine list'],
    ])('%s is nothing heavy', async (line) => {
      const { code, stderr, parts } = await loadedBy(line.split(' '));
      expect({ code, stderr, heavy: heavyOf(parts) }).toEqual({ code: 0, stderr: '', heavy: [] });
    });
  });

  it('to open a folder is no client of a server, and nothing that serves HTTP', async () => {
    const { code, stderr, parts } = await loadedBy(['stats']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(parts).toContain('@photostructure/sqlite');
    expect(parts).toContain('@electric-sql/pglite');
    const others = [
      '@eventstore/db-client',
      '@grpc/grpc-js',
      'kafkajs',
      'pg',
      '@nestjs/common',
      '@nestjs/core',
      'fastify',
    ];
    expect(parts.filter((part) => [...others, 'rxjs', 'prom-client', 'validator'].includes(part))).toEqual([]);
  });
});
