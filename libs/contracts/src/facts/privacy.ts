import {
  Matching,
  Moment,
  Names,
  OneOf,
  Optional,
  Parts,
  QuarantineIds,
  SubjectId,
  SubjectIdOrNull,
  SubjectIds,
  Text,
  Whole,
} from '../fields.js';
import { PERSONAL_CLASSES, type PersonalClass } from '../personal-classes.js';
import {
  RESTRICTION_GROUNDS,
  SUPPRESSION_REASONS,
  type RestrictionGround,
  type SuppressionReason,
} from '../sources-and-requests.js';
import { MEDIA } from '../touchpoints/awareness.js';

/** What was decided about the data of persons. Who decided it stands in the `meta` of the event (`by`), as do their identifiers and free text, sealed. */

const FACT_ID = '^[0-9a-f]{32}$';

/** A legal hold began: the data of a person are kept for a case, and no erasure destroys them. */
export class HoldPlaced {
  @Matching(FACT_ID, 32, '32 hex characters') holdId!: string;
  /** The reference of the case. It names no person. */
  @Text(128) case!: string;
  @SubjectIds() subjectIds!: string[];
  @SubjectIdOrNull() customerId!: string | null;
  /** Quarantined bodies in which the person was found. */
  @QuarantineIds() quarantineIds!: string[];
}

/** A legal hold ended. */
export class HoldLifted {
  @Matching(FACT_ID, 32, '32 hex characters') holdId!: string;
}

/** The erasure of a person was requested while a hold kept their data: it is done when the last hold is lifted. */
export class ErasureRequested {
  @Matching(FACT_ID, 32, '32 hex characters') erasureId!: string;
  @SubjectIds() subjectIds!: string[];
  @SubjectIdOrNull() customerId!: string | null;
  /** The namespaces by which the person was known. */
  @Names() namespaces!: string[];
}

/** Of one class and year. */
export class ExpiredClass {
  @OneOf(...PERSONAL_CLASSES) class!: PersonalClass;
  /** In which the fields happened (UTC). */
  @Whole(-271_821, 275_760) year!: number;
  /** Keys that were destroyed since the last of these facts: one for each subject. */
  @Whole(0, Number.MAX_SAFE_INTEGER) keys!: number;
  /** All that were destroyed so far: an older key store is told by it. */
  @Whole(0, Number.MAX_SAFE_INTEGER) total!: number;
  /** Keys that a legal hold kept. */
  @Whole(0, Number.MAX_SAFE_INTEGER) held!: number;
}

/** The time of personal fields of some classes and years was over: their keys were destroyed, for all persons that no hold keeps. */
export class PersonalFieldsExpired {
  /** The policy whose rules say so. */
  @Text(200) policyVersion!: string;
  @Parts(() => ExpiredClass, 1, 1_000) classes!: ExpiredClass[];
}

/** The processing of the data of a person was restricted (GDPR art. 18): they are kept, and used for little else. */
export class RestrictionPlaced {
  @Matching(FACT_ID, 32, '32 hex characters') restrictionId!: string;
  @OneOf(...RESTRICTION_GROUNDS) ground!: RestrictionGround;
  @SubjectIds() subjectIds!: string[];
  @SubjectIdOrNull() customerId!: string | null;
  /** Quarantined bodies in which the person was found. */
  @QuarantineIds() quarantineIds!: string[];
  /** The request of the data subject that it answers. */
  @Optional() @Matching(FACT_ID, 32, '32 hex characters') requestId?: string;
}

/** A restriction ended. */
export class RestrictionLifted {
  @Matching(FACT_ID, 32, '32 hex characters') restrictionId!: string;
  /** The subjects that it named. */
  @SubjectIds() subjectIds!: string[];
}

/**
 * An identifier was put on the suppression list: no action is proposed to the person that it names. The subject is the keyed hash of the identifier, which
 * stays when the person is erased.
 */
export class SuppressionAdded {
  @Matching(FACT_ID, 32, '32 hex characters') suppressionId!: string;
  @SubjectId() subjectId!: string;
  /** The namespace of the identifier, such as email. */
  @Text(64) namespace!: string;
  @OneOf(...SUPPRESSION_REASONS) reason!: SuppressionReason;
  /** The only medium for which it holds; absent: every medium. */
  @Optional() @OneOf(...MEDIA) medium?: string;
  /** Until when it holds; absent: until it is lifted. */
  @Optional() @Moment() expiresAt?: string;
}

/** A suppression ended. */
export class SuppressionLifted {
  @Matching(FACT_ID, 32, '32 hex characters') suppressionId!: string;
  /** The subject that it named. */
  @SubjectId() subjectId!: string;
}
