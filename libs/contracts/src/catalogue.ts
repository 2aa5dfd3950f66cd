import { STREAMS } from './streams.js';
import type { Origin } from './touchpoint.js';

/** What a touchpoint tells us, in the order in which a relationship unfolds. */
export type TouchpointGroup =
  | 'awareness'
  | 'knowledge'
  | 'consideration'
  | 'evaluation'
  | 'purchase'
  | 'contract'
  | 'service'
  | 'satisfaction'
  | 'wallet'
  | 'advocacy'
  | 'loyalty'
  | 'dialogue'
  | 'person';

/**
 * The built-in touchpoints, in the order in which those of one instant are taken. A name is a storage format: it is
 * never renamed. A new type takes its place in its group; the relative order of the others must not change.
 */
const TABLE = {
  awareness: {
    'ad-viewed': 'customer',
    'ad-clicked': 'customer',
    'campaign-received': 'business',
    'message-delivered': 'business',
    'message-bounced': 'system',
    'message-opened': 'customer',
    'site-visited': 'customer',
    'app-opened': 'customer',
  },
  knowledge: {
    'content-viewed': 'customer',
    'message-clicked': 'customer',
    'newsletter-subscribed': 'customer',
    'event-attended': 'customer',
  },
  consideration: {
    'product-viewed': 'customer',
    'product-searched': 'customer',
    'wish-listed': 'customer',
    'store-visited': 'customer',
    'enquiry-made': 'customer',
    'contact-met': 'customer',
  },
  evaluation: {
    'cart-updated': 'customer',
    'checkout-started': 'customer',
    'quote-requested': 'customer',
    'quote-sent': 'business',
    'quote-accepted': 'customer',
    'quote-declined': 'customer',
    'quote-expired': 'system',
    'demo-attended': 'customer',
    'trial-started': 'customer',
  },
  purchase: {
    'order-placed': 'customer',
    'order-amended': 'customer',
    'order-cancelled': 'customer',
    'order-returned': 'customer',
    'payment-failed': 'system',
    'payment-succeeded': 'system',
  },
  contract: {
    'subscription-started': 'customer',
    'subscription-renewed': 'customer',
    'subscription-upgraded': 'customer',
    'subscription-downgraded': 'customer',
    'subscription-paused': 'customer',
    'subscription-resumed': 'customer',
    'subscription-cancelled': 'customer',
    'subscription-ended': 'system',
  },
  service: {
    'product-used': 'customer',
    delivered: 'system',
    'case-opened': 'customer',
    'case-resolved': 'business',
    'complaint-made': 'customer',
    'call-handled': 'business',
    'community-posted': 'customer',
  },
  satisfaction: {
    'survey-answered': 'customer',
    'review-posted': 'customer',
  },
  wallet: {
    'wallet-estimated': 'business',
  },
  advocacy: {
    'referral-made': 'customer',
    'referral-converted': 'system',
    shared: 'customer',
  },
  loyalty: {
    'points-earned': 'system',
    'points-redeemed': 'system',
    'points-expired': 'system',
    'tier-granted': 'system',
  },
  dialogue: {
    'action-proposed': 'business',
    'contact-made': 'business',
    'response-given': 'customer',
    unsubscribed: 'customer',
    'spam-reported': 'customer',
  },
  person: {
    'profile-updated': 'system',
    'consent-given': 'customer',
    'consent-withdrawn': 'customer',
    'account-joined': 'system',
    'account-left': 'system',
    'owner-assigned': 'business',
    'note-added': 'business',
  },
} as const satisfies Record<TouchpointGroup, Record<string, Origin>>;

/** The newest version of a type's or a fact's data where it is not 1. Each older version has its upcaster in `upcasters.ts`. */
const VERSIONS: Readonly<Record<string, number>> = {
  'case-resolved': 2,
  'event-quarantined': 4,
  'event-discarded': 2,
  'event-released': 2,
  'person-erased': 2,
  'policy-published': 2,
  'source-registered': 2,
  'source-changed': 2,
};

type NamesOf<T> = T extends Record<string, unknown> ? keyof T : never;

/** The name of a built-in touchpoint type. */
export type TouchpointTypeName = NamesOf<(typeof TABLE)[TouchpointGroup]>;

/** A touchpoint type as the catalogue knows it. */
export interface TouchpointType {
  readonly name: string;
  readonly group: TouchpointGroup;
  readonly origin: Origin;
  /** Place in the catalogue, from 0: events of one instant are taken in this order. */
  readonly rank: number;
  /** The newest version of its data; versions count from 1. */
  readonly version: number;
}

