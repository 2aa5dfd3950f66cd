import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { lockDataFolder } from '#event-log';
import { smallDisk } from '#testing';
import { startEngine } from '../../../test/engine.js';
import { anyEventStore } from '../../../test/services/eventstore/server.js';
import { runCli, type Ran } from './testdata/run-cli.js';

// Each step is a process that opens the stores.
jest.setTimeout(600_000);

const folder = mkdtempSync(join(tmpdir(), 'perennial-move-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const move = (...args: string[]): Promise<Ran> => runCli(at('nowhere'), ['move', ...args]);
const digestIn = ({ stdout }: Ran): string => /log +([0-9a-f]{64}) +equal/.exec(stdout)?.[1] ?? 'none';

/** Starts a move, and kills it once half a megabyte is there. */
async function killedHalfway(to: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [resolve('scripts/perennial.mjs'), 'move', ...args], {
    env: { ...process.env, PERENNIAL_BUILD: 'off', NODE_OPTIONS: '' },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  const written = (): number =>
    ['log.db', 'log.db-wal'].reduce(
      (sum, name) => sum + (statSync(join(to, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  while (child.exitCode === null && written() < 500_000) await new Promise((wake) => setTimeout(wake, 5));
  child.kill('SIGKILL');
  await ended;
}

describe('perennial move', () => {
  const old = at('old');
  let counted = '';

  beforeAll(async () => {
    const period = ['--customers', '120', '--from', '2024-01-01', '--until', '2026-01-01'];
    const simulated = await runCli(old, ['simulate', ...period]);
    expect(simulated.stderr).not.toContain('rror');
    counted = (await runCli(old, ['query', 'stage-counts', '--format', 'csv'])).stdout;
  });

  it('goes on after kill -9, and the new log and its read models are the old ones', async () => {
    const to = at('killed');
    await killedHalfway(to, ['--from', `sqlite:${old}`, '--to', `sqlite:${to}`, '--no-models']);

    const again = await move('--from', `sqlite:${old}`, '--to', `sqlite:${to}`, '--keys');
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toMatch(/read models +[0-9a-f]{32} +equal/);
    const whole = await move(
      '--from',
      `sqlite:${old}`,
      '--to',
      `sqlite:${join(at('file'), 'moved.db')}`,
      '--no-models',
    );
    expect(digestIn(whole)).toMatch(/^[0-9a-f]{64}$/);
    expect(digestIn(again)).toBe(digestIn(whole));
    expect((await runCli(to, ['query', 'stage-counts', '--format', 'csv'])).stdout).toBe(counted);
    // With the keys: what was sealed opens, and who comes again is known.
    const simulated = ['simulate', '--customers', '120', '--from', '2024-01-01', '--until', '2026-01-01'];
    expect((await runCli(to, simulated)).stdout).toContain(' 0 accepted');
  });

  it('moves to EventStoreDB and back, and is what it was', async () => {
    const server = await anyEventStore().start();
    try {
      const there = await move('--from', `sqlite:${old}`, '--to', server.connectionString);
      expect(there).toMatchObject({ code: 0 });
      expect(there.stdout).toMatch(/read models +[0-9a-f]{32} +equal/);
      expect((await move('--from', `sqlite:${old}`, '--to', server.connectionString, '--keys')).code).toBe(2);
      const back = await move('--from', server.connectionString, '--to', `sqlite:${at('back')}`, '--no-models');
      expect(digestIn(there)).toMatch(/^[0-9a-f]{64}$/);
      expect(digestIn(back)).toBe(digestIn(there));
      // A server that holds this log is no place for another one.
      await runCli(at('third'), ['simulate', '--customers', '2', '--seed', '5']);
      expect((await move('--from', `sqlite:${at('third')}`, '--to', server.connectionString)).code).toBe(3);
    } finally {
      server.cutOff();
    }
    const gone = await move('--from', `sqlite:${old}`, '--to', server.connectionString);
    expect(gone.code).toBe(4);
    await server.stop();
  });

  it('gives a log another hash key: killed and gone on with, the same people stand where they stood, and the old keys open nothing', async () => {
    const leaked = at('leaked');
    expect((await move('--from', `sqlite:${old}`, '--to', `sqlite:${leaked}`, '--keys', '--no-models')).code).toBe(0);
    const someone = (await runCli(leaked, ['query', 'customers', '--limit', '1', '--format', 'csv'])).stdout;
    const erased = /[0-9a-f]{32}/.exec(someone)?.[0] ?? '';
    expect((await runCli(leaked, ['erase', erased, '--yes'])).code).toBe(0);
    // Facts that name persons, with events of their own and without.
    const [, one = '', other = ''] = (
      await runCli(leaked, ['query', 'customers', '--limit', '2', '--format', 'csv'])
    ).stdout
      .split('\n')
      .map((line) => line.slice(0, 32));
    for (const fact of [
      ['suppression', 'add', 'email:never@seen.example', '--why', 'request'],
      ['restriction', 'place', one, '--ground', 'unlawful'],
      ['keep-apart', one, other, '--reason', 'two people'],
    ])
      expect(await runCli(leaked, fact)).toMatchObject({ code: 0 });
    // Everything was received once: now it is a duplicate, or belongs to an erased customer.
    const again = ['simulate', '--customers', '120', '--from', '2024-01-01', '--until', '2026-01-01'];
    const outcomes = / 0 accepted, ([\d,]+) duplicates.*/;
    const expected = outcomes.exec((await runCli(leaked, again)).stdout)?.[0];
    expect(expected).toMatch(outcomes);
    const stages = (await runCli(leaked, ['query', 'stage-counts', '--format', 'csv'])).stdout;

    const to = at('rekeyed');
    const command = ['--from', `sqlite:${leaked}`, '--to', `sqlite:${to}`, '--rekey'];
    await killedHalfway(to, command);
    // No engine can use a log that is not verified yet.
    expect(existsSync(join(to, 'keys.db'))).toBe(false);
    const moved = await move(...command);
    expect(moved).toMatchObject({ code: 0 });
    expect(moved.stdout).toMatch(/opened +[0-9a-f]{64} +equal/);
    expect(moved.stdout).toMatch(/read models +[0-9a-f]{32} +equal/);
    expect(moved.stdout).toMatch(/touchpoints of erased customers/);
    expect(await move(...command, '--no-models')).toMatchObject({ code: 0 });

    expect((await runCli(to, ['query', 'stage-counts', '--format', 'csv'])).stdout).toBe(stages);
    expect(outcomes.exec((await runCli(to, again)).stdout)?.[0]).toBe(expected);
    expect((await runCli(to, ['verify'])).code).toBe(0);

    const thief = at('thief');
    mkdirSync(thief);
    copyFileSync(join(to, 'log.db'), join(thief, 'log.db'));
    copyFileSync(join(leaked, 'keys.db'), join(thief, 'keys.db'));
    expect((await runCli(thief, ['stats'])).stderr).toContain('another hash key');
    // What was moved under other keys is no beginning of this move.
    expect((await move('--from', `sqlite:${old}`, '--to', `sqlite:${to}`, '--rekey')).code).toBe(3);
  });

  it('asks with --rekey for what it needs, before anything is written', async () => {
    const to = `sqlite:${at('unwritten')}`;
    const wrong: [string[], number, string][] = [
      [['--rekey', '--keys'], 2, 'give only one of them'],
      [['--new-keys', old], 2, 'is only allowed with --rekey'],
      [['--rekey', '--new-keys', old], 2, 'a folder of their own'],
      [['--rekey', '--old-keys', at('nothing')], 3, 'there are no keys'],
      [['--rekey', '--new-hash-key', at('nothing')], 2, '--new-hash-key'],
    ];
    for (const [args, code, said] of wrong) {
      const ran = await move('--from', `sqlite:${old}`, '--to', to, ...args);
      expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(said)]);
    }
    const server = await move('--from', `sqlite:${old}`, '--to', 'esdb://127.0.0.1:1?tls=false', '--rekey');
    expect([server.code, server.stderr]).toEqual([2, expect.stringContaining('--new-keys')]);
    expect(existsSync(at('unwritten'))).toBe(false);
  });

  it('tells how to get from a server to a server, and of a server that is not there', async () => {
    const both = await move('--from', 'esdb://127.0.0.1:1?tls=false', '--to', 'esdb://127.0.0.1:2?tls=false');
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('by way of a file')]);
    const gone = await move('--from', `sqlite:${old}`, '--to', 'esdb://me:secret@127.0.0.1:1?tls=false');
    expect([gone.code, gone.stderr]).toEqual([4, expect.stringContaining('No EventStoreDB answers')]);
    expect(gone.stderr).toContain('tls=true or tls=false');
    expect(gone.stderr).not.toContain('secret');
  });

  it('leaves a running engine alone', async () => {
    const lived = at('lived');
    await runCli(lived, ['simulate', '--customers', '2', '--seed', '3']);
    const engine = await startEngine(lived);
    try {
      for (const args of [[], ['--rekey']]) {
        const owned = await move('--from', `sqlite:${lived}`, '--to', `sqlite:${at('beside')}`, ...args);
        expect([owned.code, owned.stderr]).toEqual([4, expect.stringContaining(engine.url)]);
        const into = await move('--from', `sqlite:${old}`, '--to', `sqlite:${lived}`);
        expect([into.code, into.stderr]).toEqual([4, expect.stringContaining('stop it first')]);
      }
    } finally {
      expect(await engine.stop()).toBe(0);
    }
  });

  const disk = smallDisk(60, 'a move that has no room to build read models');
  beforeAll(() => disk?.mount());
  afterAll(() => disk?.unmount());
  if (disk !== null)
    it('has copied the log where it has no room to build read models, says so, and can be given again', async () => {
      const places = ['move', '--from', `sqlite:${old}`, '--to', `sqlite:${at('roomless')}`];
      const { code, stderr } = await runCli(at('nowhere'), places, { TMPDIR: disk.folder });
      expect(stderr).toMatch(/^The read models cannot be built in .* is full: .* MiB are free, .*--no-models\.$/m);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(code).toBe(6);
      expect((await move(...places.slice(1))).stdout).toMatch(/read models +[0-9a-f]{32} +equal/);
    });

  it('is of no use without its keys: an engine that would make new ones is refused', async () => {
    const to = at('keyless');
    const moved = await move('--from', `sqlite:${old}`, '--to', `sqlite:${to}`, '--no-models');
    expect(moved.stdout).toContain(`The keys stay in ${old}`);
    const started = await runCli(to, ['stats']);
    expect(started.code).toBe(1);
    expect(started.stderr).toContain('another hash key');
  });

  it('rejects what it cannot do, before anything is written', async () => {
    const other = at('other');
    await runCli(other, ['simulate', '--customers', '3', '--seed', '9']);
    const before = statSync(join(other, 'log.db')).size;
    const occupied = await move('--from', `sqlite:${old}`, '--to', `sqlite:${other}`);
    expect(occupied.code).toBe(3);
    expect(occupied.stderr).toContain('holds something else');
    expect(statSync(join(other, 'log.db')).size).toBe(before);
    expect((await move('--from', `sqlite:${old}`, '--to', `sqlite:${other}`, '--keys')).stderr).toContain(
      'keys of its own',
    );

    expect((await move('--from', `sqlite:${at('nothing')}`, '--to', `sqlite:${at('new')}`)).code).toBe(3);
    expect(existsSync(at('new'))).toBe(false);
    expect((await move('--from', `sqlite:${old}`, '--to', `sqlite:${old}`)).code).toBe(2);
    expect((await move('--from', old, '--to', `sqlite:${at('new')}`)).code).toBe(2);
    writeFileSync(at('text.db'), 'no log');
    expect((await move('--from', `sqlite:${at('text.db')}`, '--to', `sqlite:${at('new')}`)).code).toBe(1);

    const lock = lockDataFolder(old);
    const owned = await move('--from', `sqlite:${old}`, '--to', `sqlite:${at('new')}`);
    lock.release();
    expect(owned.code).toBe(4);
  });
});
