import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { DAY } from '#contracts';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { Projector } from '../processor/projector.js';
import { day, subject, touchpoint } from '../testdata/touchpoints.js';
import { fitReadModels } from './fit-read-models.js';

describeOnEachStore('read models and the log that they were made from', (name) => {
  let store: OpenedStore;
  let clock: { at: number; now(): number };
  let announced: string[];
  let kept: boolean;

  beforeAll(async () => {
    store = await openStore(name);
  }, 120_000);
  afterAll(async () => {
    await store.stop();
  });
  beforeEach(async () => {
    await store.wipe();
    for (const { name: schema } of await store.database.query<{ name: string }>(
      `SELECT nspname::text AS name FROM pg_namespace WHERE nspname LIKE '%\\_archived\\_%'`,
    ))
      await store.database.exec(`DROP SCHEMA ${schema} CASCADE`);
    clock = { at: day(100), now: () => clock.at };
    announced = [];
    kept = false;
  });

  const memory = { wereKept: async () => kept, noteKept: async () => void (kept = true) };
  const fit = (log: EventLog, keeps = true): Promise<void> =>
    fitReadModels({
      ...{ database: store.database, log, now: clock.at, keeps, memory },
      announce: (line) => announced.push(line),
    });
  const start = async (log: EventLog): Promise<Projector> => {
    await fit(log);
    return Projector.open({ database: store.database, log, clock });
  };
  const order = (user: string, at: number, id = `${user} ${at}`) =>
    touchpoint({
      ...{ id, type: 'order-placed', who: { userId: user }, at },
      data: { orderId: id, currency: 'EUR', totalMinor: 1_000 },
    });
  const logOf = async (...users: string[]): Promise<EventLog> => {
    const log = memoryLog({ clock });
    await log.appendMany(users.map((user, n) => order(user, day(1 + n))));
    return log;
  };
  /** A log that holds the first events of another one, as after a restore of an older copy. */
  const cut = (log: EventLog, events: number): EventLog =>
    new Proxy(log, {
      get(target, property) {
        if (property === 'head') return async () => ({ position: events, recordedAt: clock.at });
        if (property === 'at') return async (position: number) => (position > events ? null : target.at(position));
        const value = Reflect.get(target, property) as unknown;
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });

  it('go on with the log that they know', async () => {
    const log = await logOf('ann', 'bob');
    await (await start(log)).catchUp();
    await fit(log);
    await fit(log, false);
    expect(announced).toEqual([]);
  });

  it('reject a log that is shorter than they are, with the number of missing events', async () => {
    const log = await logOf('ann', 'bob', 'cid');
    const projector = await start(log);
    await projector.catchUp();
    const shorter = cut(log, 1);
    await expect(fit(shorter)).rejects.toMatchObject({
      code: 'log-shorter',
      message: expect.stringMatching(/ends at position 1.*position 3.*2 events are missing/s),
    });
    expect(await (await Projector.open({ database: store.database, log: shorter, clock })).logProblem()).toMatch(
      /2 events are missing/,
    );
    expect(await projector.logProblem()).toBeNull();
  });

  it('reject a log in which another event stands where they have read one', async () => {
    const log = await logOf('ann', 'bob');
    await (await start(log)).catchUp();
    const other = await logOf('ann', 'eve');
    const { logId, copyId } = await log.identity();
    other.identity = async () => ({ logId, copyId });
    await expect(fit(other)).rejects.toMatchObject({ code: 'log-differs' });
  });

  it('reject another log, with both identities, also in a process that only reads', async () => {
    const log = await logOf('ann');
    await (await start(log)).catchUp();
    const other = await logOf('ann', 'bob');
    const [one, two] = [(await log.identity()).logId.slice(0, 12), (await other.identity()).logId.slice(0, 12)];
    for (const keeps of [true, false]) {
      await expect(fit(other, keeps)).rejects.toMatchObject({ code: 'other-log' });
      await expect(fit(other, keeps)).rejects.toThrow(new RegExp(`${one}.*${two}`));
    }
    expect(await store.database.query('SELECT log_id FROM perennial.log_identity')).toEqual([
      { log_id: (await log.identity()).logId },
    ]);
  });

  it('are archived and rebuilt where the log is another copy, by a process that keeps them', async () => {
    const log = await logOf('ann', 'bob');
    await (await start(log)).catchUp();
    const { copyId } = await log.becomeAnotherCopy();
    await expect(fit(log, false)).rejects.toMatchObject({ code: 'other-copy' });
    const projector = await start(log);
    expect(announced.join('\n')).toMatch(/archived .*rebuilt from the 2 events/s);
    await projector.catchUp();
    expect(await store.database.query('SELECT copy_id FROM perennial.log_identity')).toEqual([{ copy_id: copyId }]);
    expect((await projector.status()).position).toBe(2);
    const archived = await store.database.query(
      `SELECT nspname::text AS name FROM pg_namespace WHERE nspname LIKE '%\\_archived\\_%' ORDER BY 1`,
    );
    expect(archived.map((row) => String(row['name']).replace(/\d+$/, ''))).toEqual([
      ...['perennial_archived_', 'perennial_bi_archived_', 'rm_1_archived_'],
    ]);
  });

  it('of an earlier version get the identity of the log, if they fit it', async () => {
    const log = await logOf('ann', 'bob');
    await (await start(log)).catchUp();
    await store.database.exec('DELETE FROM perennial.log_identity; UPDATE rm_1.checkpoint SET fingerprint = NULL');
    await fit(log);
    expect(await store.database.query('SELECT log_id, epoch FROM perennial.log_identity')).toEqual([
      { log_id: (await log.identity()).logId, epoch: 0 },
    ]);
    await store.database.exec('DELETE FROM perennial.log_identity; UPDATE rm_1.checkpoint SET fingerprint = NULL');
    await expect(fit(cut(log, 1))).rejects.toMatchObject({ code: 'log-shorter' });
  });

  const published = () =>
    store.database.query(
      `SELECT p.customer_id, p.publication, p.kind, p.phase, p.historical, p.resync, o.publication IS NOT NULL AS sent
         FROM perennial.published p LEFT JOIN perennial.outbox o USING (customer_id, publication) ORDER BY 1, 2`,
    );

  it('that were lost begin an epoch: each customer’s current state goes out once, historical, and without actions', async () => {
    const log = memoryLog({ clock });
    const consent = touchpoint({
      ...{ id: 'consent', type: 'consent-given', who: { userId: 'ann' }, at: day(99.8) },
      data: { purpose: 'marketing', medium: 'email' },
    });
    await log.appendMany([order('bob', day(1)), order('bob', day(30)), consent]);
    await (await start(log)).catchUp();
    const proposed = await store.database.query("SELECT action_id FROM perennial.actions WHERE kind = 'proposed'");
    expect(proposed.length).toBeGreaterThan(0);
    const before = await published();
    expect(before.every((row) => row['sent'] === true && row['resync'] === false)).toBe(true);

    await store.wipe();
    const projector = await start(log);
    expect(announced.join('\n')).toMatch(/some were kept before.*resync/s);
    await projector.catchUp();
    const after = await published();
    expect(after.map(({ customer_id, publication, phase }) => ({ customer_id, publication, phase }))).toEqual(
      before.map(({ customer_id, publication, phase }) => ({ customer_id, publication, phase })),
    );
    expect(after.every((row) => row['historical'] === true)).toBe(true);
    const sent = after.filter((row) => row['sent'] === true);
    expect(sent.map((row) => row['customer_id'])).toEqual([subject('userId', 'ann'), subject('userId', 'bob')].sort());
    expect(sent.every((row) => row['resync'] === true && row['kind'] === 'entered')).toBe(true);
    expect(await store.database.query('SELECT * FROM perennial.actions')).toEqual([]);

    // What happens from then on is published as ever, in the new epoch; another start sends nothing again.
    const sentBefore = after.length;
    clock.at += DAY;
    await log.appendMany([order('ann', clock.at)]);
    await (await start(log)).catchUp();
    const fresh = (await published()).slice(0).filter((row) => row['resync'] === false && row['sent'] === true);
    expect(fresh.length).toBeGreaterThan(0);
    expect(fresh.every((row) => row['customer_id'] === subject('userId', 'ann'))).toBe(true);
    expect((await published()).length).toBe(sentBefore + fresh.length);
  });

  it('that are begun for the first time publish the whole history, whatever the log holds', async () => {
    const log = await logOf('ann');
    await (await start(log)).catchUp();
    expect((await published()).every((row) => row['sent'] === true && row['resync'] === false)).toBe(true);
  });
});
