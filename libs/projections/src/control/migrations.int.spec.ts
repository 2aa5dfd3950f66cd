import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { migrate } from '../versions/migrate.js';
import { CONTROL_MIGRATIONS } from './migrations.js';

describeOnEachStore('the schema that survives rebuilds, of an earlier release', (name) => {
  let store: OpenedStore;

  beforeAll(async () => {
    store = await openStore(name);
  }, 120_000);
  afterAll(async () => {
    await store.stop();
  });
  beforeEach(() => store.wipe());

  /** The schema as it was when the migration of this number was the last one. */
  const migratedUpTo = async (last: number): Promise<void> => {
    const { database } = store;
    await database.exec(`CREATE SCHEMA perennial;
      CREATE TABLE perennial.migrations (
        number int PRIMARY KEY, name text NOT NULL, applied_at timestamptz(3) NOT NULL DEFAULT now())`);
    for (const { number, name: title, sql } of CONTROL_MIGRATIONS.filter((each) => each.number <= last)) {
      await database.exec(sql);
      await database.query('INSERT INTO perennial.migrations (number, name) VALUES ($1, $2)', [number, title]);
    }
  };
  const rows = (sql: string) => store.database.query(sql);

  it('gives the versions that were built before the columns and the table that queries ask for', async () => {
    await migratedUpTo(15);
    await store.database.exec(`CREATE SCHEMA rm_1;
      CREATE TABLE rm_1.bookings (
        customer_id text NOT NULL, order_id text NOT NULL, at timestamptz(3) NOT NULL, kind text NOT NULL, amount_minor bigint NOT NULL,
        currency text NOT NULL, cost_minor bigint, reverses boolean NOT NULL, source text NOT NULL, event_id text NOT NULL);
      INSERT INTO rm_1.bookings VALUES ('anna', '1001', '2024-01-01Z', 'order', 500, 'EUR', NULL, false, 'shop', 'e1');
      INSERT INTO perennial.versions (version, schema_name, status, model, created_at)
        VALUES (1, 'rm_1', 'live', 'bookings@1', now()), (2, 'rm_2', 'old', 'gone', now())`);
    await migrate(store.database);
    expect(
      await rows(`SELECT COALESCE(order_source, source) AS source, order_id, order_at, contract_id
                    FROM rm_1.bookings WHERE voided_at IS NULL`),
    ).toEqual([{ source: 'shop', order_id: '1001', order_at: null, contract_id: null }]);
    expect(await rows('SELECT kind, order_id, settled_at FROM rm_1.discrepancies')).toEqual([]);
  }, 60_000);

  it('keeps in its outbox what is still to be published, once', async () => {
    await migratedUpTo(9);
    await store.database
      .exec(`INSERT INTO perennial.outbox (message_id, customer_id, publication, kind, historical, created_at, sent_at)
      VALUES ('m1', 'anna', 1, 'entered', true, now(), now()), ('m2', 'anna', 2, 'left', true, now(), NULL),
             ('m3', 'bert', 1, 'entered', false, now(), NULL)`);
    await migrate(store.database);
    await migrate(store.database);
    expect(await rows('SELECT customer_id, publication FROM perennial.outbox ORDER BY 1, 2')).toEqual([
      { customer_id: 'anna', publication: 2 },
      { customer_id: 'bert', publication: 1 },
    ]);
  }, 60_000);

  it('keeps its rows under the standard names', async () => {
    await migratedUpTo(10);
    await store.database.exec(`
      INSERT INTO perennial.requests (kind, state, asked_at, seen_at, stop, result, failure) VALUES
        ('rehearse', 'asked', '2024-01-01Z', '2024-01-02Z', true, NULL, NULL),
        ('rebuild', 'done', '2024-01-01Z', '2024-01-03Z', false, '{"version": 2}', NULL),
        ('rollback', 'failed', '2024-01-01Z', '2024-01-03Z', false, NULL, 'no room');
      INSERT INTO perennial.keepers VALUES
        ('host 1', 'folders', '2024-01-01Z', '2024-01-02Z', 'no space'), ('host 2', 'indexer', '2024-01-01Z', '2024-01-02Z', NULL);
      INSERT INTO perennial.customer_changes (customer_id, changed_at) VALUES ('anna', '2024-01-01Z');
      INSERT INTO perennial.customers_told VALUES ('anna', 7, 'abc', '2024-01-04Z'), ('bert', 8, NULL, '2024-01-05Z');
      INSERT INTO perennial.actions VALUES
        ('anna', 1, 'proposed', 'a1', 'welcome', 'marketing', 'email', 1, 'acquisition', 'cold', '2024-01-01Z', 'first-touch',
         'p1', '2024-01-01Z', '2024-02-01Z', NULL, 5, '2024-01-06Z', true, NULL);
      INSERT INTO perennial.published VALUES
        ('anna', 1, 0, 'entered', 1, 'acquisition', 'cold', '2024-01-01Z', '2024-01-01Z', 5, NULL, NULL, false, false);
      INSERT INTO perennial.outbox VALUES ('anna', 1, '2024-01-06Z');
      INSERT INTO perennial.ids VALUES (3, '00000000-0000-5000-8000-000000000001', '00000000-0000-5000-8000-000000000002');
      INSERT INTO perennial.duplicates VALUES (4, 3, true, 'shop', 'e1', 'shop', '2024-01-01', 'accepted');
      INSERT INTO perennial.marks VALUES (3, '2024-01-01Z');
      UPDATE perennial.ids_known SET position = 4, unmarked = 1;`);
    await migrate(store.database);
    await migrate(store.database);

    expect(
      await rows(
        `SELECT kind, state, requested_at, heartbeat_at, cancel_requested, result, failure FROM perennial.jobs ORDER BY id`,
      ),
    ).toEqual([
      {
        ...{
          kind: 'dry-run',
          state: 'requested',
          requested_at: Date.UTC(2024, 0, 1),
          heartbeat_at: Date.UTC(2024, 0, 2),
        },
        ...{ cancel_requested: true, result: null, failure: null },
      },
      {
        ...{ kind: 'rebuild', state: 'done', requested_at: Date.UTC(2024, 0, 1), heartbeat_at: Date.UTC(2024, 0, 3) },
        ...{ cancel_requested: false, result: { version: 2 }, failure: null },
      },
      {
        ...{
          kind: 'rollback',
          state: 'failed',
          requested_at: Date.UTC(2024, 0, 1),
          heartbeat_at: Date.UTC(2024, 0, 3),
        },
        ...{ cancel_requested: false, result: null, failure: 'no room' },
      },
    ]);
    // A new job has the next number and the first state.
    expect(await rows(`INSERT INTO perennial.jobs (kind) VALUES ('verify') RETURNING id, state`)).toEqual([
      { id: 4, state: 'requested' },
    ]);
    await expect(rows(`INSERT INTO perennial.jobs (kind) VALUES ('rehearse')`)).rejects.toMatchObject({
      code: '23514',
    });
    expect(await rows('SELECT * FROM perennial.workers ORDER BY worker')).toEqual([
      {
        ...{ worker: 'host 1', role: 'workers', failure: 'no space' },
        ...{ started_at: Date.UTC(2024, 0, 1), heartbeat_at: Date.UTC(2024, 0, 2) },
      },
      {
        ...{ worker: 'host 2', role: 'indexer', failure: null },
        ...{ started_at: Date.UTC(2024, 0, 1), heartbeat_at: Date.UTC(2024, 0, 2) },
      },
    ]);
    expect(await rows('SELECT customer_id, revision FROM perennial.customer_changes')).toEqual([
      { customer_id: 'anna', revision: 1 },
    ]);
    expect(await rows('SELECT * FROM perennial.customers_published ORDER BY customer_id')).toEqual([
      { customer_id: 'anna', revision: 7, hash: 'abc', published_at: Date.UTC(2024, 0, 4) },
      { customer_id: 'bert', revision: 8, hash: null, published_at: Date.UTC(2024, 0, 5) },
    ]);
    expect(await rows('SELECT customer_id, number, kind, published_at, standing FROM perennial.actions')).toEqual([
      { customer_id: 'anna', number: 1, kind: 'proposed', published_at: Date.UTC(2024, 0, 6), standing: true },
    ]);
    expect(await rows('SELECT customer_id, publication, kind FROM perennial.published')).toEqual([
      { customer_id: 'anna', publication: 1, kind: 'entered' },
    ]);
    expect(await rows('SELECT customer_id, publication FROM perennial.outbox')).toEqual([
      { customer_id: 'anna', publication: 1 },
    ]);
    expect(await rows('SELECT position, uuid::text FROM perennial.event_ids')).toEqual([
      { position: 3, uuid: '00000000-0000-5000-8000-000000000001' },
    ]);
    expect(await rows('SELECT position, repeats FROM perennial.duplicates')).toEqual([{ position: 4, repeats: 3 }]);
    expect(await rows('SELECT position FROM perennial.marks')).toEqual([{ position: 3 }]);
    expect(await rows('SELECT position, unmarked FROM perennial.event_ids_progress')).toEqual([
      { position: 4, unmarked: 1 },
    ]);
  }, 60_000);

  it('renames the tables of the versions it holds, which then wait for a rebuild, and the views for BI with their grants', async () => {
    await migratedUpTo(10);
    await store.database.exec(`
      CREATE SCHEMA rm_1;
      CREATE TABLE rm_1.customers (customer_id text, dossier jsonb);
      CREATE TABLE rm_1.visits (customer_id text, seq int);
      CREATE TABLE rm_1.fates (source text, received int);
      CREATE TABLE rm_1.quarantine (quarantine_id text, path text, mend text);
      CREATE TABLE rm_1.links (a text, b text, refused text);
      INSERT INTO rm_1.customers VALUES ('anna', '{"frequency": 1}');
      INSERT INTO rm_1.visits VALUES ('anna', 0);
      INSERT INTO rm_1.fates VALUES ('shop', 3);
      INSERT INTO rm_1.quarantine VALUES ('q1', '/type', 'use a known type');
      INSERT INTO rm_1.links VALUES ('a', 'b', 'kept-apart');
      INSERT INTO perennial.versions (version, schema_name, status, model, created_at)
      VALUES (1, 'rm_1', 'live', 'visits@1', now()), (2, 'rm_2', 'building', 'visits@1', now());
      CREATE SCHEMA perennial_bi;
      CREATE VIEW perennial_bi.visits AS SELECT * FROM rm_1.visits;
      CREATE VIEW perennial_bi.fates AS SELECT * FROM rm_1.fates;
      CREATE VIEW perennial_bi.actions AS SELECT customer_id, said_at FROM perennial.actions;
      GRANT SELECT ON perennial_bi.visits, perennial_bi.fates TO PUBLIC;`);
    await migrate(store.database);

    expect(await rows('SELECT * FROM rm_1.customers')).toEqual([{ customer_id: 'anna', profile: { frequency: 1 } }]);
    expect(await rows('SELECT * FROM rm_1.quarantine')).toEqual([
      { quarantine_id: 'q1', pointer: '/type', hint: 'use a known type', claimed_source: null },
    ]);
    expect(await rows('SELECT * FROM rm_1.links')).toEqual([{ a: 'a', b: 'b', rejected: 'kept-apart' }]);
    expect(await rows('SELECT * FROM perennial_bi.stage_periods')).toEqual([{ customer_id: 'anna', seq: 0 }]);
    expect(await rows('SELECT * FROM perennial_bi.ingest_outcomes')).toEqual([{ source: 'shop', received: 3 }]);
    expect(await rows('SELECT published_at FROM perennial_bi.actions')).toEqual([]);
    expect(
      await rows(
        `SELECT table_name FROM information_schema.role_table_grants
          WHERE table_schema = 'perennial_bi' AND grantee = 'PUBLIC' ORDER BY 1`,
      ),
    ).toEqual([{ table_name: 'ingest_outcomes' }, { table_name: 'stage_periods' }]);
    expect(await rows('SELECT version, model FROM perennial.versions ORDER BY version')).toEqual([
      { version: 1, model: 'visits@1' },
      { version: 2, model: 'visits@1' },
    ]);
  }, 60_000);
});
