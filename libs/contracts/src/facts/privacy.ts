import { Matching, Names, QuarantineIds, SubjectIdOrNull, SubjectIds, Text } from '../fields.js';

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
