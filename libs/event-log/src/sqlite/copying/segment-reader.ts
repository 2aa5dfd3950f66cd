import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { EventLogError } from '../../port.js';
import { asEventLogError } from '../failure.js';
import { expand, type Compact } from '../compact.js';

const ROWS = 2_000;
const SUBJECT = 'subject-';

/** An event in a segment; its type is null where the segment does not name it, since an earlier one does. */
export interface SegmentEvent {
  readonly position: number;
  readonly type: string | null;
  readonly meta: string;
  readonly data: string;
}

/** A segment that is read to its end, to prove that it can be. */
export interface SegmentReader {
  /** The subjects whose streams begin in this segment. */
  subjects(): string[];
  /** Its events. @throws EventLogError `torn` where one is missing or cannot be read */
  pages(): Iterable<readonly SegmentEvent[]>;
  close(): void;
}

/** Opens a segment that holds the events above a position, up to another. @throws EventLogError */
export function readSegment(file: string, after: number, upTo: number): SegmentReader {
  let db: DatabaseSyncInstance;
  try {
    db = new DatabaseSync(file, { readOnly: true });
  } catch (error) {
    throw asEventLogError(error, file);
  }
  return {
    subjects() {
      const rows = read(() => db.prepare('SELECT name FROM streams').all() as { readonly name: Compact }[]);
      const names = rows.map(({ name }) => expand(name));
      return names.filter((name) => name.startsWith(SUBJECT)).map((name) => name.slice(SUBJECT.length));
    },
    *pages() {
      const page = read(() =>
        db.prepare(
          `SELECT e.position, t.name AS type, e.meta, e.data FROM events e LEFT JOIN types t ON t.id = e.type
            WHERE e.position > ? ORDER BY e.position LIMIT ${ROWS}`,
        ),
      );
      let last = after;
      for (;;) {
        const events = read(() => page.all(last) as unknown as SegmentEvent[]);
        for (const { position } of events) {
          if (position !== last + 1)
            throw new EventLogError('torn', `${file} lacks the event at position ${last + 1}.`);
          last = position;
        }
        if (events.length === 0) break;
        yield events;
      }
      if (last !== upTo) throw new EventLogError('torn', `${file} ends at position ${last} instead of ${upTo}.`);
    },
    close: () => db.close(),
  };

  function read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw asEventLogError(error, file);
    }
  }
}
