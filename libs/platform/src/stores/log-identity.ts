import { randomBytes } from 'node:crypto';

/**
 * Which log this is, and which copy of it. A move keeps the first and assigns the second; so does an operator who accepts that the end of a log
 * is lost. Subject ids and keys are valid for every copy of a log, positions only for the copy in which they were read.
 */
export interface LogIdentity {
  readonly logId: string;
  readonly copyId: string;
}

/** A log that did not exist before. */
export const newLogIdentity = (): LogIdentity => ({ logId: newId(), copyId: newId() });

/** Another copy of a log: positions of the copies before are not valid for it. */
export const newCopyOf = ({ logId }: Pick<LogIdentity, 'logId'>): LogIdentity => ({ logId, copyId: newId() });

const newId = (): string => randomBytes(16).toString('hex');

/** For people: what distinguishes it from others at a glance. */
export const identityText = ({ logId, copyId }: LogIdentity): string =>
  `log ${logId.slice(0, 12)}, copy ${copyId.slice(0, 12)}`;

/** The identity in a stored document; null where it has none, or none that can be read. */
export function identityIn(document: unknown): LogIdentity | null {
  const { logId, copyId } = (document ?? {}) as Partial<Record<keyof LogIdentity, unknown>>;
  return typeof logId === 'string' && typeof copyId === 'string' ? { logId, copyId } : null;
}

/**
 * Stores that do not belong together, or a log that is not what it was: the engine does not start, and nothing is served or written. A
 * process that ends because of it has the exit code 3.
 */
export class StoreMismatchError extends Error {
  constructor(
    readonly code:
      /** A store belongs to another log. */
      | 'other-log'
      /** A store belongs to another copy of this log, and this process may not set it aside. */
      | 'other-copy'
      /** The log is gone, and stores beside it show that there was one. */
      | 'log-missing'
      /** The keys are gone, and the log beside them was written with keys. */
      | 'keys-missing'
      /** The log ends before the event that another store has seen. */
      | 'log-shorter'
      /** The log holds another event where another store has seen one. */
      | 'log-differs'
      /** The log was last on a server that the settings do not name. */
      | 'log-elsewhere'
      /** No engine ever ran here, and the command does not create stores. */
      | 'nothing-here'
      /** Two engines with different keys wrote to this log. */
      | 'two-hash-keys',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'StoreMismatchError';
  }
}

/** What was recorded, compared with the log that is open. @throws StoreMismatchError `other-log` */
export function compareIdentity(
  recorded: LogIdentity,
  log: LogIdentity,
  holder: string,
  hint: string,
): 'same' | 'other-copy' {
  if (recorded.logId !== log.logId)
    throw new StoreMismatchError(
      'other-log',
      `${holder} belong to another event log: they were made for ${identityText(recorded)}, and the event log is ${identityText(log)}. ${hint}`,
    );
  return recorded.copyId === log.copyId ? 'same' : 'other-copy';
}