/** The built-in touchpoint types, in order of rank. */
export const TOUCHPOINT_TYPES: readonly TouchpointType[] = Object.entries(TABLE)
  .flatMap(([group, types]) => Object.entries(types).map(([name, origin]) => ({ group, name, origin })))
  .map(({ group, name, origin }, rank) => ({
    name,
    group: group as TouchpointGroup,
    origin,
    rank,
    version: VERSIONS[name] ?? 1,
  }));

/** The groups of the catalogue, in its order. */
export const TOUCHPOINT_GROUPS = Object.keys(TABLE) as readonly TouchpointGroup[];

const BY_NAME: ReadonlyMap<string, TouchpointType> = new Map(TOUCHPOINT_TYPES.map((type) => [type.name, type]));

/** The built-in type of this name; null for a custom type and for anything else. */
export function touchpointType(name: string): TouchpointType | null {
  return BY_NAME.get(name) ?? null;
}

/** The rank of every type that is not built in: after all that are, however many are added. */
export const CUSTOM_RANK = 1_000_000;

/** Where a type stands among events of one instant. */
export function rankOf(type: string): number {
  return BY_NAME.get(type)?.rank ?? CUSTOM_RANK;
}

/** A fact that is no touchpoint: about the business, or about the engine itself; never about one customer. */
export interface Fact {
  readonly name: FactName;
  /** The newest version of its data; versions count from 1. */
  readonly version: number;
}

/** The facts of the business, and the kind of stream that each is written to: `STREAMS.business(kind)`. */
const BUSINESS_KINDS = {
  'spend-recorded': 'spend',
  'market-estimated': 'market',
  'rate-published': 'rates',
  'product-defined': 'products',
  'actor-registered': 'actors',
  'actor-surveyed': 'actors',
  'target-set': 'targets',
  'result-recorded': 'results',
  'source-closed': 'closings',
  'policy-published': 'policy',
  'model-fitted': 'models',
  'population-scored': 'runs',
  'type-registered': 'types',
  'attribute-defined': 'attributes',
  'attribute-removed': 'attributes',
  'segment-defined': 'segments',
  'segment-removed': 'segments',
} as const;

/** What the engine itself writes into the log. */
const ENGINE_EVENTS = [
  'intake-receipt',
  'event-quarantined',
  'event-released',
  'event-discarded',
  'person-erased',
  'erasure-requested',
  'hold-placed',
  'hold-lifted',
  'personal-fields-expired',
  'restriction-placed',
  'restriction-lifted',
  'suppression-added',
  'suppression-lifted',
  'hash-key-adopted',
  'hash-key-changed',
  'webhook-registered',
  'webhook-changed',
  'key-created',
  'key-rotated',
  'key-revoked',
  'principal-blocked',
  'principal-unblocked',
  'sign-in-rejected',
  'session-ended',
  'operation-started',
  'personal-data-opened',
  'subject-request-received',
  'subject-request-extended',
  'subject-request-answered',
  'customers-merged',
  'customers-unmerged',
  'customers-kept-apart',
  'keep-apart-lifted',
  'break-glass-used',
  'settings-changed',
  'act-requested',
  'act-approved',
  'act-declined',
  'act-performed',
  'act-failed',
  'source-registered',
  'source-changed',
  'source-paused',
  'source-resumed',
  'source-retired',
] as const;

/** The name of a fact. No touchpoint bears such a name. */
export type FactName = keyof typeof BUSINESS_KINDS | (typeof ENGINE_EVENTS)[number];

/** Every fact that is no touchpoint. */
export const FACTS: readonly Fact[] = [...(Object.keys(BUSINESS_KINDS) as FactName[]), ...ENGINE_EVENTS].map(
  (name) => ({
    name,
    version: VERSIONS[name] ?? 1,
  }),
);

const FACT_BY_NAME: ReadonlyMap<string, Fact> = new Map(FACTS.map((fact) => [fact.name, fact]));

/** The fact of this name, or null. */
export function factOf(name: string): Fact | null {
  return FACT_BY_NAME.get(name) ?? null;
}

/** The facts that a business tells itself, by an entrance of their own; all others are written by the engine. */
export const RECORDED_FACTS = [
  'spend-recorded',
  'market-estimated',
  'rate-published',
  'product-defined',
  'actor-registered',
  'actor-surveyed',
  'target-set',
  'result-recorded',
  'source-closed',
] as const satisfies readonly (keyof typeof BUSINESS_KINDS)[];

/** The name of a fact that a business tells itself. */
export type RecordedFactName = (typeof RECORDED_FACTS)[number];

/** Whether a business may tell this fact itself. */
export const isRecordedFact = (name: string): name is RecordedFactName =>
  (RECORDED_FACTS as readonly string[]).includes(name);

/** The stream of a fact of the business. */
export function streamOfFact(name: keyof typeof BUSINESS_KINDS): string {
  return STREAMS.business(BUSINESS_KINDS[name]);
}
