import {
  Anything,
  Describe,
  documentReader,
  Flag,
  FreeText,
  Hint,
  Optional,
  OrNull,
  Part,
  PolicyForm,
  Text,
  type DocumentRule,
} from '#contracts';

/** The body of a release. */
export class ReleaseRequest {
  @Optional()
  @Anything()
  @Describe('The event as it should have been; without it the received event is ingested')
  readonly fixed?: unknown;
}
export const RELEASE_REQUEST = documentReader(ReleaseRequest);

/** The body of a discard. */
export class DiscardRequest {
  @Optional() @FreeText(1_000) @Describe('Why the event is discarded') readonly reason?: string;
}
const reasonIsStorable: DocumentRule<Pick<DiscardRequest, 'reason'>> = ({ reason = '' }) =>
  /\0|\p{Surrogate}/u.test(reason)
    ? [{ pointer: '#/reason', detail: 'must not hold NUL or half a character', hint: 'remove that character' }]
    : [];
export const DISCARD_REQUEST = documentReader(DiscardRequest, { rules: [reasonIsStorable] });

/** The body of a release of many events. */
export class BulkReleaseRequest {
  @Text(100)
  @Describe('Release all open events that were quarantined with this code')
  @Hint('give the code of a quarantined event, such as type-unknown')
  readonly code!: string;
}
export const BULK_RELEASE_REQUEST = documentReader(BulkReleaseRequest);

/** The body of a publication. */
export class PublishPolicyRequest {
  @Part(() => PolicyForm) @Describe('The whole policy: start from a built-in one') readonly policy!: PolicyForm;
  @Optional()
  @OrNull(Text(64))
  @Hint('give a date such as 2027-01-31, a date-time with its offset, or beginning')
  @Describe(
    'From when the policy is in force: a date (its start in the time zone of the policy), a date-time, or `beginning`; immediately by default. A restatement lies in the past and goes back to the beginning by default; otherwise the date is a future one',
  )
  readonly effectiveFrom?: string | null;
  @Optional()
  @Flag()
  @Describe('Whether the policy counts from a past date: what is believed changes from now on, and no action follows')
  readonly restate?: boolean;
  @Optional()
  @OrNull(FreeText(500))
  @Describe('Why the past is restated; only and always with restate')
  readonly reason?: string | null;
}
const policyReasonIsStorable: DocumentRule<PublishPolicyRequest> = ({ reason }) =>
  reasonIsStorable({ reason: reason ?? '' });
export const PUBLISH_POLICY_REQUEST = documentReader(PublishPolicyRequest, { rules: [policyReasonIsStorable] });
