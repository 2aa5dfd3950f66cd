import type { Principal } from '#platform';
import type { IngestResult, ItemResult, OutcomeCounts } from '../pipeline/item.js';
import { SOURCE_NOT_PERMITTED } from '../pipeline/publisher.js';
import type { IngestResultView } from './views.js';

/** How the events were sent: it decides which statuses their sender understands. */
export type MessageForm =
  /** Touchpoints in our JSON form. */
  | 'touchpoints'
  /** A CloudEvent, or a batch of them, in a mode of the HTTP binding: its clients take any 2xx as delivered, and send again after others. */
  | 'cloudevents'
  /** Lines: the answer to a stream has begun before its end is known. */
  | 'stream';

/** What is answered to the sender of events. */
export interface IngestAnswer {
  readonly status: 200 | 202 | 207 | 403 | 422;
  readonly view: IngestResultView;
}

export const OUTCOMES_HEADER = 'perennial-outcomes';

/** The counts of an answer for clients and proxies that read no body. */
export const outcomesText = ({ accepted, duplicate, quarantined, suppressed }: OutcomeCounts): string =>
  `accepted=${accepted}, duplicate=${duplicate}, quarantined=${quarantined}, suppressed=${suppressed}`;

/** A key that may do nothing but publish is not told whether a person was erased. */
export const concealsErasure = ({ permissions }: Pick<Principal, 'permissions'>): boolean =>
  [...permissions].every((permission) => permission === 'publish');

/** The answer to a batch; accepted events are listed on request, and where there is one event. */
export function answerOf(
  { counts, results, exceptions, warnings }: Omit<IngestResult, 'concealed'>,
  form: Exclude<MessageForm, 'stream'>,
  verbose: boolean,
): IngestAnswer {
  const listed = verbose || counts.received === 1 ? results : exceptions;
  return {
    status: statusOf(counts, exceptions, form),
    view: { ...counts, ...(warnings.length === 0 ? {} : { warnings }), results: listed },
  };
}

/** How many events were kept apart because their publisher may not speak for their source. */
export const foreignIn = (exceptions: readonly ItemResult[]): number =>
  exceptions.reduce((count, { code }) => count + (code === SOURCE_NOT_PERMITTED.code ? 1 : 0), 0);

/** The repetition of a quarantined event is still in quarantine. */
function statusOf(
  { received, quarantined, duplicate }: OutcomeCounts,
  exceptions: readonly ItemResult[],
  form: Exclude<MessageForm, 'stream'>,
): IngestAnswer['status'] {
  let kept = quarantined;
  if (duplicate > 0)
    for (const { outcome, quarantineId } of exceptions)
      if (outcome === 'duplicate' && quarantineId !== undefined) kept += 1;
  if (kept === 0) return 200;
  if (foreignIn(exceptions) === received) return 403;
  if (form === 'cloudevents') return 202;
  return kept === received ? 422 : 207;
}
