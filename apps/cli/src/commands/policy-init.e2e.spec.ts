import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';

jest.setTimeout(120_000);

const PERENNIAL = resolve(import.meta.dirname, '../../../../scripts/perennial.mjs');
const folder = mkdtempSync(join(tmpdir(), 'perennial-policy-init-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Asked {
  readonly code: number | null;
  readonly shown: string;
}

/** Runs `policy init` on a terminal of its own (`script`), and types each answer once its question is shown. */
function answering(file: string, dialogue: readonly (readonly [question: string, answer: string])[]): Promise<Asked> {
  const command = [process.execPath, PERENNIAL, 'policy', 'init', file].map((part) => `'${part}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = '';
  let from = 0;
  const pending = [...dialogue];
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    for (;;) {
      const [next] = pending;
      if (next === undefined) return;
      const found = shown.indexOf(next[0], from);
      if (found < 0) return;
      from = found + next[0].length;
      pending.shift();
      child.stdin.write(next[1]);
    }
  });
  return new Promise((done) => child.once('close', (code) => done({ code, shown })));
}

// Of util-linux: the `script` of other systems has other options.
const hasTerminal = /util-linux/.test(String(spawnSync('script', ['--version']).stdout));
const [suite, why] = hasTerminal
  ? [describe, '']
  : [describe.skip, ' (skipped: the program `script` of util-linux is not installed)'];

suite(`perennial policy init on a terminal${why}`, () => {
  it('asks for zone, currency and categories, and asks again after an answer that is wrong', async () => {
    const file = join(folder, 'shop.yaml');
    const { code, shown } = await answering(file, [
      ['Time zone of the business?', 'Mars/Olympus\n'],
      ['is not a known time zone', ''],
      ['Time zone of the business?', 'Europe/Berlin\n'],
      ['Currency (ISO 4217), or none?', 'EURO\n'],
      ['is not a currency', ''],
      ['Currency (ISO 4217), or none?', 'chf\n'],
      ['Categories as your order lines name them', 'tea, cups\n'],
    ]);
    expect({ code, shown }).toEqual({ code: 0, shown: expect.stringContaining('Europe/Berlin, CHF, tea, cups') });
    expect(readFileSync(file, 'utf8')).toMatch(/^timeZone: Europe\/Berlin$/m);
  });

  it('leaves no file where it is stopped by Ctrl-C at a question, and says so by its exit code', async () => {
    const file = join(folder, 'stopped.yaml');
    const { code, shown } = await answering(file, [
      ['Time zone of the business?', 'Europe/Berlin\n'],
      ['Currency (ISO 4217), or none?', '\u0003'],
    ]);
    expect(existsSync(file)).toBe(false);
    expect({ code, shown }).toEqual({ code: 6, shown: expect.not.stringMatching(/\n +at /) });
  });

  it('leaves no file where the input ends at a question', async () => {
    const file = join(folder, 'ended.yaml');
    const { code, shown } = await answering(file, [['Time zone of the business?', '\u0004']]);
    expect(existsSync(file)).toBe(false);
    expect({ code, shown }).toEqual({ code: 6, shown: expect.not.stringMatching(/\n +at /) });
  });
});
