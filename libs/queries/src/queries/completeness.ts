import { Day, Default, Describe, Flag, Optional, Text } from '#contracts';
import { arrayText } from '#database';
import { inReadModels, type ReadModels } from '../reading/read-models.js';
import { Where } from '../reading/where.js';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';

class CompletenessParams {
  @Optional() @Text(512) @Describe('only this source') source!: string | null;
  @Optional() @Day() @Describe('the first day') from!: string | null;
  @Optional() @Day() @Describe('the last day') to!: string | null;
  @Default(false) @Flag() @Describe('only what differs, has a gap or is not closed') problems!: boolean;
}

/** A day, or what a source closed. */
interface Book {
  readonly source: string;
  readonly day: string;
  readonly until: string;
  readonly file: string;
  /** By type and currency; null where the day is not closed. */
  readonly counts: Readonly<Record<string, number>> | null;
  readonly sums: Readonly<Record<string, number>> | null;
  readonly closedAt: number | null;
  /** Rows of the file that are in quarantine. */
  readonly held: number;
}

/** What the channels say that they sent, beside what stands in the figures. */
export const completeness = query({
  name: 'completeness',
  summary: 'What each source says that it sent, beside what stands in the figures, by source and day.',
  description:
    'A source closes its books by the fact source-closed: days or a file, its counts by type and its control sums. Each closing is compared with the touchpoints on record (test traffic left out) and with the net money booked. A day with touchpoints and no closing is open. A gap is a place in the sequence of the source that never came.',
  permission: 'read',
  params: CompletenessParams,
  time: 'none',
  days: true,
  paged: true,
  columns: [
    { name: 'source', type: 'text', description: 'the source as its events name it' },
    { name: 'day', type: 'day', description: 'the day, or the first one of a closing' },
    { name: 'until', type: 'day', description: 'the first day after it' },
    { name: 'file', type: 'text', nullable: true, description: 'the file that was closed, in place of days' },
    { name: 'state', type: 'text', description: 'closed, differs, or open' },
    { name: 'sent', type: 'integer', nullable: true, description: 'events by the count of the source' },
    { name: 'recorded', type: 'integer', description: 'touchpoints on record; of a file, without those in quarantine' },
    { name: 'missing', type: 'integer', description: 'places in the sequence that never came' },
    { name: 'gaps', type: 'json', nullable: true, description: 'the first 20 gaps, each as [first, last]' },
    { name: 'byType', type: 'json', nullable: true, description: 'the types that differ: sent and recorded' },
    {
      name: 'sums',
      type: 'json',
      nullable: true,
      description: 'the currencies that differ: sent and recorded, in minor units',
    },
    { name: 'closedAt', type: 'instant', nullable: true, description: 'when the closing was recorded' },
  ],
  async answer(context, { params, timeZone, after, limit }) {
    return inReadModels(context.database, async (models) => {
      const books = await booksOf(models, params, { timeZone, after, limit });
      const { rows: page, next } = pageOf(books, limit, ({ source, day, until, file }) => [source, day, until, file]);
      const [counts, sums, gaps] = await Promise.all([
        countsOf(models, page, timeZone),
        sumsOf(models, page, timeZone),
        gapsOf(models, page, timeZone),
      ]);
      const rows = page.map((book, at) => rowOf(book, counts[at] ?? {}, sums[at] ?? {}, gaps[at] ?? NO_GAPS));
      const shown = params.problems ? rows.filter(({ state, missing }) => state !== 'closed' || missing > 0) : rows;
      return { rows: shown, next, position: models.position };
    });
  },
});

interface Paging {
  readonly timeZone: string;
  readonly after: readonly unknown[] | null;
  readonly limit: number;
}

