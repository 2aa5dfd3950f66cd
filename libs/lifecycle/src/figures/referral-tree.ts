/** One customer brought another: the referrer, who was referred, and what the referred one has brought in. */
export interface ReferralEdge {
  readonly referrer: string;
  readonly referred: string;
  /** When it was said. */
  readonly at: number;
  /** Names the edge among those of one instant: the place of its event. */
  readonly key: string;
}

/** Why an edge does not count. */
export type ReferralRejection<E extends ReferralEdge = ReferralEdge> = {
  readonly edge: E;
  /** `cycle`: the referrer was brought, at first or second hand, by the one referred. `referred-already`: another customer brought them before. `self`: both are one customer. */
  readonly reason: 'cycle' | 'referred-already' | 'self';
};

/** Which customer brought which: a forest. */
export interface ReferralTree<E extends ReferralEdge = ReferralEdge> {
  /** The referrer of each customer who was brought. */
  readonly referrerOf: ReadonlyMap<string, string>;
  readonly rejected: readonly ReferralRejection<E>[];
}

/** What one customer brought. */
export interface Advocacy {
  /** Customers brought at first hand. */
  readonly direct: number;
  /** All who came by them, at first hand and after. */
  readonly all: number;
  /** The longest chain below them; 0 where they brought no customer. */
  readonly depth: number;
}

/**
 * The forest of referrals. Edges count in the order of (at, key), whatever order they come in: the first referrer of a customer stays, and an edge that would close a cycle
 * is rejected and listed.
 */
export function referralTree<E extends ReferralEdge>(edges: readonly E[]): ReferralTree<E> {
  const referrerOf = new Map<string, string>();
  const rejected: ReferralRejection<E>[] = [];
  const ordered = [...edges].sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  for (const edge of ordered) {
    const { referrer, referred } = edge;
    if (referrer === referred) rejected.push({ edge, reason: 'self' });
    else if (referrerOf.has(referred)) {
      // The same edge again says nothing new.
      if (referrerOf.get(referred) !== referrer) rejected.push({ edge, reason: 'referred-already' });
    } else if (isBelow(referrer, referred, referrerOf)) rejected.push({ edge, reason: 'cycle' });
    else referrerOf.set(referred, referrer);
  }
  return { referrerOf, rejected };
}

function isBelow(customer: string, above: string, referrerOf: ReadonlyMap<string, string>): boolean {
  for (let at: string | undefined = customer; at !== undefined; at = referrerOf.get(at)) if (at === above) return true;
  return false;
}

/** What each customer brought who brought anyone, in one pass from the leaves up. */
export function advocacyOf({ referrerOf }: Pick<ReferralTree, 'referrerOf'>): ReadonlyMap<string, Advocacy> {
  const found = new Map<string, { direct: number; all: number; depth: number }>();
  const waiting = new Map<string, number>();
  for (const referrer of referrerOf.values()) waiting.set(referrer, (waiting.get(referrer) ?? 0) + 1);
  const leaves = [...referrerOf.keys()].filter((customer) => !waiting.has(customer));
  for (let at = leaves.pop(); at !== undefined; at = leaves.pop()) {
    const referrer = referrerOf.get(at);
    if (referrer === undefined) continue;
    const below = found.get(at);
    const sum = found.get(referrer) ?? { direct: 0, all: 0, depth: 0 };
    sum.direct += 1;
    sum.all += 1 + (below?.all ?? 0);
    sum.depth = Math.max(sum.depth, 1 + (below?.depth ?? 0));
    found.set(referrer, sum);
    const rest = (waiting.get(referrer) as number) - 1;
    waiting.set(referrer, rest);
    if (rest === 0) leaves.push(referrer);
  }
  return found;
}
