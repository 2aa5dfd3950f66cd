import type { CallItem } from '../../tracking/read-calls.js';
import type { IngestResult, OutcomeCounts } from '../../pipeline/item.js';

/** Why one call of a request was not accepted. */
export interface RejectedCall {
  /** Its place in the batch, from 0. */
  readonly index: number;
  readonly messageId: string;
  /** As Segment calls it where Segment has a word, else our code. */
  readonly error: string;
  readonly pointer: string;
  readonly message: string;
  readonly hint: string;
  /** By this id it can be released or discarded. */
  readonly quarantineId?: string;
}

/** The answer to calls of an analytics library: the request as a whole was received, and each call has its outcome. */
export interface TrackingAnswer extends OutcomeCounts {
  /** True where no call was rejected. */
  readonly success: boolean;
  readonly rejected: readonly RejectedCall[];
}

/** Segment's words for why a call is not accepted. */
const SEGMENT_ERRORS: Readonly<Record<string, string>> = { 'no-identifier': 'no_user_anon_id' };

export function trackingAnswer(
  { counts, exceptions }: Omit<IngestResult, 'concealed'>,
  calls: readonly CallItem[],
): TrackingAnswer {
  const rejected = exceptions.flatMap(({ index, code, pointer, detail, hint, quarantineId, outcome }) =>
    // The repetition of a rejected call is rejected still.
    outcome === 'quarantined' || (outcome === 'duplicate' && quarantineId !== undefined)
      ? [
          {
            index,
            messageId: calls[index]?.messageId ?? '',
            error: SEGMENT_ERRORS[code ?? ''] ?? code ?? '',
            ...{ pointer: pointer ?? '#', message: detail ?? '', hint: hint ?? '' },
            ...(quarantineId === undefined ? {} : { quarantineId }),
          },
        ]
      : [],
  );
  return { success: rejected.length === 0, ...counts, rejected };
}
