import { hash } from 'node:crypto';
import { formatInstant, STREAMS, type Instant } from '#contracts';
import type { EventLog, NewEvent } from '#event-log';
import type { KeyStore } from '#keys';
import type { ErasureJournal, JournaledErasure } from '../journal/erasure-journal.js';
import { canonical, factEvent, OWN_SOURCES, plainContentHash } from '#ingestion';

/** The data of a `person-erased`. */
export interface PersonErased {
  /** Sorted. */
  readonly subjectIds: readonly string[];
  readonly customerId: string | null;
}

/** The receipt for a person who asked for erasure. It holds no personal data. */
export interface ErasureReceipt {
  readonly erasureId: string;
  readonly customerId: string | null;
  /** Subjects whose data can never be opened again, and that can have no new key. */
  readonly subjects: number;
  /** Keys destroyed by this call: none where all were destroyed before. */
  readonly subjectKeysDestroyed: number;
  /** Keys of quarantined bodies that named one of them. */
  readonly bodyKeysDestroyed: number;
  /** Position of the erasure in the log. */
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
}

/** Where an erasure is recorded, and what it destroys. */
export interface ErasureStores {
  readonly log: Pick<EventLog, 'appendMany' | 'find'>;
  readonly keys: KeyStore;
  /** Null where the settings name none. */
  readonly journal?: ErasureJournal | null;
}

/** What the id of an erasure in the log begins with. */
export const ERASURE_PREFIX = 'erasure/';

/** The id of an erasure, from its subjects: erasing the same person again has the same id. */
export const erasureIdOf = (sortedSubjectIds: readonly string[]): string =>
  hash('sha256', sortedSubjectIds.join(' '), 'hex').slice(0, 32);

/** The fact that a person was erased, for the log. */
export function personErasedEvent({
  erasureId,
  subjectIds,
  customerId,
  erasedAt,
  by,
}: Omit<JournaledErasure, 'hashKeyCheck'>): NewEvent {
  const data: PersonErased = { subjectIds, customerId };
  return factEvent({
    name: 'person-erased',
    source: OWN_SOURCES.privacy,
    id: `${ERASURE_PREFIX}${erasureId}`,
    occurredAt: erasedAt,
    contentHash: plainContentHash(subjectIds),
    meta: { by },
    data,
  });
}

/**
 * Erases a person: records the erasure in the journal, where there is one, destroys the keys of their subjects and of every quarantined body that names one of them, forbids new
 * ones for ever, and then records the erasure in the log. The log, its order and its figures stay; nothing can open what was sealed.
 * If the process dies in between, the keys are destroyed, and erasing again completes the record.
 */
export async function eraseSubjects(
  { log, keys, journal = null }: ErasureStores,
  { subjectIds, customerId, by }: ErasureRequest,
  now: Instant,
): Promise<ErasureReceipt> {
  const subjects = [...new Set(subjectIds)].sort();
  if (subjects.length === 0) throw new RangeError('An erasure needs at least one subject.');
  const erasureId = erasureIdOf(subjects);
  const erasure = { erasureId, subjectIds: subjects, customerId, erasedAt: now, by };
  // First, since it may fail: nothing is destroyed yet, and the caller requests the erasure again.
  await journal?.append({ ...erasure, hashKeyCheck: keys.hashKeyCheck });
  const destroyed = await keys.destroy(subjects);
  const event = personErasedEvent(erasure);
  const [verdict] = await log.appendMany([{ stream: STREAMS.privacy, event }]);
  if (verdict?.status !== 'accepted' && verdict?.status !== 'duplicate')
    throw new Error(
      `The keys are destroyed, but the log did not record the erasure (${verdict?.status}): erase again.`,
    );
  const [recorded] = await log.find([event]);
  const receipt = {
    erasureId,
    customerId,
    subjects: subjects.length,
    subjectKeysDestroyed: destroyed.subjectKeys,
    bodyKeysDestroyed: destroyed.listedKeys,
    position: verdict.position,
    erasedAt: formatInstant(recorded?.recordedAt ?? now),
  };
  return { ...receipt, receiptHash: hash('sha256', JSON.stringify(canonical(receipt)), 'hex') };
}
