import type { ActForApproval, Data, Instant } from '#contracts';
import type { RecordedEvent } from '#event-log';

/**
 * requested -> approved -> performed | failed; requested -> declined. A requested act whose time is over has lapsed: that is computed, and nothing is
 * recorded of it.
 */
export const ACT_STATES = ['waiting', 'lapsed', 'declined', 'approved', 'performed', 'failed'] as const;

export type ActState = (typeof ACT_STATES)[number];

/** An act that needs two principals, as the log holds it. */
export interface ActOnRecord {
  readonly actId: string;
  readonly act: ActForApproval;
  readonly detail: Data;
  readonly digest: string;
  readonly sealed: string | null;
  readonly requestedBy: string;
  readonly requestedAt: Instant;
  readonly until: Instant;
  readonly status: Exclude<ActState, 'lapsed'>;
  /** Who approved or declined it; null while it waits. */
  readonly decidedBy: string | null;
  readonly decidedAt: Instant | null;
  /** Why it was declined, sealed. */
  readonly sealedReason: string | null;
  /** Why it could not be performed. */
  readonly failure: string | null;
}

/** The state at an instant: an act that waited for too long has lapsed. */
export const stateOf = ({ status, until }: ActOnRecord, now: Instant): ActState =>
  status === 'waiting' && now >= until ? 'lapsed' : status;

/** The acts by their ids, after an event of their stream. The first decision counts; the log admits no second one. */
export function evolve(acts: ReadonlyMap<string, ActOnRecord>, event: RecordedEvent): ReadonlyMap<string, ActOnRecord> {
  const data = JSON.parse(event.data) as Data;
  const { by = 'local' } = JSON.parse(event.meta) as { readonly by?: string };
  const actId = String(data['actId']);
  const before = acts.get(actId);
  const after = before === undefined ? requested(event, actId, data, by) : decided(before, event, data, by);
  return after === undefined ? acts : new Map(acts).set(actId, after);
}

function requested(
  { type, occurredAt }: RecordedEvent,
  actId: string,
  data: Data,
  by: string,
): ActOnRecord | undefined {
  if (type !== 'act-requested') return undefined;
  const { act, detail, digest, until, sealed = null } = data as unknown as ActOnRecord;
  return {
    ...{ actId, act, detail, digest, until, sealed },
    ...{ requestedBy: by, requestedAt: occurredAt, status: 'waiting', decidedBy: null, decidedAt: null },
    ...{ sealedReason: null, failure: null },
  };
}

function decided(
  act: ActOnRecord,
  { type, occurredAt }: RecordedEvent,
  data: Data,
  by: string,
): ActOnRecord | undefined {
  const decision = { decidedBy: by, decidedAt: occurredAt };
  switch (type) {
    case 'act-approved':
      return act.status === 'waiting' ? { ...act, ...decision, status: 'approved' } : undefined;
    case 'act-declined': {
      const sealedReason = (data['sealed'] as string | undefined) ?? null;
      return act.status === 'waiting' ? { ...act, ...decision, status: 'declined', sealedReason } : undefined;
    }
    case 'act-performed':
      return act.status === 'approved' ? { ...act, status: 'performed' } : undefined;
    case 'act-failed':
      return act.status === 'approved' ? { ...act, status: 'failed', failure: String(data['detail']) } : undefined;
    default:
      return undefined;
  }
}
