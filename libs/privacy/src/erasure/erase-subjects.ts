import { formatInstant, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import type { KeyStore } from '#keys';
import type { ErasureJournal } from '../journal/erasure-journal.js';
import type { ErasureReceipt } from './erasure-receipt.js';
import { erasureIdOf, recordErasure } from './person-erased.js';

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
