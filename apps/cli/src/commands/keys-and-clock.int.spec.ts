import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DAY } from '#contracts';
import { openLogOf } from '#event-log';
import { prepareLog } from '#ingestion';
import { openKeyStoreOf } from '#keys';
import { readConfig } from '#platform';
import { program } from '../program.js';

// The read models are made at the first command.
jest.setTimeout(120_000);

const NOW = Date.UTC(2026, 0, 31, 12);

describe('on the folder of a stopped engine', () => {
  let dataDir: string;
  const clock = { now: () => NOW };

  beforeAll(async () => {
    // Of this suite alone: suites of one process share the exit code of the process.
    Object.defineProperty(process, 'exitCode', { value: 0, writable: true, configurable: true });
    dataDir = mkdtempSync(join(tmpdir(), 'perennial-keys-'));
    const keys = openKeyStoreOf(dataDir);
    // The last event was recorded by a clock that was 400 days ahead.
    const ahead = { now: () => NOW + 400 * DAY };
    const config = readConfig({ DATA_DIR: dataDir });
    const log = await openLogOf(config, ahead, null);
    await prepareLog(log, keys, config.policy, ahead.now());
    await log.close();
    await keys.close();
  });
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  /** A command as on the command line, run in this process. */
  const run = async (...args: string[]): Promise<{ out: string; err: string; code: unknown }> => {
    let out = '';
    let err = '';
    const writing = jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
    const session = { clock, stderr: { write: (text: string) => (err += text) }, signal: new AbortController().signal };
    process.exitCode = 0;
    try {
      await (await program(session, '1')).parseAsync(['node', 'perennial', ...args, '--data-dir', dataDir]);
      return { out, err, code: process.exitCode };
    } catch (error) {
      const { exitCode, message } = error as { readonly exitCode?: number; readonly message: string };
      return { out, err: `${err}${message}`, code: exitCode };
    } finally {
      process.exitCode = 0;
      writing.mockRestore();
    }
  };

  it('creates a key, lists it without its secret, and revokes it', async () => {
    const { out: key, code, err } = await run('keys', 'create', 'web shop', '--permissions', 'publish, read');
    expect([code, err]).toEqual([0, expect.not.stringMatching(/error/i)]);
    expect(key).toMatch(/^pk_[0-9a-f]{12}_[\w-]{49}\n$/);
    const [, id = '', secret = ''] = /^pk_([0-9a-f]{12})_([\w-]{49})/.exec(key) ?? [];
    const { out: listed } = await run('keys', 'list');
    expect(listed).toMatch(new RegExp(`${id} +web shop +publish,read `));
    expect(listed).not.toContain(secret);
    expect((await run('keys', 'revoke', id)).out).toContain(`Revoked the key ${id}`);
    expect((await run('keys', 'list')).out).toMatch(new RegExp(`${id} .*2026-01-31.*2026-01-31`));
    expect(await run('keys', 'revoke', 'unknown')).toMatchObject({ code: 3 });
  });

  it('registers a source, shows its key once, and lists it with what it sent', async () => {
    const { out, code } = await run(
      'sources',
      'create',
      'shop',
      '--kind',
      'api',
      '--currency',
      'EUR',
      '--format',
      'json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ name: 'shop', key: expect.stringMatching(/^pk_/) });
    expect(await run('sources', 'create', 'shop', '--kind', 'api')).toMatchObject({ code: 3 });
    expect((await run('sources', 'change', 'shop', '--test', '--remove', 'currency')).out).toMatch(/test +true/);
    expect((await run('sources', 'pause', 'shop')).out).toContain('is paused');
    const { out: listed } = await run('sources', 'list');
    expect(listed).toMatch(/shop +api +paused +test/);
    expect(listed).not.toContain((JSON.parse(out) as { key: string }).key);
    expect(await run('sources', 'show', 'shop', '--format', 'json')).toMatchObject({ code: 0 });
    expect(await run('sources', 'retire', 'elsewhere')).toMatchObject({ code: 3 });
    expect(await run('sources', 'create', 'x', '--kind', 'api', '--contract', 'order-placed')).toMatchObject({
      code: 2,
    });
  });

  it('creates a key with a role and scopes, rotates it, and blocks it, with answers as JSON', async () => {
    const json = async (...args: string[]) => {
      const { out, err, code } = await run('keys', ...args);
      expect([code, err]).toEqual([0, '']);
      return JSON.parse(out) as Record<string, unknown>;
    };
    const scoped = ['--role', 'channel', '--sources', 'till/*, shop', '--expires', 'never', '--format', 'json'];
    const created = await json('create', 'till', ...scoped);
    const id = String(created['id']);
    expect(created).toMatchObject({
      ...{ name: 'till', role: 'channel', permissions: ['publish'], scopes: { sources: ['till/*', 'shop'] } },
      ...{ expiresAt: null, key: expect.stringMatching(/^pk_/) },
    });
    const rotated = await json('rotate', id, '--overlap', '2', '--format', 'json');
    expect(rotated).toMatchObject({ replaces: id, scopes: created['scopes'] });
    expect(await json('show', id)).toMatchObject({ expiresAt: '2026-02-02T12:00:00Z', blockedAt: null });
    expect((await run('keys', 'block', `key:${id}`)).out).toContain(`Blocked key:${id}`);
    expect(await json('show', id)).toMatchObject({ blockedAt: '2026-01-31T12:00:00Z' });
    expect((await run('keys', 'unblock', `key:${id}`)).code).toBe(0);
    expect((await run('keys', 'list', '--format', 'json')).out).toContain('"replaces"');
    for (const unknown of [
      ['show', 'x'],
      ['rotate', 'x'],
      ['block', 'key:x'],
      ['rotate', id],
    ])
      expect(await run('keys', ...unknown)).toMatchObject({ code: 3 });
    const never = await run('keys', 'create', 'tool', '--permissions', 'read', '--expires', 'never');
    expect(never).toMatchObject({ code: 3, err: expect.stringContaining('`expiresAt` may be null only for a key') });
  });

  it.each([
    ['an unknown permission', ['keys', 'create', 'x', '--permissions', 'fly'], 'must be one of'],
    ['neither role nor permission', ['keys', 'create', 'x'], 'give role or permissions'],
    ['a name of blanks', ['keys', 'create', '  ', '--permissions', 'read'], '`name`'],
  ])('creates no key with %s', async (_, args, message) => {
    const before = (await run('keys', 'list')).out;
    const { code, err } = await run(...args);
    expect(code).not.toBe(0);
    expect(err).toContain(message);
    expect((await run('keys', 'list')).out).toBe(before);
  });

  it('lists the sessions of browsers, and ends one', async () => {
    expect(await run('sessions', 'list', '--data-dir', dataDir)).toMatchObject({ out: '', code: 0 });
    const hash = `0123456789abcdef${'0'.repeat(48)}`;
    const keys = openKeyStoreOf(dataDir);
    const row = { hash, principal: 'person:ada', issuerSession: null, sealed: Buffer.from([1]) };
    await keys.sessions.insert({ ...row, begunAt: NOW - 60_000, lastSeenAt: NOW, endsAt: NOW + DAY });
    await keys.sessions.insert({
      ...row,
      hash: '1'.repeat(64),
      begunAt: NOW - DAY,
      lastSeenAt: NOW - DAY,
      endsAt: NOW + DAY,
    });
    await keys.close();
    const listed = await run('sessions', 'list', '--data-dir', dataDir, '--format', 'json');
    expect(JSON.parse(listed.out)).toMatchObject([{ id: '0123456789abcdef', principal: 'person:ada', name: null }]);
    expect((await run('sessions', 'list', '--data-dir', dataDir)).out).toContain('person:ada');
    const end = () => run('sessions', 'end', '0123456789abcdef', '--data-dir', dataDir);
    expect(await end()).toMatchObject({ out: expect.stringContaining('Ended the session') as unknown, code: 0 });
    expect((await end()).err).toContain('There is no session of this id');
  });

  it('tells of a clock that lies behind what is recorded, until it is confirmed', async () => {
    const shown = await run('clock');
    expect(shown).toMatchObject({ code: 1 });
    expect(shown.out).toContain('the clock is not to be trusted');
    expect(shown.out).toContain('recorded ahead by       400 days');
    // A command that keeps the read models says it as well.
    expect((await run('stats')).err).toContain('400 days later');
    expect(await run('clock', 'confirm')).toMatchObject({ code: 0 });
    const confirmed = await run('clock');
    expect(confirmed).toMatchObject({ code: 0 });
    expect(confirmed.out).toContain('by local');
    expect((await run('stats')).err).not.toContain('later');
  });
});
