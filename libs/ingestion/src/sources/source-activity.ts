import { DAY, HOUR, type Instant } from '#contracts';
import { instantText, type Queryable } from '#database';
import { liveColumns, silentSources } from '#projections/schema';

/** Outcomes of a span: received = accepted + duplicate + quarantined + suppressed. */
export interface SpanOutcomes {
  readonly received: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly suppressed: number;
}

/** What came in from a source lately. */
export interface Activity {
  readonly source: string;
  readonly lastSeenAt: Instant;
  /** Since the beginning of the last full hour. */
  readonly lastHour: SpanOutcomes;
  /** Since the beginning of the hour a day ago. */
  readonly lastDay: SpanOutcomes;
}

/** A source that used to send, and does not. */
export interface SilentSource {
  readonly source: string;
  readonly lastSeenAt: Instant;
  readonly usualGapMinutes: number;
  readonly silentSince: Instant;
}

const COUNTS = ['received', 'accepted', 'duplicate', 'quarantined', 'suppressed'] as const;

/** What came in lately, from the read models. */
export class SourceActivity {
  constructor(
    /** Null in a process without read models. */
    private readonly database: Pick<Queryable, 'query'> | null,
  ) {}

  /** Whether this process has read models. */
  get isThere(): boolean {
    return this.database !== null;
  }

  /** The sources that are silent for longer than their rhythm allows. None in a process without read models, and until they have the table. */
  async silent(now: Instant): Promise<readonly SilentSource[]> {
    if (this.database === null) return [];
    const live = await liveColumns(this.database, 'source_hours');
    if (live === null) return [];
    return this.database.query<SilentSource & Record<string, unknown>>(silentSources(live.schema, '$1::timestamptz'), [
      instantText(now),
    ]);
  }

  /** The activity of every source that ever sent something. Null in a process without read models, and until they have the table. */
  async all(now: Instant): Promise<readonly Activity[] | null> {
    if (this.database === null) return null;
    const live = await liveColumns(this.database, 'source_hours');
    if (live === null) return null;
    const rows = await this.database.query<{ source: string; last_at: Instant } & Record<string, unknown>>(
      `SELECT source, max(last_at) AS last_at, ${spanSql('$1', 'h')}, ${spanSql('$2', 'd')}
         FROM ${live.schema}.source_hours GROUP BY source ORDER BY source`,
      [instantText(hourOf(now - HOUR)), instantText(hourOf(now - DAY))],
    );
    return rows.map((row) => ({
      source: row.source,
      lastSeenAt: row.last_at,
      lastHour: spanOf(row, 'h'),
      lastDay: spanOf(row, 'd'),
    }));
  }
}

const hourOf = (at: Instant): Instant => Math.floor(at / HOUR) * HOUR;

const spanSql = (since: string, prefix: string): string =>
  COUNTS.map(
    (name) => `coalesce(sum(${name}) FILTER (WHERE hour >= ${since}::timestamptz), 0)::int AS ${prefix}_${name}`,
  ).join(', ');

const spanOf = (row: Readonly<Record<string, unknown>>, prefix: string): SpanOutcomes =>
  Object.fromEntries(COUNTS.map((name) => [name, Number(row[`${prefix}_${name}`])])) as unknown as SpanOutcomes;
