import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { STREAMS } from '#contracts';
import { openDatabase, type Database } from '#database';
import { openSqliteLog, type EventLog } from '#event-log';
import {
  ClassRules,
  Ingestion,
  IngestTouchpoints,
  IngestTouchpointsHandler,
  prepareLog,
  PublishPolicy,
  PublishPolicyHandler,
  SealedClasses,
} from '#ingestion';
import { openKeyStoreOf, Sealer, type KeyStore, type SqliteKeyStore } from '#keys';
import { BUILT_IN_POLICIES } from '#lifecycle';
import { Projector } from '#projections';
import { ONE_IS_ENOUGH, orderPlaced } from '#testing';
import { checkContents } from '../content/check-contents.js';
import { PolicyInForce } from '../openings/policy-in-force.js';
import { reconcileKeys } from '../reconciling/reconcile-keys.js';
import { ClassExpiry, type PersonalFieldsExpired } from './class-expiry.js';

const DAY = 24 * 60 * 60 * 1_000;
/** Three persons wrote in 2022 and 2024; the policy keeps free text for two years after the year. */
const AT_FIRST = Date.UTC(2024, 11, 31, 23, 59, 59);
const DUE = Date.UTC(2025, 0, 1);

describe('the expiry of classes of personal fields', () => {
  let now = AT_FIRST;
  const clock = { now: () => now };
  let folder: string;
  let log: EventLog;
  let keys: SqliteKeyStore;
  let sealer: Sealer;
  let ingestion: Ingestion;
  let database: Database;
  let projector: Projector;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-expiry-'));
    keys = openKeyStoreOf(folder);
    log = await openSqliteLog({ file: join(folder, 'log.db'), clock, writing: 'here' });
    sealer = new Sealer(keys);
    await prepareLog(log, keys, { kind: 'built-in', name: 'retail' }, now);
    const classes = new SealedClasses();
    const rules = new ClassRules(log, classes, clock);
    ingestion = new Ingestion({ log, sealer, classes });
    await ingest(wrote('before-the-rule', 'ann', '2022-01-05T00:00:00Z'));
    const handler = new PublishPolicyHandler(log, clock, ONE_IS_ENOUGH, () => rules.refresh());
    const retention = [{ what: 'class', class: 'free-text', after: 'P2Y' }] as const;
    const policy = { ...BUILT_IN_POLICIES.retail, name: 'keeping', version: 1, retention };
    expect(await handler.execute(new PublishPolicy(policy, {}))).toMatchObject({ ok: true, changed: true });
    for (const user of ['ann', 'bob', 'cleo'])
      await ingest(
        wrote(`${user}-2022`, user, '2022-06-01T00:00:00Z'),
        wrote(`${user}-2024`, user, '2024-06-01T00:00:00Z'),
        orderPlaced({ id: `${user}-order`, time: '2022-06-02T00:00:00Z', identifiers: [named(user)] }),
      );
    database = await openDatabase({ kind: 'pglite', folder: join(folder, 'readmodels') });
    projector = await Projector.open({ database, log, clock });
  }, 120_000);
  afterAll(async () => {
    await database.close();
    await log.close();
    await keys.close();
    rmSync(folder, { recursive: true });
  });

  const named = (user: string) => ({ namespace: 'userId', value: user });
  const wrote = (id: string, user: string, time: string) =>
    orderPlaced({
      ...{ id, time, type: 'unsubscribed', identifiers: [named(user)] },
      data: { purpose: 'marketing', reason: `words of ${user}` },
    });
  const ingest = async (...documents: unknown[]): Promise<void> => {
    const items = documents.map((document) => ({ document }));
    await new IngestTouchpointsHandler(ingestion).execute(new IngestTouchpoints(items, now, 'kept'));
  };
  const subjectOf = (user: string): string => sealer.subjectIdOf('userId', user);
  /** What can be read of every text. */
  const texts = async (by: Sealer = sealer): Promise<Record<string, string>> => {
    const found: Record<string, string> = {};
    for (const user of ['ann', 'bob', 'cleo'])
      for await (const page of log.read(STREAMS.subject(subjectOf(user))))
        for (const { id, meta, type } of page) {
          if (type !== 'unsubscribed') continue;
          const { sealed } = JSON.parse(meta) as { sealed: string };
          const [text = null] = await by.openMany([{ subjectId: subjectOf(user), sealed }]);
          found[id] = text ?? 'erased';
        }
    return found;
  };
  const expiryOf = (store: KeyStore, recording: Pick<EventLog, 'appendMany'> = log, batch = 2): ClassExpiry => {
    const inForce = new PolicyInForce(log, clock);
    return new ClassExpiry({ log: recording, keys: store, clock, batch, policy: () => inForce.now() });
  };
  const onRecord = async (): Promise<PersonalFieldsExpired[]> => {
    const facts: PersonalFieldsExpired[] = [];
    for await (const page of log.read(STREAMS.privacy))
      for (const { type, data } of page)
        if (type === 'personal-fields-expired') facts.push(JSON.parse(data) as PersonalFieldsExpired);
    return facts;
  };
  const WORDS = { reason: (user: string) => `{"/reason":"words of ${user}"}` };
  const EXPIRED = '{"$expired":[{"personalClass":"free-text","year":2022}]}';

  it('destroys nothing before the years after the year are over', async () => {
    const expiry = expiryOf(keys);
    expect(await expiry.run()).toBeNull();
    expect(await expiry.preview()).toEqual([
      { personalClass: 'free-text', year: 2022, keys: 3, held: 0, dueAt: DUE },
      { personalClass: 'free-text', year: 2024, keys: 3, held: 0, dueAt: Date.UTC(2027, 0, 1) },
    ]);
  });

  it('destroys them for all persons that no hold keeps, as one act; an interrupted run is resumed and recorded exactly; no figure changes', async () => {
    await keys.copyTo(join(folder, 'keys.copy'));
    const before = await projector.digest();
    now = DUE + DAY;
    await keys.placeHold({ id: '9'.repeat(32), case: '2025-1', subjectIds: [subjectOf('bob')] });
    // The first batch of one key is destroyed, and the process dies before it records it.
    expect(await keys.destroyClassKeys({ personalClass: 'free-text', year: 2022 }, 1)).toBe(1);
    const failing = { appendMany: () => Promise.reject(new Error('the log is away')) };
    await expect(expiryOf(keys, failing).run()).rejects.toThrow('the log is away');
    expect(await onRecord()).toEqual([]);
    await expiryOf(keys).run();
    expect(await expiryOf(keys).run()).toBeNull();
    const policyVersion = 'keeping@1';
    const ofYear = { class: 'free-text', year: 2022, held: 1 };
    expect(await onRecord()).toEqual([
      { policyVersion, classes: [{ ...ofYear, keys: 1, total: 1 }] },
      { policyVersion, classes: [{ ...ofYear, keys: 1, total: 2 }] },
    ]);
    expect(await texts()).toEqual({
      // Written while no rule was in force: under the key of the subject.
      'before-the-rule': WORDS.reason('ann'),
      'ann-2022': EXPIRED,
      'ann-2024': WORDS.reason('ann'),
      'bob-2022': WORDS.reason('bob'),
      'bob-2024': WORDS.reason('bob'),
      'cleo-2022': EXPIRED,
      'cleo-2024': WORDS.reason('cleo'),
    });
    await keys.liftHold('9'.repeat(32));
    expect(await expiryOf(keys).run()).toEqual({
      policyVersion,
      classes: [{ ...ofYear, held: 0, keys: 1, total: 3 }],
    });
    const after = await projector.rebuild().then(() => projector.digest());
    expect(after.models).toEqual(before.models);
    expect(await checkContents(log, sealer)).toMatchObject({ refuted: 0, unchecked: { expired: 3, unknown: 0 } });
  }, 120_000);

  it('is applied again to a key store from a backup, which counts on from what is on record', async () => {
    const restored = mkdtempSync(join(tmpdir(), 'perennial-expiry-restored-'));
    copyFileSync(join(folder, 'keys.copy'), join(restored, 'keys.db'));
    const older = openKeyStoreOf(restored);
    expect((await texts(new Sealer(older)))['ann-2022']).toBe(WORDS.reason('ann'));
    await reconcileKeys({ log, keys: older, now, announce: () => undefined });
    expect((await texts(new Sealer(older)))['ann-2022']).toBe(EXPIRED);
    expect(await older.destroyedClassKeys()).toEqual([{ personalClass: 'free-text', year: 2022, keys: 0, total: 3 }]);
    expect(await expiryOf(older).run()).toBeNull();
    await older.close();
    rmSync(restored, { recursive: true });
  });
});
