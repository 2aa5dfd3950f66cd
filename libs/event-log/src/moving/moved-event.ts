import type { EventLog, RecordedEvent } from '../port.js';

/** An event on its way from one log to another: with its content hash, which decides once for ever there too. */
export type MovedEvent = RecordedEvent & { readonly contentHash: Uint8Array };

/** Where a log is moved from: what is read of it. */
export type MoveSource = Pick<EventLog, 'readAll' | 'head'>;

/** Where a log is moved to: a log of any kind that takes events as they were recorded elsewhere. */
export interface MoveTarget extends Pick<EventLog, 'readAll'> {
  /**
   * Stores events of another log behind those that are there, in their order, each stream's too, with their recordedAt; all of
   * them durable when it resolves. Nobody else writes to this log in the meantime.
   * @throws EventLogError where it cannot take one of them: then none of this call need be stored, and what was before stands.
   */
  importEvents(events: readonly MovedEvent[]): Promise<void>;
}
