import type { LogIdentity } from '#platform';
import type { EventLog, RecordedEvent } from '../port.js';

/** An event that is copied from one log to another, with its content hash, by which the target deduplicates too. */
export type MovedEvent = RecordedEvent & { readonly contentHash: Uint8Array };

/** Where a log is moved from: what is read of it. */
export type MoveSource = Pick<EventLog, 'readAll' | 'head' | 'identity'>;

/** Where a log is moved to: a log of any kind that takes events as they were recorded elsewhere. */
export interface MoveTarget extends Pick<EventLog, 'readAll'> {
  /**
   * Stores events of another log behind those that are there, in their order, each stream's too, with their recordedAt; all of
   * them durable when it resolves. No other process may write to this log in the meantime.
   * @throws EventLogError where it cannot take one of them: then none of this call need be stored, and what was before stands.
   */
  importEvents(events: readonly MovedEvent[]): Promise<void>;
  /** Makes it a copy of this log, with a copy id of its own. Twice is the same as once. */
  belongTo(log: LogIdentity): Promise<void>;
}
