import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Database } from './port.js';
import { arrayText } from './values.js';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';

describeOnEachStore('the read models’ database', (store) => {
  let opened: OpenedStore;
  const on = (work: (database: Database) => Promise<void>) => async () => {
    await work(opened.database);
  };

  beforeAll(async () => {
    opened = await openStore(store);
    await opened.database.exec('CREATE TABLE things (id int PRIMARY KEY, name text, at timestamptz(3), body jsonb)');
  });
  afterAll(async () => {
    await opened.stop();
  });

  it(
    'reads instants as milliseconds, bigints and sums as numbers, dates as they are written',
    on(async (database) => {
      const rows = await database.query(
        `SELECT $1::timestamptz AS at, '-infinity'::timestamptz AS never, 9007199254740991::bigint AS big, 1.5::numeric AS n,
                sum(x)::bigint AS total, date '2024-02-29' AS day, true AS yes, '{"a":[1,null]}'::jsonb AS body, NULL::int AS nothing
           FROM unnest(ARRAY[1::bigint, 2]) AS x`,
        [new Date(1_700_000_000_123).toISOString()],
      );
      expect(rows).toEqual([
        {
          at: 1_700_000_000_123,
          never: -Infinity,
          big: 9_007_199_254_740_991,
          n: 1.5,
          total: 3,
          day: '2024-02-29',
          yes: true,
          body: { a: [1, null] },
          nothing: null,
        },
      ]);
    }),
  );

  it(
    'copies rows in, whatever characters they hold',
    on(async (database) => {
      const text = 'tab\t newline\n return\r backslash\\ quote" \\N é 🌱';
      await database.copyIn(
        'things',
        ['id', 'name', 'at', 'body'],
        [
          [1, text, '2024-01-01T00:00:00.000Z', JSON.stringify({ text })],
          [2, null, null, null],
        ],
      );
      const rows = await database.query('SELECT * FROM things ORDER BY id');
      expect(rows).toEqual([
        { id: 1, name: text, at: Date.UTC(2024, 0, 1), body: { text } },
        { id: 2, name: null, at: null, body: null },
      ]);
    }),
  );

  it(
    'accepts array literals, whatever characters they hold',
    on(async (database) => {
      const values = ['a', 'b"c\\d', null, '', 'NULL', '{x,y}', 'é 🌱\n'];
      const rows = await database.query('SELECT x FROM unnest($1::text[]) AS x', [arrayText(values)]);
      expect(rows.map((row) => row['x'])).toEqual(values);
      // And returns them as arrays.
      expect(
        await database.query('SELECT $1::text[] AS texts, ARRAY[1, NULL] AS few, ARRAY[]::bigint[] AS none', [
          arrayText(values),
        ]),
      ).toEqual([{ texts: values, few: [1, null], none: [] }]);
    }),
  );

  it(
    'rolls a transaction back when its work throws, with what was copied in it',
    on(async (database) => {
      const failed = database.transaction(async (tx) => {
        await tx.query('INSERT INTO things (id) VALUES (10)');
        await tx.copyIn('things', ['id'], [[11]]);
        throw new Error('no');
      });
      await expect(failed).rejects.toThrow('no');
      expect(await database.query('SELECT id FROM things WHERE id >= 10')).toEqual([]);
    }),
  );

  it(
    'copies text into several tables in one batch, all of it or nothing',
    on(async (database) => {
      await database.exec('CREATE TABLE others (id int PRIMARY KEY)');
      const things = (text: string) => ({ into: 'things', columns: ['id', 'name'], text });
      const others = (text: string) => ({ into: 'others', columns: ['id'], text });
      const more = { into: 'others', columns: ['id'], rows: [[3]] };
      const steps = [{ sql: 'SELECT 1 AS one' }, things('-2\tä\n-1\t\\N\n'), others(''), others('1\n2\n'), more];
      expect(await database.batch([...steps, { sql: 'SELECT count(*) AS n FROM others' }])).toEqual([
        ...[[{ one: 1 }], [], [], [], []],
        [{ n: 3 }],
      ]);
      expect(await database.query('SELECT id, name FROM things WHERE id < 0 ORDER BY id')).toEqual([
        { id: -2, name: 'ä' },
        { id: -1, name: null },
      ]);
      const emptied = { sql: 'DELETE FROM others' };
      const rejected = database.batch([emptied, others('7\n'), things('-3\tx\n-3\ty\n'), others('8\n')]);
      await expect(rejected).rejects.toMatchObject({ code: '23505' });
      await expect(database.batch([others('9\n'), { sql: 'DELETE FROM nowhere' }])).rejects.toMatchObject({
        code: '42P01',
      });
      expect(await database.query('SELECT id FROM others ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
      expect(await database.query('SELECT id FROM things WHERE id = -3')).toEqual([]);
    }),
  );

  it(
    'isolates a transaction from concurrent queries',
    on(async (database) => {
      const seen: unknown[] = [];
      await Promise.all([
        database.transaction(async (tx) => {
          await tx.query('INSERT INTO things (id) VALUES (20)');
          await tx.query('SELECT pg_sleep(0.05)');
          await tx.query('INSERT INTO things (id) VALUES (21)');
        }),
        database.query('SELECT count(*) AS n FROM things WHERE id >= 20').then((rows) => seen.push(rows[0]?.['n'])),
      ]);
      expect([0, 2]).toContain(seen[0]);
    }),
  );

  it(
    'reports an error by PostgreSQL’s code, and works on afterwards',
    on(async (database) => {
      await expect(database.query('SELECT * FROM nowhere')).rejects.toMatchObject({ code: '42P01' });
      await expect(database.copyIn('things', ['id'], [[30], [30]])).rejects.toMatchObject({ code: '23505' });
      expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    }),
  );

  it(
    'runs a batch whole or not at all, beside concurrent statements',
    on(async (database) => {
      const insert = (id: number) => ({ sql: 'INSERT INTO things (id) VALUES ($1) RETURNING id', params: [id] });
      const count = async () =>
        (await database.query('SELECT count(*)::int AS n FROM things WHERE id BETWEEN 900 AND 999'))[0]?.['n'];
      await database.batch([insert(900)]);
      const [rejected, alone, both, seen] = await Promise.allSettled([
        database.batch([insert(901), insert(900)]),
        database.query(insert(902).sql, [902]),
        database.batch([insert(903), { sql: 'SELECT count(*)::int AS n FROM things WHERE id = 903' }]),
        database.transaction((tx) => tx.query(insert(901).sql, [901])),
      ]);
      expect(rejected).toMatchObject({ status: 'rejected', reason: { code: '23505' } });
      expect(alone).toEqual({ status: 'fulfilled', value: [{ id: 902 }] });
      expect(both).toEqual({ status: 'fulfilled', value: [[{ id: 903 }], [{ n: 1 }]] });
      expect(seen.status).toBe('fulfilled');
      expect(await count()).toBe(4);
      expect(await database.batch([])).toEqual([]);
    }),
  );
});
