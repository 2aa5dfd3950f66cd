import { DAY, formatInstant, type Instant } from '#contracts';
import { DatabaseError, instantText, type Database } from '#database';
import type { EventLog } from '#event-log';
import { Loop, type ClockGuard, type ClockMarks, type ClockReport, type ClockState } from '#platform';
import type { ProjectorLogger } from '../processor/projector-logger.js';
import { liveSchema } from '../schema.js';

export interface ClockWatchOptions {
  readonly guard: ClockGuard;
  readonly database: Pick<Database, 'query'>;
  /** Null in a process without the log: then the newest indexed event counts. */
  readonly log: Pick<EventLog, 'head'> | null;
  readonly logger: ProjectorLogger;
}

/** The clock is compared with elapsed time this often, and with what is recorded every so many times. */
const CHECK_MS = 1_000;
const CHECKS_PER_READING = 5;

/** SQLSTATE of a table or schema that is not there. */
const NO_TABLE: ReadonlySet<string> = new Set(['42P01', '3F000']);

/** The last confirmation of an operator. */
export interface ClockConfirmation {
  readonly id: number;
  readonly confirmedAt: Instant;
  readonly by: string;
}

/** Tells the guard of this process what is recorded and what operators confirmed, and logs when the state of the clock changes. */
export class ClockWatch {
  private readonly loop: Loop;
  private checks = 0;
  private logged: ClockState = 'right';
  /** The last confirmation, and the last that this process has taken note of; 0 before there was one. */
  private last: ClockConfirmation | null = null;
  private noted: number | null = null;

  constructor(private readonly options: ClockWatchOptions) {
    this.loop = new Loop(() => this.check(), {
      backoff: { firstMs: CHECK_MS, maxMs: 10 * CHECK_MS },
      keepsProcessAlive: false,
    });
  }

  /** Reads what is recorded before the first request is answered, and then goes on. */
  async start(): Promise<void> {
    await this.refresh().catch(() => undefined);
    this.log();
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  get confirmation(): ClockConfirmation | null {
    return this.last;
  }

  report(): ClockReport {
    return this.options.guard.report();
  }

  /** Accepts the clock of this process as it is, and has the other processes accept it whose clocks say about the same. */
  async confirm(by: string): Promise<ClockReport> {
    await this.refresh();
    const { guard, database } = this.options;
    const { now, newestEvent, projectorClock } = guard.report();
    const newest = Math.max(newestEvent ?? -Infinity, projectorClock ?? -Infinity);
    await database.query(
      'INSERT INTO perennial.clock_confirmations (confirmed_at, newest_at, confirmed_by) VALUES ($1, $2, $3)',
      [instantText(now), Number.isFinite(newest) ? instantText(newest) : null, by],
    );
    guard.confirm();
    await this.refresh();
    this.log();
    return guard.report();
  }

  /** Reads what is recorded, and what was confirmed. */
  async refresh(): Promise<void> {
    const { guard } = this.options;
    const { marks, accepted, last } = await this.read();
    guard.see(marks, accepted);
    this.last = last;
    const id = last?.id ?? 0;
    // Confirmations that are older than this process say nothing about a jump that comes later.
    if (last !== null && id > (this.noted ?? id) && guard.jumped) {
      const { now } = guard.report();
      if (Math.abs(now - last.confirmedAt) <= DAY) guard.confirm();
    }
    this.noted = id;
  }

  private async check(): Promise<number> {
    const due = this.checks % CHECKS_PER_READING === 0;
    this.checks += 1;
    if (due || this.options.guard.jumped) await this.refresh();
    this.log();
    return CHECK_MS;
  }

  private log(): void {
    const { guard, logger } = this.options;
    const { state, detail, now, expected, newestEvent, projectorClock } = guard.report();
    if (state === this.logged) return;
    this.logged = state;
    if (state === 'right') {
      logger.info({ clock: formatInstant(now) }, 'The clock is right again.');
      return;
    }
    const instant = (at: Instant | null) => (at === null ? null : formatInstant(at));
    logger.warn(
      {
        clock: formatInstant(now),
        expected: instant(expected),
        newestEvent: instant(newestEvent),
        projectorClock: instant(projectorClock),
      },
      detail,
    );
  }

  private async read(): Promise<{
    readonly marks: ClockMarks;
    readonly accepted: Instant | null;
    readonly last: ClockConfirmation | null;
  }> {
    const { database, log } = this.options;
    const [head, tables] = await Promise.all([log?.head() ?? null, this.readTables(database)]);
    const { indexed = null, projectorClock = null, accepted = null, last = null } = tables ?? {};
    const newestEvent = head === null ? indexed : head.position === 0 ? null : head.recordedAt;
    return { marks: { newestEvent, projectorClock }, accepted, last };
  }

  /** Null before the first version of the read models is live. */
  private async readTables(database: Pick<Database, 'query'>): Promise<{
    readonly indexed: Instant | null;
    readonly projectorClock: Instant | null;
    readonly accepted: Instant | null;
    readonly last: ClockConfirmation | null;
  } | null> {
    try {
      const schema = await liveSchema(database);
      if (schema === null) return null;
      const [row] = await database.query<{
        indexed: Instant | null;
        clock: Instant | null;
        accepted: Instant | null;
        id: number | null;
        confirmed_at: Instant | null;
        confirmed_by: string | null;
      }>(
        `SELECT c.recorded_at AS indexed, c.clock, (SELECT max(newest_at) FROM perennial.clock_confirmations) AS accepted, l.*
           FROM ${schema}.checkpoint c
           LEFT JOIN (SELECT id, confirmed_at, confirmed_by FROM perennial.clock_confirmations ORDER BY id DESC LIMIT 1) l ON true`,
      );
      if (row === undefined) return null;
      const { id, confirmed_at: confirmedAt, confirmed_by: by } = row;
      const last = id === null || confirmedAt === null ? null : { id: Number(id), confirmedAt, by: by ?? '' };
      return { indexed: row.indexed, projectorClock: row.clock, accepted: row.accepted, last };
    } catch (error) {
      // Another process creates the tables, and has not begun.
      if (error instanceof DatabaseError && NO_TABLE.has(error.code)) return null;
      throw error;
    }
  }
}