/** The closings that count, and the days with touchpoints that none of them covers. */
function booksOf(
  models: ReadModels,
  { source, from, to }: CompletenessParams,
  { timeZone, after, limit }: Paging,
): Promise<Book[]> {
  const where = new Where(limit + 1, timeZone)
    .and('source = ?::text', source)
    .and('day >= ?::date', from)
    .and('day <= ?::date', to);
  if (after !== null)
    where.always(
      `(source, day, until_day, file) > (${where.param(after[0])}::text, ${where.param(after[1])}::date, ${where.param(after[2])}::date, ${where.param(after[3])}::text)`,
    );
  return models.query<Book & Record<string, unknown>>(
    `WITH latest AS (
       SELECT DISTINCT ON (source, first_day, until_day, file) * FROM source_closings
        ORDER BY source, first_day, until_day, file, position DESC
     ), days AS (
       SELECT DISTINCT source, (quarter AT TIME ZONE $2::text)::date AS day FROM source_counts
     ), books AS (
       SELECT source, coalesce(first_day, (recorded_at AT TIME ZONE $2::text)::date) AS day,
              coalesce(until_day, (recorded_at AT TIME ZONE $2::text)::date + 1) AS until_day,
              coalesce(file, '') COLLATE "C" AS file, counts, sums, recorded_at AS closed_at
         FROM latest
       UNION ALL
       SELECT source, day, day + 1, '', NULL, NULL, NULL FROM days d
        WHERE NOT EXISTS (SELECT FROM latest l WHERE l.source = d.source AND l.first_day <= d.day AND l.until_day > d.day)
     )
     SELECT source, to_char(day, 'YYYY-MM-DD') AS day, to_char(until_day, 'YYYY-MM-DD') AS until, file, counts, sums,
            closed_at AS "closedAt",
            CASE WHEN file = '' THEN 0 ELSE (SELECT count(*)::int FROM quarantine q
              WHERE q.status = 'open' AND q.file = books.file AND q.source = books.source) END AS held
       FROM books ${where.sql} ORDER BY source, day, until_day, file LIMIT $1::int`,
    where.params,
  );
}

/** The books of a page as a table of SQL, numbered from 0, with the instants between which they lie. */
const BOOKS = `books AS (
  SELECT (n - 1)::int AS n, source, day::timestamp AT TIME ZONE $4::text AS began, until_day::timestamp AT TIME ZONE $4::text AS ended
    FROM unnest($1::text[], $2::date[], $3::date[]) WITH ORDINALITY AS b(source, day, until_day, n))`;

const bookParams = (books: readonly Book[], timeZone: string): unknown[] => [
  arrayText(books.map(({ source }) => source)),
  arrayText(books.map(({ day }) => day)),
  arrayText(books.map(({ until }) => until)),
  timeZone,
];

async function countsOf(
  models: ReadModels,
  books: readonly Book[],
  timeZone: string,
): Promise<Record<string, number>[]> {
  const rows = await models.query<{ n: number; name: string; amount: number }>(
    `WITH ${BOOKS} SELECT b.n, c.type AS name, sum(c.events)::bigint AS amount
       FROM books b JOIN source_counts c ON c.source = b.source AND c.quarter >= b.began AND c.quarter < b.ended GROUP BY 1, 2`,
    bookParams(books, timeZone),
  );
  return grouped(rows, books.length);
}

async function sumsOf(models: ReadModels, books: readonly Book[], timeZone: string): Promise<Record<string, number>[]> {
  if (books.every(({ sums }) => sums === null || Object.keys(sums).length === 0)) return [];
  const rows = await models.query<{ n: number; name: string; amount: number }>(
    `WITH ${BOOKS} SELECT b.n, m.currency AS name, sum(m.amount_minor)::bigint AS amount
       FROM books b JOIN bookings m ON m.source = b.source AND m.at >= b.began AND m.at < b.ended AND m.voided_at IS NULL GROUP BY 1, 2`,
    bookParams(books, timeZone),
  );
  return grouped(rows, books.length);
}

