import { Describe, documentReader, Hint, ListOf, Matching, Must, Optional, Text, type DocumentRule } from '#contracts';

/** What may be decided about who is who. `lift` ends an earlier decision. */
export const DECISION_KINDS = ['merge', 'unmerge', 'keep-apart', 'lift'] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];

const REASON_MAX = 2_000;
const WHO = '^([0-9a-f]{32}|[^:]{1,64}:[\\s\\S]{1,512})$';
const WHO_MAX = 577;
const WHO_TEXT = 'a customer id, or an identifier of the form namespace:value';
const WHO_HINT = 'write it as email:ada@example.com, or give the 32 characters of a customer id';

/** What every decision states. */
class Decision {
  @Text(REASON_MAX)
  @Hint('say why, for the people who look at it later')
  @Describe('Why. Sealed under the persons: an erasure destroys it')
  readonly reason!: string;
  @Optional()
  @Matching('^[0-9a-f]{32}$', 32, 'an id of 32 hex characters')
  @Describe('An id of your own choice, so that the same decision sent again is not recorded twice')
  readonly decisionId?: string;
}

/** Two customers. */
class TwoCustomers extends Decision {
  @Matching(WHO, WHO_MAX, WHO_TEXT) @Must(WHO_TEXT) @Hint(WHO_HINT) @Describe('One customer') readonly one!: string;
  @Matching(WHO, WHO_MAX, WHO_TEXT) @Must(WHO_TEXT) @Hint(WHO_HINT) @Describe('The other') readonly other!: string;
}

/** Two customers are one. */
export class MergeRequest extends TwoCustomers {}

/** Two customers are different people. */
export class KeepApartRequest extends TwoCustomers {}

/** One customer is two. */
export class UnmergeRequest extends Decision {
  @Optional()
  @Matching('^[0-9a-f]{32}$', 32, 'the id of a merge')
  @Hint('give the decisionId of the merge: perennial query identity-decisions lists it')
  @Describe('The merge that is undone, by its decisionId')
  readonly merge?: string;
  @Optional()
  @Matching(WHO, WHO_MAX, WHO_TEXT)
  @Must(WHO_TEXT)
  @Hint(WHO_HINT)
  @Describe('The customer who loses the identifiers, where no merge is undone')
  readonly customer?: string;
  @Optional()
  @ListOf(Matching(WHO, WHO_MAX, WHO_TEXT), 1, 200)
  @Hint('list the identifiers that belong to another person')
  @Describe('The identifiers that belong to another person: namespace:value, or subject ids')
  readonly apart?: readonly string[];
}

/** The sides of a decision are kept apart no longer. */
export class LiftRequest extends Decision {}

const oneOfBoth: DocumentRule<UnmergeRequest> = ({ merge, customer, apart }) =>
  (merge === undefined) === (customer === undefined && apart === undefined)
    ? [{ pointer: '#', detail: 'must say what is undone', hint: 'give merge, or else customer and apart' }]
    : merge === undefined && (customer === undefined || apart === undefined)
      ? [
          {
            pointer: customer === undefined ? '#/customer' : '#/apart',
            detail: 'is missing',
            hint: 'give customer and the identifiers that are parted from them, apart',
          },
        ]
      : [];

const notTheSame: DocumentRule<TwoCustomers> = ({ one, other }) =>
  one === other ? [{ pointer: '#/other', detail: 'is the same as one', hint: 'name two different customers' }] : [];

export const MERGE_REQUEST = documentReader(MergeRequest, { rules: [notTheSame] });
export const KEEP_APART_REQUEST = documentReader(KeepApartRequest, { rules: [notTheSame] });
export const UNMERGE_REQUEST = documentReader(UnmergeRequest, { rules: [oneOfBoth] });
export const LIFT_REQUEST = documentReader(LiftRequest);
