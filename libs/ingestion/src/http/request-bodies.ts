import {
  Anything,
  Describe,
  documentReader,
  Flag,
  FreeText,
  Hint,
  ListOf,
  Optional,
  OrNull,
  Part,
  PolicyForm,
  Text,
  Whole,
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

/** Which open events a request in bulk is about. */
class SelectionRequest {
  @Optional()
  @Text(100)
  @Describe('Only events that were quarantined with this code')
  readonly code?: string;

  @Optional() @Text(512) @Describe('Only events of this source') readonly source?: string;

  @Optional() @Text(2_000) @Describe('Only rows of this file') readonly file?: string;

  @Optional() @ListOf(Text(64), 1, 1_000) @Describe('These events, by their ids') readonly ids?: readonly string[];

  @Optional()
  @Whole(0, Number.MAX_SAFE_INTEGER)
  @Describe('Continues: the `next` of the answer before')
  readonly after?: number;
}
const selectsSomething: DocumentRule<SelectionRequest> = ({ code, source, file, ids }) => {
  const by = [code, source, file].filter((given) => given !== undefined).length;
  if (ids !== undefined)
    return by === 0
      ? []
      : [{ pointer: '#/ids', detail: 'is not allowed beside code, source and file', hint: 'leave one of them out' }];
  return by > 0
    ? []
    : [
        {
          pointer: '#',
          detail: 'must say which events: code, source, file or ids',
          hint: 'give one of them, such as {"file": "orders.csv"}',
        },
      ];
};

/** The body of a release of many events. */
export class BulkReleaseRequest extends SelectionRequest {}
export const BULK_RELEASE_REQUEST = documentReader(BulkReleaseRequest, { rules: [selectsSomething] });

/** The body of a discard of many events. */
export class BulkDiscardRequest extends SelectionRequest {
  @FreeText(1_000) @Describe('Why the events are discarded') readonly reason!: string;

  @Optional()
  @Flag()
  @Describe('True where the same rows were read again: the events are then replaced')
  readonly replaced?: boolean;
}
export const BULK_DISCARD_REQUEST = documentReader(BulkDiscardRequest, { rules: [selectsSomething, reasonIsStorable] });

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
  @Optional()
  @Flag()
  @Describe('Whether the policy is only checked, and its date resolved: nothing is published')
  readonly dryRun?: boolean;
}
const policyReasonIsStorable: DocumentRule<PublishPolicyRequest> = ({ reason }) =>
  reasonIsStorable({ reason: reason ?? '' });
export const PUBLISH_POLICY_REQUEST = documentReader(PublishPolicyRequest, { rules: [policyReasonIsStorable] });
