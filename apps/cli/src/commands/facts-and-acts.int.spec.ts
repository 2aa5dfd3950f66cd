import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { BUILT_IN_POLICIES } from '#lifecycle';
import { program } from '../program.js';

// The read models are made at the first command.
jest.setTimeout(180_000);

const NOW = Date.UTC(2026, 0, 31, 12);

describe('on the folder of a stopped engine', () => {
  let scratch: string;
  let dataDir: string;
  beforeAll(() => {
    // Of this suite alone: suites of one process share the exit code of the process.
    Object.defineProperty(process, 'exitCode', { value: 0, writable: true, configurable: true });
    scratch = mkdtempSync(join(tmpdir(), 'perennial-facts-'));
    dataDir = join(scratch, 'data');
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  /** A command as on the command line, run in this process. */
  const run = async (...args: string[]): Promise<{ out: string; err: string; code: unknown }> => {
    let out = '';
    let err = '';
    const writing = jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
    const stderr = { write: (text: string) => (err += text) };
    const session = { clock: { now: () => NOW }, stderr, signal: new AbortController().signal };
    process.exitCode = 0;
    try {
      await (await program(session, '1')).parseAsync(['node', 'perennial', ...args]);
      return { out, err, code: process.exitCode };
    } catch (error) {
      const { exitCode, message } = error as { readonly exitCode?: number; readonly message: string };
      return { out, err: `${err}${message}`, code: exitCode };
    } finally {
      process.exitCode = 0;
      writing.mockRestore();
    }
  };
  const here = (...args: string[]) => run(...args, '--data-dir', dataDir);
  const file = (name: string, text: string): string => {
    writeFileSync(join(scratch, name), text);
    return join(scratch, name);
  };
  const rowsOf = async (...args: string[]) => {
    const { out, err, code } = await here('query', ...args, '--format', 'json');
    expect([code, code === 0 ? '' : err]).toEqual([0, '']);
    return (JSON.parse(out) as { rows: Record<string, unknown>[] }).rows;
  };

  const spend = (id: string, data: object = {}) => ({
    ...{ id, source: 'marketing', type: 'spend-recorded' },
    data: { from: '2026-01-01', until: '2026-02-01', amountMinor: 1, currency: 'EUR', purpose: 'acquisition', ...data },
  });

  it('facts import records the facts of lines or of a list, once, and says what is quarantined', async () => {
    const lines = file('spend.ndjson', `${JSON.stringify(spend('a'))}\n\n${JSON.stringify(spend('b'))}\n`);
    expect(await here('facts', 'import', lines)).toMatchObject({
      code: 0,
      out: expect.stringContaining('2 facts: 2 accepted, 0 duplicates, 0 quarantined'),
    });
    const list = file('spend.json', JSON.stringify([spend('b'), spend('c', { currency: 'EURO' })]));
    const second = await here('facts', 'import', list);
    expect(second).toMatchObject({ code: 5, out: expect.stringContaining('1 duplicate, 1 quarantined') });
    expect(second.out).toMatch(/fact 2: .*currency/);
  });

  it('facts import sends nothing of a file that is not JSON, or is not there', async () => {
    const broken = file('broken.ndjson', `${JSON.stringify(spend('never'))}\n{"id":\n`);
    expect(await here('facts', 'import', broken)).toMatchObject({ code: 3, err: expect.stringContaining('line 2') });
    expect(await here('facts', 'import', file('again.ndjson', JSON.stringify(spend('never'))))).toMatchObject({
      out: expect.stringContaining('1 accepted'),
    });
    expect(await here('facts', 'import', join(scratch, 'no-such-file'))).toMatchObject({ code: 3 });
  });

  it('erase prints a receipt, and says later whether one was altered', async () => {
    const { out } = await here('erase', 'userId:not-known-yet', '--yes');
    const check = (receipt: object) => here('erase', '--check-receipt', file('receipt.json', JSON.stringify(receipt)));
    const receipt = JSON.parse(out) as Record<string, unknown>;
    expect(await check(receipt)).toMatchObject({ code: 0, out: expect.stringMatching(/^genuine: .*\n$/) });
    expect(await check({ ...receipt, subjects: 9 })).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^altered: /),
    });
    expect(await check({ erasureId: 'x' })).toMatchObject({ code: 3, err: expect.stringContaining('erasureId') });
    expect(await here('erase')).toMatchObject({ code: 2 });
    expect(await here('erase', 'userId:x', '--check-receipt', 'x.json')).toMatchObject({ code: 2 });
  });

  it('import closes its file, and the books of the file are complete', async () => {
    const cdnow = file(
      'CDNOW_sample.txt',
      ' 00004 0001 19970101  2   29.33\n 00004 0001 19970118  2   29.73\n 00021 0002 19970101  3   63.34\n',
    );
    expect(await here('import', cdnow, '--preset', 'cdnow')).toMatchObject({ code: 0 });
    expect(await rowsOf('completeness', '--from', '1997-01-01', '--to', '2026-12-31')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ file: 'CDNOW_sample.txt', state: 'closed', sent: 3, recorded: 3 }),
      ]),
    );
  });

  it('a rebuild and a confirmed clock are on record, by local', async () => {
    await here('rebuild');
    await here('clock', 'confirm');
    const acts = await rowsOf('acts', '--by', 'local', '--kind', 'operation-started');
    expect(acts.map(({ detail }) => detail)).toEqual([{ operation: 'rebuild' }, { operation: 'clock-confirmed' }]);
  });

  const policy = (version: number, approvals?: object): string =>
    file(
      `policy-${version}.json`,
      JSON.stringify({
        ...{ ...BUILT_IN_POLICIES.retail, name: 'mine', version },
        ...(approvals === undefined ? {} : { approvals }),
      }),
    );
  const TWO = { erase: 'two', 'grant-administer': 'two', rekey: 'two' };

  it('four eyes are not turned on while fewer than two could approve', async () => {
    const rejected = await here('policy', 'publish', policy(1, TWO));
    expect(rejected).toMatchObject({ code: 3, err: expect.stringContaining('none holds the permission approve') });
  });

  it('under four eyes the command line requests like every principal, does nothing, and approves nothing', async () => {
    for (const name of ['Ada', 'Bob']) expect((await here('keys', 'create', name, '--role', 'admin')).code).toBe(0);
    expect(await here('policy', 'publish', policy(1, TWO))).toMatchObject({ code: 0 });
    const requested = { code: 9, err: expect.stringContaining('perennial acts approve') };
    expect(await here('erase', 'userId:00004', '--yes')).toMatchObject(requested);
    expect(await here('policy', 'publish', policy(2))).toMatchObject(requested);
    const key = await here('keys', 'create', 'third', '--role', 'admin');
    expect(key).toMatchObject({ ...requested, out: expect.stringMatching(/^pk_/) });
    const moving = ['move', '--from', `sqlite:${dataDir}`, '--to', `sqlite:${join(scratch, 'rekeyed')}`, '--rekey'];
    expect(await run(...moving)).toMatchObject(requested);
    expect(await run(...moving)).toMatchObject(requested);
    expect((await here('keys', 'list')).out).not.toContain('third');
    const { out } = await here('acts', 'list', '--format', 'json');
    const waiting = JSON.parse(out) as { actId: string; act: string }[];
    expect(waiting.map(({ act }) => act)).toEqual(['rekey', 'grant-administer', 'policy-publish', 'erase']);
    for (const { actId } of waiting)
      expect(await here('acts', 'approve', actId)).toMatchObject({ code: 3, err: expect.stringContaining('anybody') });
    expect(await here('acts', 'decline', waiting[0]?.actId ?? '', '--reason', 'Not now.')).toMatchObject({ code: 0 });
    expect((await here('acts', 'list')).out).not.toContain('rekey');
    // The command that moves a log records by the clock of the machine.
    const events = await rowsOf('acts', '--kind', 'act-requested', '--from', '2026-01-01', '--to', '2026-12-31');
    expect(events).toHaveLength(4);
    // The one of before.
    expect(await rowsOf('acts', '--kind', 'person-erased')).toHaveLength(1);
  });
});