function grouped(
  rows: readonly { readonly n: number; readonly name: string; readonly amount: number }[],
  length: number,
): Record<string, number>[] {
  const groups = Array.from({ length }, (): Record<string, number> => ({}));
  for (const { n, name, amount } of rows) (groups[n] as Record<string, number>)[name] = Number(amount);
  return groups;
}

interface Gaps {
  readonly missing: number;
  readonly gaps: readonly (readonly [first: number, last: number])[] | null;
}

const NO_GAPS: Gaps = { missing: 0, gaps: null };

/** What is missing in the sequence of each source: from the last place before the day on, up to the last one of the day. */
async function gapsOf(models: ReadModels, books: readonly Book[], timeZone: string): Promise<readonly Gaps[]> {
  const rows = await models.query<{ n: number; missing: number; gaps: [number, number][] | null }>(
    `WITH ${BOOKS}, ends AS (
       SELECT b.n, b.source, max(upper(s.seen)) - 1 AS hi,
              coalesce((SELECT max(upper(p.seen)) FROM source_sequences p WHERE p.source = b.source AND p.quarter < b.began), min(lower(s.seen))) AS lo
         FROM books b JOIN source_sequences s ON s.source = b.source AND s.quarter >= b.began AND s.quarter < b.ended
        GROUP BY b.n, b.source, b.began
     ), lacking AS (
       SELECT e.n, int8multirange(int8range(e.lo, e.hi, '[]')) - coalesce(
                (SELECT range_agg(a.seen) FROM source_sequences a WHERE a.source = e.source), '{}'::int8multirange) AS missing
         FROM ends e WHERE e.hi >= e.lo
     )
     SELECT n, (SELECT coalesce(sum(upper(r) - lower(r)), 0)::bigint FROM unnest(missing) AS r) AS missing,
            (SELECT json_agg(json_build_array(lower(r), upper(r) - 1)) FROM (SELECT r FROM unnest(missing) AS r LIMIT 20) AS first) AS gaps
       FROM lacking`,
    bookParams(books, timeZone),
  );
  const all: Gaps[] = books.map(() => NO_GAPS);
  for (const { n, missing, gaps } of rows) all[n] = { missing: Number(missing), gaps };
  return all;
}

function rowOf(
  book: Book,
  counts: Readonly<Record<string, number>>,
  sums: Readonly<Record<string, number>>,
  { missing, gaps }: Gaps,
) {
  const { source, day, until, file, closedAt, held } = book;
  const sent = book.counts === null ? null : total(book.counts);
  // Of a file the log does not say which touchpoints came from it: what is not in quarantine is on record.
  const recorded = file === '' ? total(counts) : (sent ?? 0) - held;
  const byType = book.counts === null || file !== '' ? null : differing(book.counts, counts);
  const money =
    book.sums === null || file !== '' || Object.keys(book.sums).length === 0 ? null : differing(book.sums, sums);
  const differs = byType !== null || money !== null || missing > 0 || (file !== '' && held > 0);
  return {
    ...{ source, day, until, file: file === '' ? null : file },
    state: book.counts === null ? 'open' : differs ? 'differs' : 'closed',
    ...{
      sent,
      recorded,
      missing: file === '' ? missing : 0,
      gaps: file === '' ? gaps : null,
      byType,
      sums: money,
      closedAt,
    },
  };
}

const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

/** What is not the same on both sides; null where all is. */
function differing(
  sent: Readonly<Record<string, number>>,
  recorded: Readonly<Record<string, number>>,
): Record<string, { readonly sent: number; readonly recorded: number }> | null {
  const names = [...new Set([...Object.keys(sent), ...Object.keys(recorded)])].sort();
  const found = names
    .map((name) => [name, { sent: sent[name] ?? 0, recorded: recorded[name] ?? 0 }] as const)
    .filter(([, { sent: theirs, recorded: ours }]) => theirs !== ours);
  return found.length === 0 ? null : Object.fromEntries(found);
}
