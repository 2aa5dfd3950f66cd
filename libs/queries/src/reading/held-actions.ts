import type { Instant } from '#contracts';
import { CONSENT_REASONS, policyTreatments, type Policy, type WithheldAction } from '#lifecycle';
import { instantText } from '#database';
import type { ReadModels } from './read-models.js';
import type { Where } from './where.js';

/** Why an action that the customer's phase calls for is not proposed: first what their consents say, then what holds it back all the same. */
export const HELD_REASONS = [
  ...CONSENT_REASONS,
  'restricted',
  'suppressed',
  'holdback-day',
  'quiet-hours',
  'frequency-cap',
] as const;

/** One action that is held back, as the queries show it. */
export interface HeldAction extends Record<string, unknown> {
  readonly customerId: string;
  readonly treatment: string;
  readonly purpose: string;
  readonly medium: string;
  readonly reason: (typeof HELD_REASONS)[number];
  readonly rule: string | null;
  readonly since: Instant;
  readonly heldSince: Instant;
  readonly until: Instant | null;
  readonly validUntil: Instant | null;
}

const COLUMNS =
  'customer_id, treatment, purpose, medium, cycle, stage, phase, since, valid_until, reason, rule, held_since, until';

/** What restraint holds back: a row of `perennial.held_actions` each. */
export const HELD_BY_RESTRAINT = `SELECT ${COLUMNS} FROM perennial.held_actions h`;

/** What the consents of customers hold back, under the treatments of a policy: the same as `withheldActions` says of each customer by itself. */
export function heldByConsent(where: Where, policy: Policy, now: Instant): string {
  const treatments = policyTreatments(policy);
  const list = (name: 'stage' | 'phase' | 'treatment' | 'purpose' | 'medium'): string =>
    `${where.param(treatments.map((one) => one[name]))}::text[]`;
  const at = `${where.param(instantText(now))}::timestamptz`;
  return `SELECT ${COLUMNS} FROM (
    SELECT c.customer_id, t.treatment, t.purpose, t.medium, c.cycle, c.stage, c.phase, greatest(c.entered_at, w.since) AS since,
           NULL::timestamptz AS valid_until, w.reason, NULL::text AS rule, greatest(c.entered_at, w.since) AS held_since, NULL::timestamptz AS until
      FROM customers c
      JOIN unnest(${list('stage')}, ${list('phase')}, ${list('treatment')}, ${list('purpose')}, ${list('medium')})
           AS t(stage, phase, treatment, purpose, medium) ON t.stage = c.stage AND t.phase = c.phase
      CROSS JOIN LATERAL (SELECT (
        SELECT said FROM jsonb_array_elements(c.consents) said
         WHERE said ->> 'purpose' = t.purpose AND (said ->> 'medium' IS NULL OR said ->> 'medium' = t.medium)
         ORDER BY said ->> 'medium' NULLS LAST LIMIT 1) AS said) s
      CROSS JOIN LATERAL (SELECT to_timestamp((said ->> 'expiresAt')::bigint / 1000.0)::timestamptz(3) AS expires_at) e
      CROSS JOIN LATERAL (
        SELECT CASE WHEN said IS NULL THEN 'no-consent' WHEN NOT (said ->> 'given')::boolean THEN 'consent-withdrawn'
                    WHEN expires_at <= ${at} THEN 'consent-expired'
                    WHEN (said ->> 'awaitsConfirmation')::boolean THEN 'consent-unconfirmed' END AS reason,
               CASE WHEN said IS NULL THEN c.entered_at WHEN (said ->> 'given')::boolean AND expires_at <= ${at} THEN expires_at
                    ELSE to_timestamp((said ->> 'since')::bigint / 1000.0)::timestamptz(3) END AS since) w
     WHERE w.reason IS NOT NULL) h`;
}

/** What is held back for one customer, without the customer: first by restraint, then by consent. */
export const shownHeld = (
  held: readonly HeldAction[],
  withheld: readonly WithheldAction[],
): readonly Readonly<Record<string, unknown>>[] => [
  ...held.map(({ customerId: _, ...rest }) => rest),
  ...withheld.map(({ since, ...rest }) => ({
    ...rest,
    rule: null,
    since,
    heldSince: since,
    until: null,
    validUntil: null,
  })),
];

/** Of the actions that are called for, those that nothing holds back. */
export function notHeld<T extends Pick<HeldAction, 'treatment' | 'purpose' | 'medium'>>(
  actions: readonly T[],
  held: readonly HeldAction[],
): readonly T[] {
  const nameOf = ({ treatment, purpose, medium }: Pick<HeldAction, 'treatment' | 'purpose' | 'medium'>): string =>
    JSON.stringify([treatment, purpose, medium]);
  const names = new Set(held.map(nameOf));
  return actions.filter((action) => !names.has(nameOf(action)));
}

/** What restraint holds back for one customer now. */
export async function heldFor(models: Pick<ReadModels, 'query'>, customerId: string): Promise<readonly HeldAction[]> {
  return models.query<HeldAction>(
    `SELECT customer_id AS "customerId", treatment, purpose, medium, reason, rule, since, held_since AS "heldSince", until, valid_until AS "validUntil"
       FROM perennial.held_actions WHERE customer_id = $1::text ORDER BY treatment, purpose, medium`,
    [customerId],
  );
}
