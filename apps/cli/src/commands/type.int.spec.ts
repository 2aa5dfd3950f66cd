import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { program } from '../program.js';

jest.setTimeout(120_000);

const TYPE = `
name: campsite-booked
version: 1
origin: customer
group: purchase
schema:
  type: object
  required: [nights]
  properties:
    nights: { type: integer, minimum: 1 }
`;
const NEXT = `${TYPE.replace('version: 1', 'version: 2')}    pitch: { type: string }\n`;

describe('perennial type, on the folder of a stopped engine', () => {
  let scratch: string;
  beforeAll(() => {
    Object.defineProperty(process, 'exitCode', { value: 0, writable: true, configurable: true });
    scratch = mkdtempSync(join(tmpdir(), 'perennial-type-'));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  const file = (name: string, text: string): string => {
    writeFileSync(join(scratch, name), text);
    return join(scratch, name);
  };
  /** A command as on the command line, run in this process. */
  const run = async (...args: string[]): Promise<{ out: string; err: string; code: unknown }> => {
    let out = '';
    let err = '';
    const writing = jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
    const stderr = { write: (text: string) => (err += text) };
    const session = { clock: { now: () => Date.UTC(2026, 0, 31) }, stderr, signal: new AbortController().signal };
    process.exitCode = 0;
    try {
      const words = ['node', 'perennial', 'type', ...args, '--data-dir', join(scratch, 'data')];
      await (await program(session, '1', ['type'])).parseAsync(words);
      return { out, err, code: process.exitCode };
    } catch (error) {
      const { exitCode, message } = error as { readonly exitCode?: number; readonly message: string };
      return { out, err: `${err}${message}`, code: exitCode };
    } finally {
      process.exitCode = 0;
      writing.mockRestore();
    }
  };

  it('registers a type once, and its next version where it breaks no sender', async () => {
    const first = file('first.yaml', TYPE);
    expect(await run('register', first)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Registered version 1/),
    });
    expect((await run('register', first)).out).toContain('nothing was recorded');
    const next = file('next.yaml', NEXT);
    expect((await run('register', next, '--dry-run')).out).toBe(
      'Version 2 of campsite-booked could be registered: it takes all that version 1 takes. Nothing was registered.\n',
    );
    expect((await run('list', '--registered')).out).toMatch(/campsite-booked +1 +purchase +customer +registered/);
    expect((await run('register', next)).out).toMatch(/^Registered version 2 of campsite-booked/);
    const narrower = file(
      'narrower.yaml',
      NEXT.replace('version: 2', 'version: 3').replace('minimum: 1', 'minimum: 2'),
    );
    for (const more of [[], ['--dry-run']])
      expect(await run('register', narrower, ...more)).toMatchObject({
        code: 3,
        err: expect.stringContaining('schema.properties.nights.minimum'),
      });
    expect((await run('show', 'campsite-booked')).out).toContain('(version 2, from the customer)');
    expect((await run('show', 'campsite-boked')).err).toContain('Did you mean');
  });

  it('checks the lines of a file, and says which are wrong and what is unknown', async () => {
    const lines = ['{"nights":2,"dogs":1}', '', '{"nights":0}', 'nights: 2', '{"type":"campsite-booked","data":{}}'];
    const samples = file('samples.ndjson', lines.join('\n'));
    const { out, code } = await run('check', samples, '--type', 'campsite-booked');
    expect(code).toBe(3);
    expect(out.split('\n').filter((line) => /^\S/.test(line))).toEqual([
      `${samples}: 4 samples of campsite-booked version 2: 1 valid, 3 not valid`,
      'line 3:',
      'line 4:',
      'line 5:',
      '#/dogs is not in the schema (1 sample): it is kept, and sealed.',
      'Nothing was written.',
    ]);
    const good = file('good.json', '[{"nights":1},{"nights":2,"pitch":"A"}]');
    expect(await run('check', good, '--definition', file('n.yaml', NEXT))).toMatchObject({
      ...{ code: 0, out: expect.stringContaining('2 valid, 0 not valid') },
    });
    expect((await run('check', good, '--type', 'campsite-booked', '--type-version', '1')).out).toContain('#/pitch');
    expect(await run('check', good)).toMatchObject({ code: 2 });
    expect(await run('check', good, '--type', 'campsite')).toMatchObject({ code: 3 });
  });
});
