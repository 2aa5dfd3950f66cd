import { afterEach, describe, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '#database';
import type { EventLog } from '#event-log';
import { openSqliteKeyStore, Sealer } from '#keys';
import { memoryLog } from '#testing';
import { Endpoints } from './endpoints.js';
import { Registrations } from './registrations.js';
import { prepareTables } from './tables.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const HOUR = 3_600_000;
const URL = 'https://crm.example/hooks?token=not-for-the-log';

describe('the registration of a webhook', () => {
  const keys = openSqliteKeyStore({ file: ':memory:' });
  const sealer = new Sealer(keys);
  const open: Database[] = [];
  afterEach(async () => {
    for (const database of open.splice(0)) await database.close();
  });
  let at = NOW;
  const clock = { now: () => at };

  /** The endpoints as a start on these stores has them; with a new database, as after the read models were lost. */
  const start = async (log: EventLog | null, database?: Database) => {
    const on = database ?? (await openDatabase({ kind: 'pglite', folder: null }));
    if (database === undefined) open.push(on);
    await prepareTables(on);
    const endpoints = new Endpoints(on, sealer, clock, log === null ? null : new Registrations(log, sealer));
    const said = await endpoints.reconcile();
    const secretsOf = async (id: string): Promise<string[]> => {
      const [row] = await on.query('SELECT * FROM perennial_webhooks.endpoints WHERE endpoint_id = $1', [id]);
      return row === undefined ? [] : endpoints.secretsOf(row as never);
    };
    return { endpoints, said, database: on, secretsOf };
  };
  const newLog = () => memoryLog({ clock });
  const events = async (log: EventLog) => {
    const all = [];
    for await (const page of log.read('webhooks')) all.push(...page);
    return all;
  };

  it('outlives the read models: URL, feeds, status and secret are there again', async () => {
    const log = newLog();
    const { endpoints } = await start(log);
    const one = await endpoints.register(URL, ['perennial.stage-changes']);
    at = NOW + 1;
    const two = await endpoints.register('https://two.example/', ['perennial.actions', 'perennial.customers']);
    await endpoints.setStatus(two?.endpoint.id ?? '', 'paused');

    at = NOW;
    const after = await start(log);
    expect(after.said.join('\n')).toMatch(/2 webhooks were registered again from the event log/);
    expect(await after.endpoints.list()).toMatchObject([
      { id: one?.endpoint.id, url: URL, feeds: ['perennial.stage-changes'], status: 'active', createdAt: NOW },
      { id: two?.endpoint.id, url: 'https://two.example/', status: 'paused' },
    ]);
    expect(await after.secretsOf(one?.endpoint.id ?? '')).toEqual([one?.secret]);
    // Another start on the same tables changes nothing, and says nothing.
    const again = await start(log, after.database);
    expect(again.said).toEqual([]);
    expect(await events(log)).toHaveLength(3);
  });

  it('stands in the log without its URL and its secret in the clear', async () => {
    const log = newLog();
    const { endpoints } = await start(log);
    const registered = await endpoints.register(URL, ['perennial.actions']);
    const text = JSON.stringify(await events(log));
    for (const trace of ['crm.example', 'not-for-the-log', registered?.secret ?? 'no secret'])
      expect(text).not.toContain(trace);
  });

  it('has the newest secret again after a rotation, and for a day the former one too', async () => {
    const log = newLog();
    const { endpoints } = await start(log);
    const registered = await endpoints.register(URL, ['perennial.actions']);
    const id = registered?.endpoint.id ?? '';
    const rotated = await endpoints.rotate(id);
    at = NOW + HOUR;
    expect(await (await start(log)).secretsOf(id)).toEqual([rotated?.secret, registered?.secret]);
    at = NOW + 25 * HOUR;
    expect(await (await start(log)).secretsOf(id)).toEqual([rotated?.secret]);
    at = NOW;
  });

  it('does not come back once it was removed, also where the removal was not finished', async () => {
    const log = newLog();
    const { endpoints, database } = await start(log);
    const [one, two] = [
      await endpoints.register(URL, ['perennial.actions']),
      await endpoints.register(URL, ['perennial.actions']),
    ];
    await endpoints.remove(one?.endpoint.id ?? '');
    // As a process that died after it had recorded the removal.
    await new Registrations(log, sealer).changed(two?.endpoint.id ?? '', 'removed', NOW, 'local');
    expect(await (await start(log, database)).endpoints.list()).toEqual([]);
    expect(await (await start(log)).endpoints.list()).toEqual([]);
    const states = await keys.keysFor([one?.endpoint.id ?? '', two?.endpoint.id ?? '']);
    expect([...states.values()]).toEqual(['erased', 'erased']);
  });

  it('of an earlier version, in the tables alone, is recorded at the first start', async () => {
    const before = await start(null);
    const registered = await before.endpoints.register(URL, ['perennial.actions']);
    await before.endpoints.setStatus(registered?.endpoint.id ?? '', 'paused');
    const log = newLog();
    await start(log, before.database);
    await start(log, before.database);
    expect((await events(log)).map(({ type }) => type)).toEqual(['webhook-registered', 'webhook-changed']);
    const after = await start(log);
    expect(await after.endpoints.list()).toMatchObject([{ id: registered?.endpoint.id, url: URL, status: 'paused' }]);
    expect(await after.secretsOf(registered?.endpoint.id ?? '')).toEqual([registered?.secret]);
  });

  it('whose key is in another key store is told, and nothing unsigned is sent', async () => {
    const log = newLog();
    const { endpoints } = await start(log);
    const registered = await endpoints.register(URL, ['perennial.actions']);
    await keys.destroy([registered?.endpoint.id ?? '']);
    const after = await start(log);
    expect(await after.endpoints.list()).toEqual([]);
    expect(after.said.join('\n')).toMatch(/register it again/);
  });

  it('by several processes at once is recorded once each, in one order', async () => {
    const log = newLog();
    const { endpoints } = await start(log);
    await Promise.all(
      Array.from({ length: 5 }, (_, n) => endpoints.register(`https://${n}.example/`, ['perennial.actions'])),
    );
    expect(await events(log)).toHaveLength(5);
    expect((await (await start(log)).endpoints.list()).map(({ url }) => url).sort()).toEqual(
      Array.from({ length: 5 }, (_, n) => `https://${n}.example/`),
    );
  });
});
