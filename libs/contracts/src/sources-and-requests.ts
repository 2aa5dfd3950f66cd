/** The lists of words that facts about sources and requests of data subjects may hold: apart from their forms, so that help texts show them. */

/** How a source reaches the engine. */
export const SOURCE_KINDS = ['api', 'segment', 'kafka', 'file'] as const;

/** What a data subject may request: GDPR art. 15, 20, 17, 18. */
export const SUBJECT_REQUEST_KINDS = ['access', 'portability', 'erasure', 'restriction'] as const;
export type SubjectRequestKind = (typeof SUBJECT_REQUEST_KINDS)[number];

/** How a request ends. */
export const SUBJECT_REQUEST_OUTCOMES = ['handed-over', 'done', 'nothing-on-record', 'refused', 'withdrawn'] as const;
export type SubjectRequestOutcome = (typeof SUBJECT_REQUEST_OUTCOMES)[number];

/** Why processing may be restricted: the four cases of GDPR art. 18(1). */
export const RESTRICTION_GROUNDS = ['accuracy-contested', 'unlawful', 'legal-claims', 'objection-pending'] as const;
export type RestrictionGround = (typeof RESTRICTION_GROUNDS)[number];

/** Why an identifier is on the suppression list: the person asked for it; a message was called spam; the address does not exist; the law or a court. */
export const SUPPRESSION_REASONS = ['request', 'complaint', 'bounce', 'legal', 'other'] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];
