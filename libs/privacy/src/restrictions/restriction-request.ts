import {
  Describe,
  documentReader,
  formatInstant,
  Hint,
  Matching,
  OneOf,
  Optional,
  RESTRICTION_GROUNDS,
  type RestrictionGround,
} from '#contracts';
import { namesAPerson, PersonRequest } from '../erasure/erasure-request.js';
import type { Restriction } from './restriction-register.js';

/** The body of a restriction. */
export class RestrictionRequest extends PersonRequest {
  @OneOf(...RESTRICTION_GROUNDS)
  @Describe(
    'Why (GDPR art. 18(1)): the accuracy is contested; the processing is unlawful, and the person opposes the erasure; the person needs the data for legal claims; an objection is pending',
  )
  readonly ground!: RestrictionGround;
  @Optional()
  @Matching('^[0-9a-f]{32}$', 32, 'the id of a request')
  @Hint('give the id that the request of the data subject got, or leave it out')
  @Describe('The request of the data subject that it answers')
  readonly request?: string;
}

export const RESTRICTION_REQUEST = documentReader(RestrictionRequest, { rules: [namesAPerson] });

/** A restriction as it is shown. Instants are RFC 3339. */
export interface ShownRestriction {
  readonly restrictionId: string;
  readonly ground: RestrictionGround;
  readonly status: 'active' | 'lifted';
  readonly customerId: string | null;
  readonly subjects: number;
  readonly requestId: string | null;
  readonly placedAt: string;
  readonly placedBy: string;
  readonly liftedAt: string | null;
  readonly liftedBy: string | null;
}

export const RESTRICTION_STATUSES = ['active', 'lifted', 'all'] as const;
export type RestrictionSelection = (typeof RESTRICTION_STATUSES)[number];

export function restrictionView(restriction: Restriction): ShownRestriction {
  const { restrictionId, ground, customerId, subjectIds, requestId = null, placedAt, placedBy, lifted } = restriction;
  return {
    ...{ restrictionId, ground, status: lifted === null ? 'active' : 'lifted', customerId },
    ...{ subjects: subjectIds.length, requestId, placedAt: formatInstant(placedAt), placedBy },
    liftedAt: lifted === null ? null : formatInstant(lifted.at),
    liftedBy: lifted?.by ?? null,
  };
}

/** Those of a status, in the order in which they were placed. */
export const selectRestrictions = (
  all: Iterable<Restriction>,
  status: RestrictionSelection,
): readonly ShownRestriction[] =>
  [...all].map(restrictionView).filter((each) => status === 'all' || each.status === status);
