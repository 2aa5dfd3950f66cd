import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openSqliteLog, type EventLog } from '#event-log';
import { openKeyStoreOf, Sealer, type SqliteKeyStore, type SubjectKey } from '#keys';
import { openDatabase, type Database } from '#database';
import { Projector } from '#projections';
import { Ingestion, IngestTouchpoints, IngestTouchpointsHandler, prepareLog, Quarantine } from '#ingestion';
import { LOCAL_PRINCIPAL } from '#platform';
import { MARY, ONE_IS_ENOUGH, orderPlaced, PERSON_FORMS } from '#testing';
import { DAY, STREAMS } from '#contracts';
import type { ErasureJournal } from '../journal/erasure-journal.js';
import {
  EraseCustomer,
  EraseCustomerHandler,
  type ErasureDependencies,
  type ErasureVerdict,
} from './erase-customer.js';

const NOW = Date.UTC(2026, 0, 31, 12);

/** What would give Jane away, in the clear: each is looked for as UTF-8, UTF-16, hex and base64. */
const TRACES = ['jane.doe@shop.example', 'Jane-Theodora Doe', 'hates broccoli', '+4917311223344', 'user-jane-4711'];

describe('forgetting a person', () => {
  let folder: string;
  let log: EventLog;
  let keys: SqliteKeyStore;
  let sealer: Sealer;
  let ingestion: Ingestion;
  let database: Database;
  let projector: Projector;

  const open = async (): Promise<void> => {
    const clock = { now: () => NOW };
    keys = openKeyStoreOf(folder);
    log = await openSqliteLog({ file: join(folder, 'log.db'), clock, writing: 'here' });
    sealer = new Sealer(keys);
    ingestion = new Ingestion({ log, sealer });
    await prepareLog(log, keys, { kind: 'built-in', name: 'retail' }, NOW);
    database = await openDatabase({ kind: 'pglite', folder: join(folder, 'readmodels') });
    projector = await Projector.open({ database, log, clock });
  };
  const close = async (): Promise<void> => {
    await database.close();
    await log.close();
    await keys.close();
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-erasing-'));
    await open();
  }, 120_000);
  afterAll(async () => {
    await close();
    rmSync(folder, { recursive: true });
  });

  const erasing = (
    person: Partial<EraseCustomer['person']>,
    others: Partial<ErasureDependencies> = {},
  ): Promise<ErasureVerdict> => {
    const { identities } = ingestion;
    const clock = { now: () => NOW };
    const stores = { log, keys, identities, sealer, database, clock, approvals: ONE_IS_ENOUGH };
    const handler = new EraseCustomerHandler({ ...stores, ...others });
    return handler.execute(
      new EraseCustomer({ identifiers: [], customerId: null, ...person }, { ...LOCAL_PRINCIPAL, id: 'me' }),
    );
  };
  const take = async (...documents: unknown[]): Promise<(string | undefined)[]> => {
    const items = documents.map((document) => ({ document }));
    const { results } = await new IngestTouchpointsHandler(ingestion).execute(new IngestTouchpoints(items, NOW));
    return results.map(({ outcome, quarantineId }) => quarantineId ?? outcome);
  };
  const files = (at = folder): string[] =>
    readdirSync(at).flatMap((name) => {
      const path = join(at, name);
      return statSync(path).isDirectory() ? files(path) : [path];
    });
  const holding = (needle: Buffer): string[] => files().filter((path) => readFileSync(path).includes(needle));
  const spellings = (trace: string): Buffer[] => [
    Buffer.from(trace),
    Buffer.from(trace, 'utf16le'),
    Buffer.from(Buffer.from(trace).toString('hex')),
    Buffer.from(Buffer.from(trace).toString('base64').replace(/=*$/, '').slice(0, -2)),
  ];

  const jane = [
    { namespace: 'email', value: 'Jane.Doe@shop.example' },
    { namespace: 'userId', value: 'user-jane-4711' },
  ];

  it('leaves nothing that opens, in any file of the data folder; the log and its figures stay', async () => {
    const [, , quarantineId] = await take(
      orderPlaced({ identifiers: jane }),
      orderPlaced({
        id: 'p',
        type: 'profile-updated',
        identifiers: [jane[1], { namespace: 'phone', value: '+49 173 11223344' }],
        data: { attributes: { name: 'Jane-Theodora Doe' } },
      }),
      orderPlaced({ id: 'n', type: 'note-taken', identifiers: jane, data: { text: 'hates broccoli' } }),
      orderPlaced({ id: 'other', identifiers: [{ namespace: 'userId', value: 'joe' }] }),
    );
    await projector.catchUp();
    const subjectIds = [
      ...jane.map(({ namespace, value }) => ingestion.identities.of(namespace, value).subjectId),
      sealer.subjectIdOf('phone', '+4917311223344'),
    ];
    const states = await keys.keysFor([...subjectIds, quarantineId as string]);
    const secrets = [...states.values()].map((state) => Buffer.from((state as SubjectKey).secret));
    expect(secrets).toHaveLength(4);
    // Seen before: otherwise not finding them after would prove nothing.
    expect(secrets.every((secret) => holding(secret).length > 0)).toBe(true);
    const { position } = await log.head();
    const profile = async () => database.query<{ orders: number }>('SELECT orders FROM rm_1.customers ORDER BY 1');
    expect(await profile()).toHaveLength(2);

    const verdict = await erasing({ identifiers: [{ namespace: 'email', value: ' JANE.DOE@shop.example' }] });
    expect(verdict).toMatchObject({
      outcome: 'erased',
      receipt: { subjects: 3, subjectKeysDestroyed: 3, bodyKeysDestroyed: 1, position: position + 1 },
    });

    const found = (): string[] => [
      ...secrets.flatMap(holding),
      ...TRACES.flatMap((trace) => spellings(trace).flatMap(holding)),
    ];
    expect(found()).toEqual([]);
    await projector.catchUp();
    expect(found()).toEqual([]);
    expect(await new Quarantine(log, sealer).body(quarantineId as string)).toBeNull();
    expect(await profile()).toHaveLength(2);
    await close();
    expect(found()).toEqual([]);
    await open();

    // They do not come back, under any of their names; others are not touched.
    expect(
      await take(...jane.map((identifier, n) => orderPlaced({ id: `new-${n}`, identifiers: [identifier] }))),
    ).toEqual(['suppressed', 'suppressed']);
    expect(await take(orderPlaced({ id: 'o-9', identifiers: [{ namespace: 'userId', value: 'joe' }] }))).toEqual([
      'accepted',
    ]);
    expect(found()).toEqual([]);
  }, 120_000);

  it('finds a person in every quarantined body, in whatever form, and in those that come later', async () => {
    expect(await take(orderPlaced({ id: 'mary', identifiers: MARY }))).toEqual(['accepted']);
    const bodies = PERSON_FORMS.map(([, body]) => body);
    const ids = (await take(...bodies)) as string[];
    const [other] = (await take({ note: 'rosemary.secret@shop.example', userId: 'mary-47110' })) as string[];
    const quarantine = new Quarantine(log, sealer);
    const open = async () => {
      const texts = await Promise.all(ids.map((id) => quarantine.body(id)));
      return PERSON_FORMS.flatMap(([title], at) => (texts[at] === null ? [] : [title]));
    };
    expect(await open()).toHaveLength(PERSON_FORMS.length);
    await projector.catchUp();

    const verdict = await erasing({ identifiers: [{ namespace: 'crmId', value: '0031X00002abc' }] });
    expect(verdict).toMatchObject({
      receipt: { subjects: MARY.length, bodyKeysDestroyed: ids.length, bodiesSearched: true, bodiesNotSearchable: 0 },
    });
    expect(await open()).toEqual([]);
    expect(await quarantine.body(other as string)).not.toBeNull();

    // The same, and the like, sent again: nothing of it is kept.
    const again = await take(...bodies, { karte: 'LC-99-2210-774', n: 2 }, { text: 'call 0049 171 88776655', n: 2 });
    expect(new Set(again)).toEqual(new Set(['suppressed']));
  }, 120_000);

  it('keeps a body that cannot be searched for 30 days at most, and the receipt counts it', async () => {
    const picture = Buffer.from(Array.from({ length: 3_000 }, (_, n) => (n * 7_919) % 256)).toString('base64');
    const [id] = (await take({ picture })) as [string];
    await projector.catchUp();
    expect(await erasing({ identifiers: [{ namespace: 'userId', value: 'unknown-1' }] })).toMatchObject({
      receipt: { bodiesNotSearchable: 1 },
    });
    expect(await keys.destroyExpired(NOW + 30 * DAY - 1)).toBe(0);
    expect(await new Quarantine(log, sealer).body(id)).not.toBeNull();
    expect(await keys.destroyExpired(NOW + 30 * DAY)).toBe(1);
    expect(await new Quarantine(log, sealer).body(id)).toBeNull();
  }, 120_000);

  it('counts events whose text was stored in the clear before its field became personal', async () => {
    const identifiers = [{ namespace: 'userId', value: 'clear-1' }];
    await take(orderPlaced({ id: 'c-1', identifiers }));
    const stream = STREAMS.subject(sealer.subjectIdOf('userId', 'clear-1'));
    const [stored] = await log.readStreams([stream]);
    if (stored === undefined) throw new Error('nothing stored');
    await log.append(stream, 'any', [
      {
        ...{ source: 'shop', id: 'c-2', type: 'unsubscribed', schemaVersion: 1, occurredAt: NOW, meta: stored.meta },
        contentHash: new Uint8Array(16),
        data: JSON.stringify({ purpose: 'marketing', reason: 'moved to Ann, +49 171 5550199' }),
      },
    ]);
    await projector.catchUp();
    expect(await erasing({ identifiers })).toMatchObject({ receipt: { eventsWithClearText: 1 } });
  }, 120_000);

  it('erases twice as once, and gives the same erasure again', async () => {
    const identifiers = [{ namespace: 'userId', value: 'ann' }];
    await take(orderPlaced({ id: 'a', identifiers }));
    await projector.catchUp();
    const first = await erasing({ identifiers });
    await projector.catchUp();
    const second = await erasing({ identifiers });
    if (first.outcome !== 'erased' || second.outcome !== 'erased') throw new Error('not erased');
    expect(second.receipt).toMatchObject({
      erasureId: first.receipt.erasureId,
      position: first.receipt.position,
      erasedAt: first.receipt.erasedAt,
      subjectKeysDestroyed: 0,
    });
  }, 120_000);

  describe('records in the log every body that it destroys', () => {
    const receiptOf = async (value: string, others: Partial<ErasureDependencies> = {}) => {
      await projector.catchUp();
      const verdict = await erasing({ identifiers: [{ namespace: 'userId', value }] }, others);
      if (verdict.outcome !== 'erased') throw new Error(verdict.outcome);
      return verdict.receipt;
    };
    const recorded = async (erasureId: string): Promise<string[]> => {
      const ids: string[] = [];
      for await (const page of log.read(STREAMS.privacy))
        for (const { id, data } of page)
          if (id.startsWith(`erasure/${erasureId}`))
            ids.push(...(JSON.parse(data) as { quarantineIds: string[] }).quarantineIds);
      return ids;
    };

    it('also one that only a repeat finds', async () => {
      const bodies = await take({ remark: 'see late-bird-77' });
      // By a process without read models, which cannot search.
      const { erasureId, position } = await receiptOf('late-bird-77', { database: null });
      expect(await recorded(erasureId)).toEqual([]);
      const second = await receiptOf('late-bird-77');
      expect(second).toMatchObject({ erasureId, bodyKeysDestroyed: 1, subjectKeysDestroyed: 0 });
      expect(second.position).toBeGreaterThan(position);
      expect(await recorded(erasureId)).toEqual(bodies);
      // Once more: nothing is destroyed, and nothing more recorded.
      expect(await receiptOf('late-bird-77')).toMatchObject({ bodyKeysDestroyed: 0, position: second.position });
    }, 120_000);

    it('also one that came while it searched', async () => {
      const bodies = await take({ remark: 'see late-bird-78', n: 1 });
      const journaled: (readonly string[] | undefined)[] = [];
      const journal: ErasureJournal = {
        ...{ place: 'in memory', readAll: async () => [], close: async () => {} },
        append: async ({ quarantineIds }) => {
          journaled.push(quarantineIds);
          if (bodies.length > 1) return;
          bodies.push(...(await take({ remark: 'not late-bird-78, but others', n: 2 })));
          await projector.catchUp();
        },
      };
      const { erasureId, bodyKeysDestroyed, position } = await receiptOf('late-bird-78', { journal });
      expect(bodyKeysDestroyed).toBe(2);
      expect(journaled.flat()).toEqual(bodies);
      expect(await recorded(erasureId)).toEqual(bodies);
      expect((await log.head()).position).toBe(position);
    }, 120_000);
  });

  it('knows a customer by their id, and rejects one that is not there, or two at once', async () => {
    const bob = { namespace: 'userId', value: 'bob' };
    const ben = { namespace: 'userId', value: 'ben' };
    await take(orderPlaced({ id: 'bob', identifiers: [bob] }), orderPlaced({ id: 'ben', identifiers: [ben] }));
    await projector.catchUp();
    expect(await erasing({ customerId: 'f'.repeat(32) })).toEqual({ outcome: 'unknown-customer' });
    expect(await erasing({ identifiers: [bob, ben] })).toMatchObject({ outcome: 'several-customers' });
    expect(await erasing({ customerId: sealer.subjectIdOf('userId', 'bob') })).toMatchObject({
      outcome: 'erased',
      receipt: { subjects: 1 },
    });
  }, 120_000);

  it('forbids a name that never came, so that it never will', async () => {
    await projector.catchUp();
    const carl = { namespace: 'email', value: 'carl@shop.example' };
    expect(await erasing({ identifiers: [carl] })).toMatchObject({ outcome: 'erased', receipt: { subjects: 1 } });
    expect(await take(orderPlaced({ identifiers: [carl] }))).toEqual(['suppressed']);
  }, 120_000);
});
