import { MINUTE, upcast, type Data, type Instant } from '#contracts';
import { arrayText, insertRows, instantText, sortedByKey, type Row, type Writer } from '#database';
import type { RecordedEvent } from '#event-log';
import { SOURCE_CLOSINGS, SOURCE_COUNTS } from './table.js';

const QUARTER = 15 * MINUTE;

interface QuarterCount {
  readonly source: string;
  readonly quarter: Instant;
  readonly type: string;
  events: number;
}

/** What a page of the log tells of the books of its sources. */
export interface SourceBooks {
  /** By source, type and quarter: a key of all three would be a new text for each touchpoint. */
  readonly counts: Map<string, Map<string, Map<Instant, QuarterCount>>>;
  readonly sequences: Map<string, { readonly source: string; readonly quarter: Instant; readonly seen: number[] }>;
  readonly closings: RecordedEvent[];
}

export const emptyBooks = (): SourceBooks => ({ counts: new Map(), sequences: new Map(), closings: [] });

/** Counts a touchpoint. Its metadata are searched as text: parsing costs more, and nearly all have neither mark nor sequence. */
export function countTouchpoint(books: SourceBooks, { source, type, occurredAt, meta }: RecordedEvent): void {
  const quarter = Math.floor(occurredAt / QUARTER) * QUARTER;
  if (meta.includes('"sequence":')) noteSequence(books, source, quarter, meta);
  if (meta.includes('"test":true')) return;
  let types = books.counts.get(source);
  if (types === undefined) books.counts.set(source, (types = new Map()));
  let quarters = types.get(type);
  if (quarters === undefined) types.set(type, (quarters = new Map()));
  const known = quarters.get(quarter);
  if (known === undefined) quarters.set(quarter, { source, quarter, type, events: 1 });
  else known.events += 1;
}

/** The counts as rows of their table, in no order. */
export function countRows({ counts }: SourceBooks): Row[] {
  const rows: QuarterCount[] = [];
  for (const types of counts.values())
    for (const quarters of types.values()) for (const count of quarters.values()) rows.push(count);
  return rows as unknown as Row[];
}

function noteSequence({ sequences }: SourceBooks, source: string, quarter: Instant, meta: string): void {
  const place = /,"sequence":(\d{1,16})[,}]/.exec(meta)?.[1];
  if (place === undefined) return;
  const key = `${quarter} ${source}`;
  const known = sequences.get(key);
  if (known === undefined) sequences.set(key, { source, quarter, seen: [Number(place)] });
  else known.seen.push(Number(place));
}

/** What becomes of a row of counts where there is one of its quarter already. */
export const ADD_COUNTS = '(source, quarter, type) DO UPDATE SET events = source_counts.events + EXCLUDED.events';

/** Adds what pages told to the tables. */
export async function keepBooks(writes: Writer, books: SourceBooks): Promise<void> {
  await insertRows(writes, SOURCE_COUNTS, sortedByKey(SOURCE_COUNTS, countRows(books)), ADD_COUNTS);
  await keepOtherBooks(writes, books);
}

/** … all but the counts. */
export async function keepOtherBooks(writes: Writer, { sequences, closings }: SourceBooks): Promise<void> {
  await insertRows(writes, SOURCE_CLOSINGS, closings.map(closingRow), 'DO NOTHING');
  if (sequences.size === 0) return;
  const seen = [...sequences.values()];
  await writes.query(
    `INSERT INTO source_sequences (source, quarter, seen)
     SELECT s.source, s.quarter, s.seen::int8multirange
       FROM unnest($1::text[], $2::timestamptz[], $3::text[]) AS s(source, quarter, seen) ORDER BY s.source, s.quarter
     ON CONFLICT (source, quarter) DO UPDATE SET seen = source_sequences.seen + EXCLUDED.seen`,
    [
      arrayText(seen.map(({ source }) => source)),
      arrayText(seen.map(({ quarter }) => instantText(quarter))),
      arrayText(seen.map((each) => rangesText(each.seen))),
    ],
  );
}

/** Whole numbers as the text of a multirange: `{[1,4),[7,8)}`. */
export function rangesText(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const ranges: string[] = [];
  let from: number | undefined;
  let until = 0;
  for (const each of sorted) {
    if (from !== undefined && each <= until) {
      until = Math.max(until, each + 1);
      continue;
    }
    if (from !== undefined) ranges.push(`[${from},${until})`);
    from = each;
    until = each + 1;
  }
  if (from !== undefined) ranges.push(`[${from},${until})`);
  return `{${ranges.join(',')}}`;
}

function closingRow({ position, source, type, schemaVersion, data, recordedAt }: RecordedEvent): Row {
  const closing = upcast(type, schemaVersion, JSON.parse(data) as Data);
  return {
    position,
    source,
    first_day: closing['from'] ?? null,
    until_day: closing['until'] ?? null,
    file: closing['file'] ?? null,
    counts: closing['counts'] ?? {},
    sums: closing['sumsMinor'] ?? {},
    recorded_at: recordedAt,
  };
}
