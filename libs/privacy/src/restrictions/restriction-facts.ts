import { hash } from 'node:crypto';
import type { FactName, Instant, RestrictionGround } from '#contracts';
import type { NewEvent } from '#event-log';
import { factEvent, OWN_SOURCES, plainContentHash } from '#ingestion';
import type { SealedName } from '../holds/sealed-identifiers.js';

/** The data of a `restriction-placed`. */
export interface RestrictionPlaced {
  readonly restrictionId: string;
  readonly ground: RestrictionGround;
  /** Sorted. */
  readonly subjectIds: readonly string[];
  readonly customerId: string | null;
  readonly quarantineIds: readonly string[];
  readonly requestId?: string;
}

/** The data of a `restriction-lifted`. */
export interface RestrictionLifted {
  readonly restrictionId: string;
  readonly subjectIds: readonly string[];
}

/** What stands beside these facts. */
export interface RestrictionMeta {
  readonly by: string;
  /** With these a move under another hash key finds the new ids of the subjects. */
  readonly identifiers?: readonly SealedName[];
}

/** The id of a restriction: the same for the same person, ground and number of such restrictions before it. */
export const restrictionIdOf = (ground: string, sortedSubjectIds: readonly string[], before: number): string =>
  hash('sha256', JSON.stringify(['restriction', ground, sortedSubjectIds, before]), 'hex').slice(0, 32);

/** The ids of the facts in the log. */
export const RESTRICTION_FACT_IDS = {
  placed: (restrictionId: string) => `restriction/${restrictionId}`,
  lifted: (restrictionId: string) => `restriction/${restrictionId}/lifted`,
} as const;

export const restrictionPlacedEvent = (data: RestrictionPlaced, meta: RestrictionMeta, at: Instant): NewEvent =>
  restrictionEvent('restriction-placed', RESTRICTION_FACT_IDS.placed(data.restrictionId), data, meta, at);

export const restrictionLiftedEvent = (data: RestrictionLifted, meta: RestrictionMeta, at: Instant): NewEvent =>
  restrictionEvent('restriction-lifted', RESTRICTION_FACT_IDS.lifted(data.restrictionId), data, meta, at);

function restrictionEvent(
  name: FactName,
  id: string,
  data: object,
  meta: RestrictionMeta,
  occurredAt: Instant,
): NewEvent {
  const contentHash = plainContentHash(data);
  return factEvent({ name, source: OWN_SOURCES.privacy, id, occurredAt, contentHash, meta, data });
}
