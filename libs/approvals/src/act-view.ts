import { formatInstant, type ActForApproval, type Data, type Instant } from '#contracts';
import { stateOf, type ActOnRecord, type ActState } from './act-on-record.js';

/** An act that needs two principals, as it is shown: with instants in RFC 3339, and without what is sealed. */
export interface ShownAct {
  readonly actId: string;
  readonly act: ActForApproval;
  readonly state: ActState;
  readonly detail: Data;
  readonly digest: string;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly until: string;
  readonly decidedBy: string | null;
  readonly decidedAt: string | null;
  readonly failure: string | null;
}

export const actView = (act: ActOnRecord, now: Instant): ShownAct => ({
  ...{ actId: act.actId, act: act.act, state: stateOf(act, now), detail: act.detail, digest: act.digest },
  ...{ requestedBy: act.requestedBy, requestedAt: formatInstant(act.requestedAt), until: formatInstant(act.until) },
  decidedBy: act.decidedBy,
  decidedAt: act.decidedAt === null ? null : formatInstant(act.decidedAt),
  failure: act.failure,
});
