import { hash } from 'node:crypto';
import { STREAMS, type FactName, type Instant } from '#contracts';
import type { EventLog, NewEvent } from '#event-log';
import { factEvent, OWN_SOURCES, plainContentHash } from '#ingestion';
import { erasureIdOf } from '../erasure/person-erased.js';
import type { SealedName } from './sealed-identifiers.js';

/** The data of a `hold-placed`. */
export interface HoldPlaced {
  readonly holdId: string;
  readonly case: string;
  /** Sorted. */
  readonly subjectIds: readonly string[];
  readonly customerId: string | null;
  readonly quarantineIds: readonly string[];
}

/** The data of an `erasure-requested`. */
export interface ErasureRequested {
  readonly erasureId: string;
  /** Sorted. */
  readonly subjectIds: readonly string[];
  readonly customerId: string | null;
  readonly namespaces: readonly string[];
}

/** What stands beside these facts. */
export interface HoldMeta {
  readonly by: string;
  readonly identifiers?: readonly SealedName[];
  /** The reason, sealed under a key of its own that is listed under the subjects: see `reasonKeyName`. */
  readonly sealed?: string;
}

/** The name from which the id of the key of a reason is made. */
export const reasonKeyName = (holdId: string, what: 'placed' | 'lifted'): string => `hold reason\0${holdId}\0${what}`;

/** The id of a hold: the same for the same case, person and number of such holds before it. */
export const holdIdOf = (caseName: string, sortedSubjectIds: readonly string[], before: number): string =>
  hash('sha256', JSON.stringify([caseName, sortedSubjectIds, before]), 'hex').slice(0, 32);

/** The ids of the facts in the log. */
export const HOLD_FACT_IDS = {
  placed: (holdId: string) => `hold/${holdId}`,
  lifted: (holdId: string) => `hold/${holdId}/lifted`,
  requested: (erasureId: string) => `erasure-request/${erasureId}`,
} as const;

export const holdPlacedEvent = (data: HoldPlaced, meta: HoldMeta, at: Instant): NewEvent =>
  privacyEvent('hold-placed', HOLD_FACT_IDS.placed(data.holdId), data, meta, at);

export const holdLiftedEvent = (holdId: string, meta: HoldMeta, at: Instant): NewEvent =>
  privacyEvent('hold-lifted', HOLD_FACT_IDS.lifted(holdId), { holdId }, meta, at);

export const erasureRequestedEvent = (data: ErasureRequested, meta: HoldMeta, at: Instant): NewEvent =>
  privacyEvent('erasure-requested', HOLD_FACT_IDS.requested(data.erasureId), data, meta, at);

function privacyEvent(name: FactName, id: string, data: object, meta: HoldMeta, occurredAt: Instant): NewEvent {
  const contentHash = plainContentHash(data);
  return factEvent({ name, source: OWN_SOURCES.privacy, id, occurredAt, contentHash, meta, data });
}

/** Appends a fact about a person. The same fact again is the one that is there. Resolves with its position. */
export async function recordPrivacyFact(log: Pick<EventLog, 'appendMany'>, event: NewEvent): Promise<number> {
  const [verdict] = await log.appendMany([{ stream: STREAMS.privacy, event }]);
  if (verdict?.status === 'accepted' || verdict?.status === 'duplicate') return verdict.position;
  throw new Error(`The log did not record ${event.type} ${event.id} (${verdict?.status}).`);
}

/** Records that a held person is to be erased when the last hold is lifted. Twice is the same as once. Resolves with the id of the erasure. */
export async function recordErasureRequest(
  log: Pick<EventLog, 'appendMany'>,
  {
    subjectIds,
    customerId,
    identifiers,
    by,
    namespaces = [],
  }: {
    readonly subjectIds: readonly string[];
    readonly customerId: string | null;
    readonly identifiers: readonly (SealedName | { readonly namespace: string })[];
    readonly by: string;
    readonly namespaces?: readonly string[];
  },
  now: Instant,
): Promise<string> {
  const subjects = [...new Set(subjectIds)].sort();
  const erasureId = erasureIdOf(subjects);
  const known = [...new Set([...namespaces, ...identifiers.map(({ namespace }) => namespace)])].sort();
  const data: ErasureRequested = { erasureId, subjectIds: subjects, customerId, namespaces: known };
  const names = identifiers.filter((each): each is SealedName => 'sealed' in each);
  await recordPrivacyFact(log, erasureRequestedEvent(data, { by, identifiers: names }, now));
  return erasureId;
}
