import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openSqliteLog, type EventLog } from '#event-log';
import { openKeyStoreOf, Sealer, type SqliteKeyStore, type SubjectKey } from '#keys';
import { openDatabase, type Database } from '#database';
import { Projector } from '#projections';
import { Ingestion, IngestTouchpoints, IngestTouchpointsHandler, prepareLog, Quarantine } from '#ingestion';
import { orderPlaced } from '#testing';
import { CustomersBySubject } from './customer-subjects.js';
import { EraseCustomer, EraseCustomerHandler, type ErasureVerdict } from './erase-customer.js';

const NOW = Date.UTC(2026, 0, 31, 12);

/** What would give Jane away, in the clear: each is looked for as UTF-8, UTF-16, hex and base64. */
const TRACES = ['jane.doe@shop.example', 'Jane-Theodora Doe', 'hates broccoli', '+4917188776655', 'user-jane-4711'];

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
    await prepareLog(log, keys, 'retail', NOW);
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

  const erasing = (person: Partial<EraseCustomer['person']>): Promise<ErasureVerdict> => {
    const { identities } = ingestion;
    const customers = new CustomersBySubject(database);
    const handler = new EraseCustomerHandler({ log, keys, identities, customers, clock: { now: () => NOW } });
    return handler.execute(new EraseCustomer({ identifiers: [], customerId: null, ...person }, 'me'));
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
        identifiers: [jane[1], { namespace: 'phone', value: '+49 171 88776655' }],
        data: { attributes: { name: 'Jane-Theodora Doe' } },
      }),
      orderPlaced({ id: 'n', type: 'note-taken', identifiers: jane, data: { text: 'hates broccoli' } }),
      orderPlaced({ id: 'other', identifiers: [{ namespace: 'userId', value: 'joe' }] }),
    );
    await projector.catchUp();
    const subjectIds = [
      ...jane.map(({ namespace, value }) => ingestion.identities.of(namespace, value).subjectId),
      sealer.subjectIdOf('phone', '+4917188776655'),
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
