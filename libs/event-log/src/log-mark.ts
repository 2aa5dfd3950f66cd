import { createHash } from 'node:crypto';
import { formatInstant, type Instant } from '#contracts';
import { StoreMismatchError } from '#platform';
import type { EventLog, RecordedEvent } from './port.js';

/** The last event of a log that a store has seen: enough to notice later that the log is shorter, or another one. */
export interface LogMark {
  readonly copyId: string;
  readonly position: number;
  readonly recordedAt: Instant;
  /** `fingerprintOf` the event. */
  readonly fingerprint: string;
}

/** Identifies an event with all that it says: 32 hex characters. `recordedAt` is left out, since some logs only bound it. */
export function fingerprintOf(event: RecordedEvent): string {
  const { stream, source, id, type, schemaVersion, occurredAt, meta, data } = event;
  return createHash('sha256')
    .update(JSON.stringify([stream, source, id, type, schemaVersion, occurredAt, meta, data]))
    .digest('hex')
    .slice(0, 32);
}

/** The mark of the log as it is now; null while it is empty. */
export async function markOf(log: Pick<EventLog, 'head' | 'at' | 'identity'>): Promise<LogMark | null> {
  const { position, recordedAt } = await log.head();
  const event = position === 0 ? null : await log.at(position);
  if (event === null) return null;
  const { copyId } = await log.identity();
  return { copyId, position, recordedAt, fingerprint: fingerprintOf(event) };
}

/** What a person does about a log that is not what it was. */
const WHAT_TO_DO =
  'Stop the engine and put back the newest copy of the log (log.db together with log.db-wal). If none is left, run perennial log accept: ' +
  'the engine then goes on with the log as it is, and rebuilds the read models from it.';

/**
 * Compares the log with what a store saw of it. @param holder who saw it: `The read models`
 * @throws StoreMismatchError `log-shorter`, `log-differs`
 */
export async function checkMark(
  log: Pick<EventLog, 'head' | 'at' | 'counts'>,
  mark: Pick<LogMark, 'position' | 'recordedAt' | 'fingerprint'>,
  holder: string,
): Promise<void> {
  const problem = await markProblem(log, mark, holder);
  if (problem !== null) throw problem;
}

/** As `checkMark`, for a health check: the problem, or null. */
export async function markProblem(
  log: Pick<EventLog, 'head' | 'at' | 'counts'>,
  { position, recordedAt, fingerprint }: Pick<LogMark, 'position' | 'recordedAt' | 'fingerprint'>,
  holder: string,
): Promise<StoreMismatchError | null> {
  if (position === 0) return null;
  const { position: head } = await log.head();
  const seen = `${holder.charAt(0).toLowerCase()}${holder.slice(1)} have seen it up to position ${position}${
    Number.isFinite(recordedAt) ? ` (recorded ${formatInstant(recordedAt)})` : ''
  }`;
  if (head < position)
    return new StoreMismatchError(
      'log-shorter',
      `The event log ends at position ${head}, and ${seen}: ${missing(position - head, log.counts)}. ${WHAT_TO_DO}`,
    );
  const event = await log.at(position);
  if (event !== null && fingerprintOf(event) === fingerprint) return null;
  return new StoreMismatchError(
    'log-differs',
    `The event log is not the one it was: ${seen}, and another event stands there now. Events are missing or were replaced. ${WHAT_TO_DO}`,
  );
}

function missing(difference: number, counts: EventLog['counts']): string {
  if (counts === 'bytes') return `${difference} bytes of events are missing`;
  return difference === 1 ? '1 event is missing' : `${difference} events are missing`;
}
