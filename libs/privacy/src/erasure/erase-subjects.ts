import { hash } from 'node:crypto';
import { formatInstant, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import { canonical } from '#ingestion';
import type { KeyStore } from '#keys';
import type { ErasureJournal } from '../journal/erasure-journal.js';
import { erasureIdOf, recordErasure } from './person-erased.js';

/** The receipt for a person who asked for erasure. It holds no personal data. */
export interface ErasureReceipt {
  readonly erasureId: string;
  readonly customerId: string | null;
  /** Subjects whose data can never be opened again, and that can have no new key. */
  readonly subjects: number;
  /** Keys destroyed by this call: none where all were destroyed before. */
  readonly subjectKeysDestroyed: number;
  /** Keys of quarantined bodies in which the person was found, and of requests about the person that waited for an approval, destroyed by this call. */
  readonly bodyKeysDestroyed: number;
  /** Bodies of the person that name another person whose data a legal hold keeps: each is destroyed at the end of that hold. */
  readonly bodiesHeld: number;
  /** Whether all quarantined bodies were searched for the person's identifiers: false in a process without read models. */
  readonly bodiesSearched: boolean;
  /** Quarantined bodies that cannot be searched to their end. They may hold the person; each is destroyed 30 days after it was received. */
  readonly bodiesNotSearchable: number;
  /** Events of the person with text that was stored in the clear before its field became personal. `perennial move` seals it. */
  readonly eventsWithClearText: number;
  /** Position of the erasure in the log: of its newest fact, where it was repeated and destroyed more. */
  readonly position: number;
  /** When it was first recorded, RFC 3339. */
  readonly erasedAt: string;
  /** SHA-256 over the fields above as canonical JSON: proves that the receipt was not altered. */
  readonly receiptHash: string;
}

export interface ErasureRequest {
  /** All subjects of the person: from the read model, and of the identifiers in the request. */
  readonly subjectIds: readonly string[];
  readonly customerId: string | null;
  readonly by: string;
  /** The namespaces by which the person was known. */
  readonly namespaces?: readonly string[];
  /** Quarantined bodies in which the person was found. */
  readonly quarantineIds?: readonly string[];
}

/** What an erasure destroyed, and where it is on record. */
export type Erasure = Pick<
  ErasureReceipt,
  | 'erasureId'
  | 'customerId'
  | 'subjects'
  | 'subjectKeysDestroyed'
  | 'bodyKeysDestroyed'
  | 'bodiesHeld'
  | 'position'
  | 'erasedAt'
>;

/** Where an erasure is recorded, and what it destroys. */
export interface ErasureStores {
  readonly log: Pick<EventLog, 'appendMany' | 'find'>;
  readonly keys: KeyStore;
  /** Null where the settings name none. */
  readonly journal?: ErasureJournal | null;
}

/**
 * Erases a person: records the erasure in the journal, where there is one, destroys the keys of their subjects and of every quarantined body that names one of them, forbids new
 * ones for ever, and then records the erasure in the log. The log, its order and its figures stay; nothing can open what was sealed.
 * @throws KeyHeldError where a legal hold keeps one of the subjects: then nothing is destroyed.
 * If the process dies in between, the keys are destroyed, and erasing again completes the record.
 */
export async function eraseSubjects(
  { log, keys, journal = null }: ErasureStores,
  { subjectIds, customerId, by, namespaces, quarantineIds = [] }: ErasureRequest,
  now: Instant,
): Promise<Erasure> {
  const subjects = [...new Set(subjectIds)].sort();
  if (subjects.length === 0) throw new RangeError('An erasure needs at least one subject.');
  const erasureId = erasureIdOf(subjects);
  const erasure = {
    ...{ erasureId, subjectIds: subjects, customerId, erasedAt: now, by, quarantineIds },
    ...(namespaces === undefined ? {} : { namespaces: [...new Set(namespaces)].sort() }),
  };
  // First, since it may fail: nothing is destroyed yet, and the caller requests the erasure again. A hold that begins in between wins: a start that
  // reads the journal then finds the hold.
  await journal?.append({ ...erasure, hashKeyCheck: keys.hashKeyCheck });
  const destroyed = await keys.destroy(subjects, { bodies: quarantineIds });
  const { position, erasedAt } = await recordErasure(log, erasure);
  return {
    erasureId,
    customerId,
    subjects: subjects.length,
    subjectKeysDestroyed: destroyed.subjectKeys,
    bodyKeysDestroyed: destroyed.listedKeys,
    bodiesHeld: destroyed.listedHeld,
    position,
    erasedAt: formatInstant(erasedAt),
  };
}

/** The receipt with its hash: SHA-256, in hexadecimal digits, over the other fields as JSON with their names in order and no white space. */
export function receiptOf(receipt: Omit<ErasureReceipt, 'receiptHash'>): ErasureReceipt {
  return { ...receipt, receiptHash: hash('sha256', JSON.stringify(canonical(receipt)), 'hex') };
}
