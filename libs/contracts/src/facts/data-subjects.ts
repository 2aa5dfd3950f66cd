import { AnyText, At, Day, Matching, OneOf, Optional, SubjectIdOrNull, SubjectIds, Text } from '../fields.js';
import {
  SUBJECT_REQUEST_KINDS,
  SUBJECT_REQUEST_OUTCOMES,
  type SubjectRequestKind,
  type SubjectRequestOutcome,
} from '../sources-and-requests.js';

/** What data subjects requested (GDPR art. 12 to 20), and what became of it. What people wrote about it is sealed: an erasure destroys it. */

const REQUEST_ID = '^[0-9a-f]{32}$';

/** A data subject made a request. */
export class SubjectRequestReceived {
  @Matching(REQUEST_ID, 32, '32 hex characters') requestId!: string;
  @OneOf(...SUBJECT_REQUEST_KINDS) kind!: SubjectRequestKind;
  /** The subjects by which the person was named. */
  @SubjectIds() subjectIds!: string[];
  /** The customer that they belonged to; null for a person without an event of their own. */
  @SubjectIdOrNull() customerId!: string | null;
  /** When it reached the business. The time to answer counts from here. */
  @At() receivedAt!: number;
  /** The last day on which it may be answered, in the zone of the business. */
  @Day() dueOn!: string;
  @Text(64) timeZone!: string;
  /** The identifier that the person gave, how the asker was checked, and a note: under a key with the id of the request. Absent for an erased person. */
  @Optional() @AnyText() sealed?: string;
}

/** The time to answer was extended, once (art. 12(3)). */
export class SubjectRequestExtended {
  @Matching(REQUEST_ID, 32, '32 hex characters') requestId!: string;
  @Day() dueOn!: string;
  /** Why: under the key of the request. Absent for an erased person. */
  @Optional() @AnyText() sealed?: string;
}

/** A request was answered. */
export class SubjectRequestAnswered {
  @Matching(REQUEST_ID, 32, '32 hex characters') requestId!: string;
  @OneOf(...SUBJECT_REQUEST_OUTCOMES) outcome!: SubjectRequestOutcome;
  /** SHA-256 of the manifest of what was handed over. */
  @Optional() @Matching('^[0-9a-f]{64}$', 64, '64 hex characters') digest?: string;
  /** A note: under the key of the request. */
  @Optional() @AnyText() sealed?: string;
}
