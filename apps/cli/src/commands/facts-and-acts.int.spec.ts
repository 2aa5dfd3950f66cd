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

  it('facts import reads a CSV file whose columns are the fields of a fact', async () => {
    const rates = file('rates.csv', 'day,currency,in,rate\n2026-03-02,USD,EUR,0.925\n2026-03-02,GBP,EUR,pound\n');
    const imported = await here('facts', 'import', rates, '--fact', 'rate-published', '--source', 'erp');
    expect(imported).toMatchObject({ code: 5, out: expect.stringContaining('2 facts: 1 accepted, 0 duplicates, 1') });
    expect(imported.out).toMatch(/fact 2: .*rate/);
    expect((await here('facts', 'import', rates, '--fact', 'rate-published', '--source', 'erp')).out).toContain(
      '2 duplicates',
    );
    expect(await here('facts', 'import', rates)).toMatchObject({ code: 3, err: expect.stringContaining('--fact') });
    expect(await here('facts', 'import', rates, '--fact', 'rate-published')).toMatchObject({ code: 3 });
    expect(await here('facts', 'import', rates, '--fact', 'spend-recorded', '--source', 'erp')).toMatchObject({
      code: 3,
      err: expect.stringContaining('is not a field of spend-recorded'),
    });
  });

  it('facts import sends nothing of a file that is not JSON, or is not there', async () => {
    const broken = file('broken.ndjson', `${JSON.stringify(spend('never'))}\n{"id":\n`);
    expect(await here('facts', 'import', broken)).toMatchObject({ code: 3, err: expect.stringContaining('line 2') });
    expect(await here('facts', 'import', file('again.ndjson', JSON.stringify(spend('never'))))).toMatchObject({
      out: expect.stringContaining('1 accepted'),
    });
    expect(await here('facts', 'import', join(scratch, 'no-such-file'))).toMatchObject({ code: 3 });
  });

  it('suppression add, import and lift keep the list, and its export can be imported again', async () => {
    const added = await here('suppression', 'add', 'email:ada@shop.example', '--why', 'request');
    expect(JSON.parse(added.out)).toMatchObject({ namespace: 'email', reason: 'request', status: 'active' });
    expect(await here('suppression', 'add', 'email:null', '--why', 'request')).toMatchObject({
      code: 3,
      err: expect.stringContaining('is a placeholder'),
    });
    const list = file(
      'list.csv',
      'name,identifier,namespace,medium\nx,+4930123456,phone,sms\ny,Ada@shop.example,email,\nz,,email,\n',
    );
    expect(await here('suppression', 'import', list, '--why', 'legal')).toMatchObject({
      code: 0,
      out: '{"suppressed":2,"withoutIdentifier":1}\n',
    });
    const exported = await here('query', 'suppressions', '--format', 'csv', '--purpose', 'legal');
    expect(exported.out.split('\n').filter((line) => line.includes('active'))).toHaveLength(3);
    expect(exported.out).toContain('4930123456');
    // Nothing is on the list twice.
    expect(await here('suppression', 'import', file('export.csv', exported.out))).toMatchObject({
      out: '{"suppressed":3,"withoutIdentifier":0}\n',
    });
    expect(await rowsOf('suppressions')).toHaveLength(3);
    expect(await here('suppression', 'import', file('no.csv', 'mail\nada@shop.example\n'))).toMatchObject({
      code: 3,
      err: expect.stringContaining('no column namespace and no column identifier'),
    });
    const { suppressionId } = JSON.parse(added.out) as { readonly suppressionId: string };
    expect(JSON.parse((await here('suppression', 'lift', suppressionId)).out)).toMatchObject({ status: 'lifted' });
    expect(await here('suppression', 'lift', '0'.repeat(32))).toMatchObject({ code: 3 });
    expect(await rowsOf('suppressions')).toHaveLength(2);
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

  /** What a command prints in a terminal of this width. */
  const inWidth = async (columns: number, ...args: string[]): Promise<string> => {
    const before = Object.getOwnPropertyDescriptor(process.stdout, 'columns');
    Object.defineProperty(process.stdout, 'columns', { value: columns, configurable: true });
    try {
      return (await here(...args)).out;
    } finally {
      if (before === undefined) Reflect.deleteProperty(process.stdout, 'columns');
      else Object.defineProperty(process.stdout, 'columns', before);
    }
  };

  it('a legal hold is placed, listed in any width and lifted; the erasure waits for it', async () => {
    const place = (person: string, ...more: string[]) => here('hold', 'place', person, ...more);
    expect(await here('hold', 'list')).toMatchObject({ code: 0, out: '', err: 'There is no such legal hold.\n' });
    const placed = await place('userId:00021', '--case', '2026-117', '--reason', 'letter of Ms Miller');
    expect([placed.code, placed.err]).toEqual([0, '']);
    const hold = JSON.parse(placed.out) as { holdId: string };
    expect(hold).toMatchObject({ case: '2026-117', status: 'active', placedBy: 'local', subjectsErased: 0 });
    expect(placed.out).not.toContain('Miller');
    expect(JSON.parse((await place('userId:00021', '--case', '2026-117')).out)).toMatchObject(hold);
    expect(await here('erase', 'userId:00021', '--yes')).toMatchObject({
      code: 3,
      err: expect.stringMatching(/case 2026-117.*executed when the last hold is lifted/),
    });
    for (const columns of [80, 120]) {
      const list = await inWidth(columns, 'hold', 'list');
      const lines = list.trimEnd().split('\n');
      expect(lines.filter((line) => line.length > columns)).toEqual([]);
      for (const shown of [
        hold.holdId,
        '2026-117',
        'active',
        'waitingErasures',
        columns === 80 ? 'Not shown: ' : 'local',
      ])
        expect([columns, list]).toEqual([columns, expect.stringContaining(shown)]);
    }
    const rows = JSON.parse((await here('hold', 'list', '--format', 'json')).out) as unknown;
    expect(rows).toMatchObject([{ ...{ holdId: hold.holdId, waitingErasures: 1 } }]);
    const lifted = await here('hold', 'lift', hold.holdId, '--reason', 'closed');
    expect(JSON.parse(lifted.out)).toMatchObject({ status: 'lifted', erasuresDone: 1, erasuresWaiting: 0 });
    expect(JSON.parse((await here('hold', 'lift', hold.holdId)).out)).toMatchObject({ erasuresDone: 0 });
    expect((await here('hold', 'list', '--status', 'lifted')).out).toContain('lifted');
    expect((await rowsOf('holds', '--status', 'lifted'))[0]).toMatchObject({ holdId: hold.holdId });
    // What was kept is gone.
    expect(await place('userId:00021', '--case', '2026-119')).toMatchObject({
      code: 3,
      err: expect.stringContaining('erased'),
    });
  });

  it.each([
    ['hold place without a case', ['hold', 'place', 'userId:00021'], 1, '--case'],
    ['hold place of a customer that is not known', ['hold', 'place', 'f'.repeat(32), '--case', '1'], 3, 'not known'],
    ['hold place of no identifier', ['hold', 'place', 'jane', '--case', '1'], 3, 'customer'],
    ['hold place of a case of blanks', ['hold', 'place', 'userId:00004', '--case', ' '], 3, 'case'],
    ['hold lift of an id that is not known', ['hold', 'lift', 'x'], 3, 'perennial hold list'],
    ['hold list of a status that is not known', ['hold', 'list', '--status', 'old'], 1, 'active'],
  ])('%s says what is wrong', async (_, args, code, words) => {
    expect(await here(...args)).toMatchObject({ code, err: expect.stringContaining(words) });
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
    // The two of before.
    expect(await rowsOf('acts', '--kind', 'person-erased')).toHaveLength(2);
  });
});
