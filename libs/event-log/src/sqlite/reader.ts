import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import type { LogIdentity } from '#platform';
import type { RecordedEvent } from '../port.js';
import { compact, expand, type Compact } from './compact.js';
import { asEventLogError } from './failure.js';
import { identityOf, openForReading } from './schema.js';

type Row = [
  position: number,
  stream: number,
  revision: number,
  source: number,
  id: Compact,
  type: number,
  schemaVersion: number,
  occurredAt: number,
  recordedAt: number,
  meta: string,
  data: string,
  contentHash?: Uint8Array,
];

/** What of an event is wanted beside its names and meta. */
export interface Wanted {
  readonly data: boolean;
  readonly hash: boolean;
}

const COLUMNS = `e.position, e.stream, e.revision, e.source, e.id, e.type, e.schema_version, e.occurred_at, e.recorded_at, e.meta`;
const STREAM_NAMES_MAX = 100_000;

/** Reads a log file through a connection of its own, which cannot write. It sees what is committed, never less. */
export class SqliteReader {
  readonly #db: DatabaseSyncInstance;
  readonly #statements = new Map<string, StatementSyncInstance>();
  readonly #names = { sources: new Map<number, string>(), types: new Map<number, string>() };
  readonly #streamNames = new Map<number, string>();

  constructor(readonly file: string) {
    this.#db = openForReading(file);
  }

  /** The events above a position, in order, at most `limit`, none above `upTo`. */
  page(after: number, upTo: number, limit: number, wanted: Wanted): RecordedEvent[] {
    return this.#events(
      `SELECT ${COLUMNS}, ${columnsOf(wanted)} FROM events e WHERE e.position > ? AND e.position <= ? ORDER BY e.position LIMIT ?`,
      [after, upTo, limit],
    );
  }

  /** A stream's events from a revision on, in order. */
  streamPage(name: string, from: number, upTo: number, limit: number, wanted: Wanted): RecordedEvent[] {
    const stream = this.#streamId(name);
    if (stream === null) return [];
    return this.#events(
      `SELECT ${COLUMNS}, ${columnsOf(wanted)} FROM events e WHERE e.stream = ? AND e.revision >= ? AND e.position <= ? ORDER BY e.revision LIMIT ?`,
      [stream, from, upTo, limit],
    );
  }

  /** All events of some streams, one query for all of them; not sorted. */
  ofStreams(names: readonly string[], after: number, upTo: number): RecordedEvent[] {
    const streams = new Set<number>();
    for (const name of names) {
      const stream = this.#streamId(name);
      if (stream !== null) streams.add(stream);
    }
    if (streams.size === 0) return [];
    return this.#events(
      `SELECT ${COLUMNS}, e.data FROM json_each(?) AS asked CROSS JOIN events e INDEXED BY stream_revision ON e.stream = asked.value
       WHERE e.position > ? AND e.position <= ?`,
      [JSON.stringify([...streams]), after, upTo],
    );
  }

  find(source: string, id: string): RecordedEvent | null {
    const [event] = this.#events(
      `SELECT ${COLUMNS}, e.data FROM events e WHERE e.source = (SELECT id FROM sources WHERE name = ?) AND e.id = ?`,
      [source, compact(id)],
    );
    return event ?? null;
  }

  at(position: number): RecordedEvent | null {
    const [event] = this.#events(`SELECT ${COLUMNS}, e.data, e.content_hash FROM events e WHERE e.position = ?`, [
      position,
    ]);
    return event ?? null;
  }

  identity(): LogIdentity | null {
    try {
      return identityOf(this.#db);
    } catch (error) {
      throw asEventLogError(error, this.file);
    }
  }

  head(): { readonly position: number; readonly recordedAt: number } {
    const [row] = this.#all('SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1', []);
    const [position = 0, recordedAt = 0] = (row ?? []) as [number?, number?];
    return { position, recordedAt };
  }

  /** Positions have no gap and their instants never decrease, so halving finds the last one at or before an instant. */
  positionAt(knownAt: number): number {
    let known = 0;
    let unknown = this.head().position + 1;
    while (unknown - known > 1) {
      const middle = Math.floor((known + unknown) / 2);
      const [row] = this.#all('SELECT recorded_at FROM events WHERE position = ?', [middle]);
      if ((row?.[0] as number) <= knownAt) known = middle;
      else unknown = middle;
    }
    return known;
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #events(sql: string, parameters: readonly unknown[]): RecordedEvent[] {
    const rows = this.#all(sql, parameters) as Row[];
    const events = new Array<RecordedEvent>(rows.length);
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i] as Row;
      events[i] = {
        position: row[0],
        stream: this.#streamNames.get(row[1]) ?? this.#streamName(row[1]),
        revision: row[2],
        source: this.#names.sources.get(row[3]) ?? this.#name('sources', row[3]),
        id: expand(row[4]),
        type: this.#names.types.get(row[5]) ?? this.#name('types', row[5]),
        schemaVersion: row[6],
        occurredAt: row[7],
        recordedAt: row[8],
        meta: row[9],
        data: row[10],
      };
      if (row[11] !== undefined) events[i] = { ...(events[i] as RecordedEvent), contentHash: row[11] };
    }
    return events;
  }

  #streamId(name: string): number | null {
    const [row] = this.#all('SELECT id FROM streams WHERE name = ?', [compact(name)]);
    return row === undefined ? null : (row[0] as number);
  }

  #streamName(id: number): string {
    const [row] = this.#all('SELECT name FROM streams WHERE id = ?', [id]);
    const name = expand(row?.[0] as Compact);
    if (this.#streamNames.size >= STREAM_NAMES_MAX) this.#streamNames.clear();
    this.#streamNames.set(id, name);
    return name;
  }

  #name(table: 'sources' | 'types', id: number): string {
    const [row] = this.#all(`SELECT name FROM ${table} WHERE id = ?`, [id]);
    const name = row?.[0] as string;
    if (this.#names[table].size >= 10_000) this.#names[table].clear();
    this.#names[table].set(id, name);
    return name;
  }

  #all(sql: string, parameters: readonly unknown[]): unknown[][] {
    try {
      let statement = this.#statements.get(sql);
      if (statement === undefined) {
        statement = this.#db.prepare(sql);
        statement.setReturnArrays(true);
        this.#statements.set(sql, statement);
      }
      return statement.all(...parameters) as unknown[][];
    } catch (error) {
      throw asEventLogError(error, this.file);
    }
  }
}

function columnsOf({ data, hash }: Wanted): string {
  return `${data ? 'e.data' : `'{}'`}${hash ? ', e.content_hash' : ''}`;
}
