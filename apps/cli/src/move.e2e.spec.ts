import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { lockDataFolder } from '#event-log';
import { StandIn } from '../../../test/services/eventstore/stand-in.js';
import { runCli, type Ran } from './testdata/run-cli.js';

// Each step is a process that opens the stores.
jest.setTimeout(600_000);

const folder = mkdtempSync(join(tmpdir(), 'perennial-move-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const move = (...args: string[]): Promise<Ran> => runCli(at('nowhere'), ['move', ...args]);
const digestIn = ({ stdout }: Ran): string => /log +([0-9a-f]{64}) +equal/.exec(stdout)?.[1] ?? 'none';

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
    const child = spawn(
      process.execPath,
      [resolve('scripts/perennial.mjs'), 'move', '--from', `sqlite:${old}`, '--to', `sqlite:${to}`, '--no-models'],
      { env: { ...process.env, PERENNIAL_BUILD: 'off', NODE_OPTIONS: '' }, stdio: 'ignore' },
    );
    const ended = once(child, 'exit');
    const written = (): number =>
      ['log.db', 'log.db-wal'].reduce(
        (sum, name) => sum + (statSync(join(to, name), { throwIfNoEntry: false })?.size ?? 0),
        0,
      );
    while (child.exitCode === null && written() < 500_000) await new Promise((wake) => setTimeout(wake, 5));
    child.kill('SIGKILL');
    await ended;

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
    const server = await StandIn.start();
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
  });

  it('is of no use without its keys: an engine that would make new ones is refused', async () => {
    const to = at('keyless');
    const moved = await move('--from', `sqlite:${old}`, '--to', `sqlite:${to}`, '--no-models');
    expect(moved.stdout).toContain(`The keys stay in ${old}`);
    const started = await runCli(to, ['stats']);
    expect(started.code).toBe(1);
    expect(started.stderr).toContain('another hash key');
  });

  it('refuses what it cannot do, before anything is written', async () => {
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
