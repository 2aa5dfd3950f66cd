import { hash } from 'node:crypto';
import { formatInstant, STREAMS, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import type { KeyStore } from '#keys';
import { factEvent } from '#ingestion';
import { canonical } from '#ingestion';
import { plainContentHash } from '#ingestion';
import { OWN_SOURCES } from '#ingestion';

/** The data of a `person-erased`. */
export interface PersonErased {
  /** Sorted. */
  readonly subjectIds: readonly string[];
  readonly customerId: string | null;
}

/** What a person who asked to be forgotten is given. It holds nothing personal. */
export interface ErasureReceipt {
  readonly erasureId: string;
  readonly customerId: string | null;
  /** Subjects that can never be opened again, nor come back. */
  readonly subjects: number;
  /** Keys destroyed by this call: none where all were destroyed before. */
  readonly subjectKeysDestroyed: number;
  /** Keys of quarantined bodies that named one of them. */
  readonly bodyKeysDestroyed: number;
  /** Where the log says so. */
  readonly position: number;
  /** When it was first recorded, RFC 3339. */
  readonly erasedAt: string;
  /** SHA-256 over the fields above as canonical JSON: shows that a receipt was not altered. */
  readonly receiptHash: string;
}

export interface ErasureRequest {
  /** All subjects of the person: of the read model, and of the identifiers that the customer named. */
  readonly subjectIds: readonly string[];
  readonly customerId: string | null;
  readonly by: string;
}

/** What the name of an erasure in the log begins with. */
export const ERASURE = 'erasure/';

/** Names an erasure by whom it forgets: erased again, it is the same. */
export const erasureIdOf = (sortedSubjectIds: readonly string[]): string =>
  hash('sha256', sortedSubjectIds.join(' '), 'hex').slice(0, 32);

/**
 * Forgets a person: destroys the keys of their subjects and of every quarantined body that names one of them, forbids new
 * ones for ever, and then says so in the log. The log, its order and its figures stay; nothing can open what was sealed.
 * Should the process die in between, the keys are gone and erasing again completes the record.
 */
export async function erase(
  log: EventLog,
  keys: KeyStore,
  { subjectIds, customerId, by }: ErasureRequest,
  now: Instant,
): Promise<ErasureReceipt> {
  const subjects = [...new Set(subjectIds)].sort();
  if (subjects.length === 0) throw new RangeError('Nobody is named: an erasure needs at least one subject.');
  const destroyed = await keys.destroy(subjects);
  const erasureId = erasureIdOf(subjects);
  const data: PersonErased = { subjectIds: subjects, customerId };
  const event = factEvent({
    name: 'person-erased',
    source: OWN_SOURCES.privacy,
    id: `${ERASURE}${erasureId}`,
    occurredAt: now,
    contentHash: plainContentHash(subjects),
    meta: { by },
    data,
  });
  const [verdict] = await log.appendMany([{ stream: STREAMS.privacy, event }]);
  if (verdict?.status !== 'accepted' && verdict?.status !== 'duplicate')
    throw new Error(`The keys are destroyed, but the log would not record it (${verdict?.status}): erase again.`);
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
