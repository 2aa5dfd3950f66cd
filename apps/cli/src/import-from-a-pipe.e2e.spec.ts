import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { runCli } from './testdata/run-cli.js';

jest.setTimeout(300_000);

const ROOT = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'perennial-pipes-'));
const at = (name: string): string => join(folder, name);

const CSV = 'id,user,time\nv-1,ann,2026-01-06T10:00:00Z\nv-2,bo,2026-01-06T11:00:00Z\nv-3,ann,2026-01-06T12:00:00Z\n';
const NDJSON = [1, 2, 3].map((n) => `{"id":"v-${n}","user":"u-${n}","time":"2026-01-06T10:00:00Z"}\n`).join('');
const FILES: readonly [name: string, format: 'csv' | 'ndjson', bytes: Buffer][] = [
  ['CSV', 'csv', Buffer.from(CSV)],
  ['NDJSON', 'ndjson', Buffer.from(NDJSON)],
  ['packed CSV', 'csv', gzipSync(CSV)],
];

/** As a shell runs it: `$1` is the mapping, `$2` the file that is fed into the pipe. */
const PIPES: readonly [name: string, script: string][] = [
  ['-', 'cat "$2" | perennial import - --mapping "$1"'],
  ['<(…)', 'perennial import <(cat "$2") --mapping "$1"'],
  ['a FIFO', 'rm -f "$2.fifo"; mkfifo "$2.fifo"; (cat "$2" > "$2.fifo" &) ; perennial import "$2.fifo" --mapping "$1"'],
];

describe('perennial import from a pipe', () => {
  beforeAll(async () => {
    for (const format of ['csv', 'ndjson'])
      writeFileSync(
        at(`${format}.mapping.json`),
        JSON.stringify({
          ...{ format, source: '/site', id: { columns: ['id'] }, type: { value: 'site-visited' } },
          ...{ channel: { value: 'web' }, occurredAt: { column: 'time' } },
          ...{ identifiers: [{ namespace: 'userId', column: 'user' }], data: { url: { value: 'https://a.example/' } } },
        }),
      );
    // Compiles what has changed, once.
    await runCli(at('unused'), ['--version']);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const ran = (dataDir: string, script: string, ...args: string[]): Promise<{ code: number | null; printed: string }> =>
    new Promise((done) => {
      const program = `perennial() { "${process.execPath}" "${ROOT}/scripts/perennial.mjs" "$@"; }; ${script}`;
      const child = spawn('bash', ['-c', program, 'bash', ...args], {
        env: { ...process.env, NODE_OPTIONS: '', DATA_DIR: dataDir, PERENNIAL_BUILD: 'off' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let printed = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      child.once('close', (code) => done({ code, printed }));
    });

  it.each(PIPES)('%s: CSV, NDJSON and packed files, and says that it cannot be resumed', async (pipe, script) => {
    for (const [name, format, bytes] of FILES) {
      const file = at(`${pipe.replace(/\W/g, '_')}-${name}`);
      writeFileSync(file, bytes);
      const dataDir = at(`data-${pipe.replace(/\W/g, '_')}-${name}`);
      const first = await ran(dataDir, script, at(`${format}.mapping.json`), file);
      expect([name, first]).toEqual([name, { code: 0, printed: expect.stringContaining('3 accepted, 0 duplicates') }]);
      expect(first.printed).toMatch(/ is a pipe: if the import is interrupted, it cannot continue there\. /);
      if (name !== 'CSV') continue;
      const again = await ran(dataDir, script, at(`${format}.mapping.json`), file);
      expect(again.printed).toContain('0 accepted, 3 duplicates');
    }
  });

  it('rejects it for a preset that reads its file twice', () => {
    const script = `"${process.execPath}" "${ROOT}/scripts/perennial.mjs" import - --preset online-retail </dev/null 2>&1; echo "code $?"`;
    const printed = execFileSync('bash', ['-c', script], {
      env: { ...process.env, NODE_OPTIONS: '', DATA_DIR: at('twice'), PERENNIAL_BUILD: 'off' },
      encoding: 'utf8',
    });
    expect(printed).toContain('stdin is a pipe, and online-retail reads its file twice: save it as a file');
    expect(printed).toContain('code 3');
  });
});
