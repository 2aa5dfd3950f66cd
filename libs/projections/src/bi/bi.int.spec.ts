import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import type { Database } from '#database';
import { Projector } from '../processor/projector.js';
import { openDatabase } from '#database';
import { policyPublished, policyRestated } from '../testdata/store.js';
import { day, order, appendAll } from '../testdata/touchpoints.js';
import { world } from '../testdata/world.js';
import { VIEWS } from './views.js';
import { describeOnEachStore, describeOnPostgres, openStore, type OpenedStore } from '#testing/stores';

const clock = { now: () => day(600) };
const manual = readFileSync(join(import.meta.dirname, '../../../../docs/bi.md'), 'utf8');
const [role = '', ...queries] = [...manual.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql = '']) => sql);

describe('the manual for BI', () => {
  it('lists each view', () => {
    for (const { name } of VIEWS) expect(manual).toContain(`| \`${name}\``);
    expect(queries).toHaveLength(3);
  });
});

describeOnEachStore('the views for BI', (name) => {
  let store: OpenedStore;
  let database: Database;
  let log: EventLog;
  let projector: Projector;
  beforeAll(async () => {
    store = await openStore(name);
    database = store.database;
    log = memoryLog({ clock });
    await appendAll(log, world(5));
    projector = await Projector.open({ database, log, clock });
    await projector.catchUp();
  });
  afterAll(() => store.stop());

  const shown = async (): Promise<number> => {
    const [row] = await database.query<{ n: number }>('SELECT count(*)::int AS n FROM perennial_bi.customers');
    return row?.n ?? 0;
  };
  /** The schemas whose tables the views read. */
  const shownSchemas = async (): Promise<string[]> => {
    const rows = await database.query<{ schema: string }>(
      `SELECT DISTINCT t.relnamespace::regnamespace::text AS schema FROM pg_depend d
         JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class JOIN pg_class t ON t.oid = d.refobjid
        WHERE v.relnamespace = 'perennial_bi'::regnamespace AND t.relnamespace <> v.relnamespace
          AND t.relnamespace <> 'perennial'::regnamespace`,
    );
    return rows.map(({ schema }) => schema);
  };

  it('have a comment on each view and each column', async () => {
    const without = await database.query(
      `SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = 'perennial_bi'::regnamespace
          AND (coalesce(col_description(c.oid, a.attnum), '') = '' OR coalesce(obj_description(c.oid, 'pg_class'), '') = '')`,
    );
    expect(without).toEqual([]);
    const views = await database.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'perennial_bi'::regnamespace ORDER BY relname COLLATE "C"`,
    );
    expect(views.map((view) => view.name)).toEqual(VIEWS.map((view) => view.name).sort());
  });

  it('show no sealed value', async () => {
    const columns = await database.query(
      `SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'perennial_bi' AND (column_name ~ 'sealed|profile|state|detail|value' OR data_type IN ('jsonb', 'bytea'))`,
    );
    expect(columns).toEqual([]);
  });

  it('show the live rows', async () => {
    const [row] = await database.query<{ n: number }>('SELECT count(*)::int AS n FROM rm_1.customers');
    expect(row?.n).toBeGreaterThan(10);
    expect(await shown()).toBe(row?.n);
    expect(await database.query('SELECT position FROM perennial_bi.freshness')).toEqual([
      { position: (await log.head()).position },
    ]);
  });

  it.each(queries.map((sql, n) => [n + 1, sql]))('answer query %i of the manual', async (_, sql) => {
    const rows = await database.query(sql as string);
    expect(rows.length).toBeGreaterThan(0);
  });

  it('count the customers of a phase as the table of customers does', async () => {
    const counted = await database.query(
      `SELECT DISTINCT ON (stage, phase) stage, phase, customers FROM perennial_bi.stage_days ORDER BY stage, phase, day DESC`,
    );
    const current = await database.query<{ stage: string; phase: string; customers: number }>(
      'SELECT stage, phase, count(*)::int AS customers FROM perennial_bi.customers GROUP BY 1, 2 ORDER BY 1, 2',
    );
    expect(counted.filter((row) => row['customers'] !== 0)).toEqual(current);
  });

  it('name the settings, and reckon months by them', async () => {
    expect(await database.query('SELECT * FROM perennial_bi.settings')).toEqual([
      { time_zone: 'UTC', currency: null, policy_version: 'retail@1', days_complete: true },
    ]);
    const other = await openStore(name);
    try {
      const ownLog = memoryLog({ clock });
      const changes = { timeZone: 'Europe/Berlin', currency: 'EUR' };
      await appendAll(ownLog, [
        policyPublished('mine@1', { timeZone: 'Asia/Tokyo' }, day(0)),
        policyRestated('mine@2', changes, day(1), day(0)),
        policyPublished('mine@3', { ...changes, timeZone: 'America/Lima' }, day(1), day(900)),
        // Half an hour before midnight in UTC is the next month in Berlin.
        order({ userId: 'late' }, Date.UTC(2024, 0, 31, 23, 30), 'O1'),
      ]);
      await (await Projector.open({ database: other.database, log: ownLog, clock })).catchUp();
      expect(await other.database.query('SELECT * FROM perennial_bi.settings')).toEqual([
        { time_zone: 'Europe/Berlin', currency: 'EUR', policy_version: 'mine@2', days_complete: true },
      ]);
      const month = (text: unknown): string => new Date(text as string).toISOString().slice(0, 10);
      const booked = await other.database.query(queries[2] ?? '');
      expect(booked.map((row) => month(row['month']))).toEqual(['2024-02-01']);
      const days = await other.database.query('SELECT day FROM perennial_bi.stage_days ORDER BY day LIMIT 1');
      expect(days.map((row) => month(row['day']))).toEqual(['2024-02-01']);
      expect(
        await other.database.query(
          `SELECT version, in_force_from::text AS since, in_force_until::text = 'infinity' AS last, retroactive, reason
             FROM perennial_bi.policies ORDER BY recorded_at, version`,
        ),
      ).toEqual([
        { version: 'mine@1', since: '-infinity', last: false, retroactive: false, reason: null },
        expect.objectContaining({ version: 'mine@2', last: false, retroactive: true, reason: 'as it always was' }),
        expect.objectContaining({ version: 'mine@3', last: true, retroactive: false }),
      ]);
    } finally {
      await other.stop();
    }
  });

  it('follow a rebuild and a rollback, in the transaction of the switch', async () => {
    expect(await shownSchemas()).toEqual(['rm_1']);
    await projector.rebuild();
    expect(await shownSchemas()).toEqual(['rm_2']);
    await appendAll(log, [order({ userId: 'new-one' }, day(580), 'after the rebuild')]);
    await projector.catchUp();
    const after = await shown();
    const [row] = await database.query<{ n: number }>('SELECT count(*)::int AS n FROM rm_2.customers');
    expect(after).toBe(row?.n);
    await projector.rollback(1);
    expect(await shownSchemas()).toEqual(['rm_1']);
    expect(await shown()).toBe(after);
  });

  it('are not replaced by a start at which nothing changed', async () => {
    const written = async () =>
      database.query(
        `SELECT oid, xmin::text FROM pg_class WHERE relnamespace = 'perennial_bi'::regnamespace ORDER BY oid`,
      );
    const before = await written();
    await Projector.open({ database, log, clock });
    expect(await written()).toEqual(before);
  });
});

describeOnPostgres('the reader’s role', (offer) => {
  let store: OpenedStore;
  let reader: Database;
  let projector: Projector;
  beforeAll(async () => {
    store = await openStore(offer.name);
    const log = memoryLog({ clock });
    await appendAll(log, world(5));
    projector = await Projector.open({ database: store.database, log, clock });
    await projector.catchUp();
    await store.database.exec(role);
    const url = new URL(store.url ?? '');
    url.username = 'perennial_reader';
    url.password = 'change-me';
    reader = await openDatabase({ kind: 'postgres', url: url.href });
  });
  afterAll(async () => {
    await reader.close();
    await store.database.exec('DROP OWNED BY perennial_reader; DROP ROLE perennial_reader');
    await store.stop();
  });

  it('answers the queries of the manual, also after a rebuild', async () => {
    for (const sql of queries) expect((await reader.query(sql)).length).toBeGreaterThan(0);
    const before = await reader.query('SELECT * FROM customers ORDER BY customer_id');
    await projector.rebuild();
    expect(await reader.query('SELECT * FROM customers ORDER BY customer_id')).toEqual(before);
  });

  it('may read the views and nothing else', async () => {
    for (const table of ['rm_2.customers', 'rm_2.subjects', 'perennial.published', 'perennial.versions'])
      await expect(reader.query(`SELECT * FROM ${table}`)).rejects.toMatchObject({ code: '42501' });
    const may = await reader.query<{ name: string }>(
      `SELECT c.oid::regclass::text AS name FROM pg_class c
        WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S') AND c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
          AND c.relnamespace::regnamespace::text !~ '^pg_toast' AND has_schema_privilege(c.relnamespace, 'USAGE')
          AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') ORDER BY 1`,
    );
    expect(may.map(({ name }) => name.replace('perennial_bi.', '')).sort()).toEqual(
      VIEWS.map(({ name }) => name).sort(),
    );
  });

  it('may change nothing, even when it sets its transaction to read-write', async () => {
    await expect(reader.query('CREATE TEMP TABLE mine (id int)')).rejects.toMatchObject({ code: '25006' });
    await expect(reader.query('DELETE FROM published')).rejects.toMatchObject({ code: '42501' });
    await expect(
      reader.transaction(async (tx) => {
        await tx.exec('SET TRANSACTION READ WRITE');
        await tx.query('DELETE FROM published');
      }),
    ).rejects.toMatchObject({ code: '42501' });
  });

  it('sees one version or the other during a switch, and never none', async () => {
    const [row] = await store.database.query<{ n: number }>('SELECT count(*)::int AS n FROM perennial_bi.customers');
    let answered = 0;
    let over = false;
    const reading = (async () => {
      while (!over) {
        expect(await reader.query('SELECT count(*)::int AS n FROM customers')).toEqual([{ n: row?.n }]);
        answered += 1;
      }
    })();
    await projector.rebuild();
    over = true;
    await reading;
    expect(answered).toBeGreaterThan(1);
  });
});
