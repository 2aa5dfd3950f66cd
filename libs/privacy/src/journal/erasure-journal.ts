import type { Instant } from '#contracts';

/** An erasure as the journal holds it: no personal data, and nothing that opens any. */
export interface JournaledErasure {
  readonly erasureId: string;
  /** Sorted. */
  readonly subjectIds: readonly string[];
  readonly customerId: string | null;
  readonly erasedAt: Instant;
  /** Id of the principal that requested it. */
  readonly by: string;
  /** The namespaces by which the person was known; absent in older records. */
  readonly namespaces?: readonly string[];
  /** Quarantined bodies in which the person was found; absent in older records. */
  readonly quarantineIds?: readonly string[];
  /** Identifies the hash key that the ids were derived with: under another one they have no meaning. */
  readonly hashKeyCheck: string;
}

/**
 * Erasures, kept apart from the data folder: a folder that is restored from a backup does not know of those that were made since. An erasure is
 * acknowledged only after it is recorded here.
 */
export interface ErasureJournal {
  /** For people: `the file /mnt/safe/erasures.ndjson`. */
  readonly place: string;
  /** Resolves when the erasure is durable. @throws JournalError */
  append(erasure: JournaledErasure): Promise<void>;
  /** Every erasure recorded so far, in order. @throws JournalError */
  readAll(): Promise<readonly JournaledErasure[]>;
  close(): Promise<void>;
}

/** Why the journal cannot be read or written. */
export class JournalError extends Error {
  constructor(
    readonly code:
      | 'unavailable'
      | 'full'
      /** A line or a message of it is not an erasure. */
      | 'torn'
      /** Its place cannot keep what must be kept. */
      | 'unsuitable',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'JournalError';
  }
}
