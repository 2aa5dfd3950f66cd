import { parseArgs } from 'node:util';
import { openDatabase, type Database } from '#database';

/**
 * Rows into a table of PostgreSQL by COPY, by INSERT … SELECT FROM unnest(…), and by INSERT … VALUES, for pages of different sizes:
 * which one the hot path is to take from how many rows on. One statement a page, one transaction each, one connection.
 *
 *     npm run bench -- postgres-writes --postgres postgres://… [--rows 20000]
 */
const { values: options } = parseArgs({
  options: { postgres: { type: 'string' }, rows: { type: 'string', default: '20000' } },
});
if (options.postgres === undefined) throw new Error('Give the address of an empty database: --postgres postgres://…');
const total = Number(options.rows);
const SIZES = [1, 4, 16, 64, 256, 1_000, 5_000];
const ROUNDS = 5;
const COLUMNS = ['customer_id', 'seq', 'stage', 'entered_at', 'cause'];
const TYPES = ['text', 'int', 'text', 'timestamptz', 'jsonb'];

type Row = readonly (string | number)[];
const rowsFrom = (first: number, count: number): Row[] =>
  Array.from({ length: count }, (_, i) => [
    (first + i).toString(16).padStart(32, '0'),
    0,
    'retention',
    '2026-01-02T03:04:05.678Z',
    '{"rule":"first-order","events":[{"source":"shop","id":"o-1"}],"values":{"orders":1},"policyVersion":"retail@1"}',
  ]);

const literal = (values: Row): string =>
  `{${values.map((value) => (typeof value === 'number' ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`)).join(',')}}`;
const column = (rows: readonly Row[], at: number): Row => rows.map((row) => row[at] ?? '');

const WAYS: Readonly<Record<string, (database: Database, rows: readonly Row[]) => Promise<unknown>>> = {
  copy: (database, rows) => database.copyIn('written', COLUMNS, rows),
  unnest: (database, rows) =>
    database.query(
      `INSERT INTO written SELECT * FROM unnest(${TYPES.map((type, i) => `$${i + 1}::${type}[]`).join(', ')})`,
      COLUMNS.map((_, at) => literal(column(rows, at))),
    ),
  values: (database, rows) =>
    database.query(
      `INSERT INTO written VALUES ${rows.map((_, r) => `(${COLUMNS.map((__, c) => `$${r * COLUMNS.length + c + 1}`).join(',')})`).join(',')}`,
      rows.flat(),
    ),
};

const database = await openDatabase({ kind: 'postgres', url: options.postgres, connections: 1 });
await database.exec(`DROP TABLE IF EXISTS written; CREATE TABLE written (customer_id text COLLATE "C", seq int, stage text NOT NULL,
  entered_at timestamptz(3) NOT NULL, cause jsonb NOT NULL, PRIMARY KEY (customer_id, seq))`);
const [version] = await database.query<{ v: string }>(`SELECT current_setting('server_version') AS v`);
console.log(`Rows a second into PostgreSQL ${version?.v ?? '?'}, the best of ${ROUNDS} rounds`);
console.log(['rows a page', ...Object.keys(WAYS)].map((word) => word.padStart(12)).join(''));
for (const size of SIZES) {
  const best = new Map<string, number>();
  const pages = Math.max(3, Math.floor(Math.min(total, size * 400) / size));
  for (let round = 0; round < ROUNDS; round++)
    for (const [way, write] of Object.entries(WAYS)) {
      // VALUES takes 65,535 parameters at most.
      if (way === 'values' && size * COLUMNS.length > 65_535) continue;
      await database.exec('TRUNCATE written');
      const begun = performance.now();
      for (let page = 0; page < pages; page++) await write(database, rowsFrom(page * size, size));
      const rate = (pages * size * 1_000) / (performance.now() - begun);
      best.set(way, Math.max(best.get(way) ?? 0, rate));
    }
  const cells = Object.keys(WAYS).map((way) => Math.round(best.get(way) ?? 0).toLocaleString('en'));
  console.log([String(size), ...cells].map((word) => word.padStart(12)).join(''));
}
await database.exec('DROP TABLE written');
await database.close();
