import {
  Anything,
  Describe,
  documentReader,
  FreeText,
  Hint,
  Moment,
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
const reasonIsStorable: DocumentRule<DiscardRequest> = ({ reason = '' }) =>
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
  @OrNull(Moment())
  @Describe('A future instant from which the policy is in force; immediately by default')
  readonly effectiveFrom?: string | null;
}
export const PUBLISH_POLICY_REQUEST = documentReader(PublishPolicyRequest);
