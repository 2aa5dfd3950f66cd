import {
  Describe,
  documentReader,
  formatInstant,
  Hint,
  isPlaceholder,
  Matching,
  MEDIA,
  Moment,
  Must,
  OneOf,
  Optional,
  Parts,
  SUPPRESSION_REASONS,
  type DocumentRule,
  type SuppressionReason,
} from '#contracts';
import type { NewSuppression } from './manage-suppressions.js';
import type { Suppression } from './suppression-register.js';

/** So many identifiers in one request. */
export const SUPPRESSIONS_MAX = 1_000;

/** One identifier, as a request names it. */
export class SuppressionForm {
  @Matching('^[^:]{1,64}:[\\s\\S]{1,512}$', 577, 'an identifier of the form namespace:value')
  @Must('an identifier of the form namespace:value')
  @Hint('write it as email:ada@example.com')
  readonly identifier!: string;
  @OneOf(...SUPPRESSION_REASONS)
  @Describe(
    'request: the person asked for it; complaint: they called a message spam; bounce: the address does not work; legal: the law or a court',
  )
  readonly reason!: SuppressionReason;
  @Optional()
  @OneOf(...MEDIA)
  @Describe('The only medium for which it holds; absent: every medium')
  readonly medium?: string;
  @Optional() @Moment() @Describe('Until when it holds; absent: until it is lifted') readonly expiresAt?: string;
}

/** The body of a request that adds to the suppression list. */
export class SuppressionsRequest {
  @Parts(() => SuppressionForm, 1, SUPPRESSIONS_MAX)
  @Describe('Identifiers to suppress')
  readonly suppressions!: readonly SuppressionForm[];
}

const split = (identifier: string): { readonly namespace: string; readonly value: string } => {
  const colon = identifier.indexOf(':');
  return { namespace: identifier.slice(0, colon), value: identifier.slice(colon + 1) };
};

/** A placeholder names everyone and no one. */
const namesSomeone: DocumentRule<SuppressionsRequest> = ({ suppressions }) =>
  suppressions.flatMap(({ identifier }, index) => {
    const { namespace, value } = split(identifier);
    if (value.trim() !== '' && !isPlaceholder(namespace, value)) return [];
    return [
      {
        pointer: `#/suppressions/${index}/identifier`,
        detail: 'is a placeholder, which names no person',
        hint: 'give the identifier of a person, or leave the entry out',
      },
    ];
  });

export const SUPPRESSIONS_REQUEST = documentReader(SuppressionsRequest, { rules: [namesSomeone] });

export const newSuppression = ({ identifier, reason, medium, expiresAt }: SuppressionForm): NewSuppression => ({
  ...split(identifier),
  ...{ reason, medium: medium ?? null, expiresAt: expiresAt ?? null },
});

/** A suppression as it is shown, without the identifier. Instants are RFC 3339. */
export interface ShownSuppression {
  readonly suppressionId: string;
  readonly subjectId: string;
  readonly namespace: string;
  readonly reason: SuppressionReason;
  readonly medium: string | null;
  readonly expiresAt: string | null;
  readonly status: 'active' | 'lifted';
  readonly addedAt: string;
  readonly addedBy: string;
}

export function suppressionView(one: Suppression): ShownSuppression {
  const {
    suppressionId,
    subjectId,
    namespace,
    reason,
    medium = null,
    expiresAt = null,
    addedAt,
    addedBy,
    lifted,
  } = one;
  return {
    ...{ suppressionId, subjectId, namespace, reason, medium, expiresAt },
    ...{ status: lifted === null ? 'active' : 'lifted', addedAt: formatInstant(addedAt), addedBy },
  };
}
