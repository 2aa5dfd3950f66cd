import type { Instant } from '#contracts';
import {
  resolveCustomers,
  type CustomerLink,
  type KeepApart,
  type KnownSubject,
  type Resolution,
  type ResolutionRules,
} from './resolve-customers.js';

/** A link with its place in the log: a decision revokes only links that were known when it was made. */
export interface StatedLink extends CustomerLink {
  readonly position: number;
}

/**
 * What a person decided about two sides, each a list of subjects.
 *
 * `merge`: the first subjects of both sides are one customer. `unmerge`: links known until then that cross are revoked, and the sides are kept apart.
 * `keep-apart`: the sides are kept apart, and no link is revoked.
 */
export interface IdentityDecision {
  readonly decisionId: string;
  readonly kind: 'merge' | 'unmerge' | 'keep-apart';
  readonly one: readonly string[];
  readonly other: readonly string[];
  readonly occurredAt: Instant;
  readonly source: string;
  /** The id of its event. */
  readonly id: string;
  /** Its place in the log. */
  readonly position: number;
  /** Where in the log it was lifted (what keeps sides apart) or undone (a merge, by an unmerge); null while it stands. */
  readonly endedAt: number | null;
}

/** The link that a merge states. */
export function linkOfMerge({ one, other, occurredAt, source, id, position }: IdentityDecision): StatedLink {
  return { a: one[0] ?? '', b: other[0] ?? '', occurredAt, source, id, origin: 'operator', position };
}

/** Whether a decision revokes a link: an unmerge, made when the link was known, with one subject on each side. */
export function revokes(
  { kind, one, other, position }: Pick<IdentityDecision, 'kind' | 'one' | 'other' | 'position'>,
  link: Pick<StatedLink, 'a' | 'b' | 'position'>,
): boolean {
  if (kind !== 'unmerge' || link.position >= position) return false;
  return (one.includes(link.a) && other.includes(link.b)) || (one.includes(link.b) && other.includes(link.a));
}

/** The links that hold: those of merges among them, those that an unmerge revoked not. */
export function linksThatHold(
  links: readonly StatedLink[],
  decisions: readonly IdentityDecision[],
): readonly StatedLink[] {
  const unmerges = decisions.filter(({ kind }) => kind === 'unmerge');
  const stated = [...links, ...decisions.filter(({ kind }) => kind === 'merge').map(linkOfMerge)];
  return stated.filter((link) => !unmerges.some((unmerge) => revokes(unmerge, link)));
}

/** The sides that are kept apart, by decisions that stand. */
export function sidesKeptApart(decisions: readonly IdentityDecision[]): readonly KeepApart[] {
  return decisions
    .filter(({ kind, endedAt }) => kind !== 'merge' && endedAt === null)
    .map(({ one, other }) => ({ one, other }));
}

/** The customers that links and decisions give. What the log held up to a position gives what was known then. */
export function customersDecided(
  subjects: readonly KnownSubject[],
  links: readonly StatedLink[],
  decisions: readonly IdentityDecision[],
  rules: ResolutionRules,
): Resolution {
  return resolveCustomers(subjects, linksThatHold(links, decisions), {
    ...rules,
    keepApart: [...rules.keepApart, ...sidesKeptApart(decisions)],
  });
}

/** The decisions that were made up to a position, as they stood then. */
export function decisionsKnownAt(decisions: readonly IdentityDecision[], position: number): IdentityDecision[] {
  return decisions
    .filter((decision) => decision.position <= position)
    .map((decision) =>
      decision.endedAt !== null && decision.endedAt > position ? { ...decision, endedAt: null } : decision,
    );
}
