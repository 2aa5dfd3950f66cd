import { hash } from 'node:crypto';
import type { FactName, Instant, SuppressionReason } from '#contracts';
import type { NewEvent } from '#event-log';
import { factEvent, OWN_SOURCES, plainContentHash } from '#ingestion';
import type { SealedName } from '../holds/sealed-identifiers.js';

/** The data of a `suppression-added`. */
export interface SuppressionAdded {
  readonly suppressionId: string;
  readonly subjectId: string;
  readonly namespace: string;
  readonly reason: SuppressionReason;
  /** Absent: every medium. */
  readonly medium?: string;
  /** RFC 3339; absent: until it is lifted. */
  readonly expiresAt?: string;
}

/** The data of a `suppression-lifted`. */
export interface SuppressionLifted {
  readonly suppressionId: string;
  readonly subjectId: string;
}

/** What stands beside these facts. */
export interface SuppressionMeta {
  readonly by: string;
  /** The value, sealed under the key of the subject: an export opens it, and a move under another hash key finds the new id. Empty where the person was erased. */
  readonly identifiers?: readonly SealedName[];
}

/** The id of a suppression: the same for the same subject, medium, reason and number of such suppressions before it. */
export const suppressionIdOf = (
  { subjectId, medium, reason }: Pick<SuppressionAdded, 'subjectId' | 'medium' | 'reason'>,
  before: number,
): string =>
  hash('sha256', JSON.stringify(['suppression', subjectId, medium ?? null, reason, before]), 'hex').slice(0, 32);

/** The ids of the facts in the log. */
export const SUPPRESSION_FACT_IDS = {
  added: (suppressionId: string) => `suppression/${suppressionId}`,
  lifted: (suppressionId: string) => `suppression/${suppressionId}/lifted`,
} as const;

export const suppressionAddedEvent = (data: SuppressionAdded, meta: SuppressionMeta, at: Instant): NewEvent =>
  suppressionEvent('suppression-added', SUPPRESSION_FACT_IDS.added(data.suppressionId), data, meta, at);

export const suppressionLiftedEvent = (data: SuppressionLifted, meta: SuppressionMeta, at: Instant): NewEvent =>
  suppressionEvent('suppression-lifted', SUPPRESSION_FACT_IDS.lifted(data.suppressionId), data, meta, at);

function suppressionEvent(
  name: FactName,
  id: string,
  data: object,
  meta: SuppressionMeta,
  occurredAt: Instant,
): NewEvent {
  return factEvent({
    name,
    source: OWN_SOURCES.privacy,
    id,
    occurredAt,
    contentHash: plainContentHash(data),
    meta,
    data,
  });
}
