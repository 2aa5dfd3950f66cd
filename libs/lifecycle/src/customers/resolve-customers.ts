import type { Instant } from '#contracts';
import { compareUtf8 } from '../event-order.js';

/** A subject as the log knows it. */
export interface KnownSubject {
  readonly subjectId: string;
  readonly namespace: string;
  /** Its first position in the log: the lowest one among a customer's subjects names the customer. */
  readonly firstPosition: number;
}

/** A statement that two subjects are one customer: when, by which event, and of which origin. */
export interface CustomerLink {
  readonly a: string;
  readonly b: string;
  readonly occurredAt: Instant;
  readonly source: string;
  /** The event that states it. */
  readonly id: string;
  /** `touchpoint`: two identifiers stood in one touchpoint; `identify`: a login or an identify call; `operator`: a person. */
  readonly origin: 'touchpoint' | 'identify' | 'operator';
}

/** The fields that order links. */
export type LinkPlace = Pick<CustomerLink, 'a' | 'b' | 'occurredAt' | 'source' | 'id'>;

/** A decision that two sides are different people: no link joins them until it is lifted. */
export interface KeepApart {
  readonly one: readonly string[];
  readonly other: readonly string[];
}

export interface ResolutionRules {
  /** Namespaces of which a customer has at most one value, such as `userId`. */
  readonly uniqueNamespaces: readonly string[];
  readonly keepApart: readonly KeepApart[];
  /** A component of more subjects than this keeps only its `identify` and `operator` links, and is listed. */
  readonly componentLimit: number;
}

export type LinkRejection = 'unique-namespace' | 'kept-apart' | 'component-too-large';

export interface ResolvedCustomer {
  /** The subject that is lowest in the log. */
  readonly customerId: string;
  /** The smallest subjectId: it stands for the customer where positions must not matter. */
  readonly digestId: string;
  /** Sorted. */
  readonly subjects: readonly string[];
}

export interface Resolution {
  /** By customerId, sorted. */
  readonly customers: readonly ResolvedCustomer[];
  /** The customer of each subject. */
  readonly customerOf: ReadonlyMap<string, string>;
  readonly rejected: readonly { readonly link: CustomerLink; readonly reason: LinkRejection }[];
  /** Raw components beyond the limit, each with its subjects, sorted. */
  readonly oversized: readonly (readonly string[])[];
}

/**
 * Resolves subjects to customers: a pure function of the subjects and the set of links, in whatever order they come. Links
 * apply by (occurredAt, source, id); one that would join two values of a unique namespace, or cross a keep-apart, is rejected.
 */
export function resolveCustomers(
  subjects: readonly KnownSubject[],
  links: readonly CustomerLink[],
  rules: ResolutionRules,
): Resolution {
  const known = new Map(subjects.map((subject) => [subject.subjectId, subject]));
  const ordered = links.filter(({ a, b }) => known.has(a) && known.has(b)).sort(compareLinks);
  const tooLarge = oversizedComponents(subjects, ordered, rules.componentLimit);
  const inTooLarge = new Set(tooLarge.flat());

  const forest = new Forest(subjects.map(({ subjectId }) => subjectId));
  const uniques = uniqueValues(subjects, rules.uniqueNamespaces);
  const sides = keptApart(rules.keepApart);
  const rejected: { link: CustomerLink; reason: LinkRejection }[] = [];
  for (const link of ordered) {
    const a = forest.root(link.a);
    const b = forest.root(link.b);
    if (a === b) continue;
    if (link.origin === 'touchpoint' && inTooLarge.has(link.a)) {
      rejected.push({ link, reason: 'component-too-large' });
    } else if (apart(sides.get(a), sides.get(b))) {
      // Before the reason that a rule gives: a person has decided this one.
      rejected.push({ link, reason: 'kept-apart' });
    } else if (clash(uniques.get(a), uniques.get(b))) {
      rejected.push({ link, reason: 'unique-namespace' });
    } else {
      const root = forest.join(a, b);
      const joined = root === a ? b : a;
      adopt(uniques, root, joined);
      adopt(sides, root, joined);
    }
  }
  return { ...customersOf(forest, known), rejected, oversized: tooLarge };
}

/** Sets of subjects that grow together; each has one subject as its root. */
class Forest {
  private readonly parent = new Map<string, string>();
  private readonly size = new Map<string, number>();

  constructor(subjects: readonly string[]) {
    for (const subject of subjects) this.parent.set(subject, subject);
  }

  root(subject: string): string {
    let root = subject;
    for (let up = this.parent.get(root); up !== undefined && up !== root; up = this.parent.get(root)) root = up;
    for (let at = subject; at !== root;) {
      const up = this.parent.get(at) ?? root;
      this.parent.set(at, root);
      at = up;
    }
    return root;
  }

  /** Joins two roots; the one that becomes the root of both. */
  join(a: string, b: string): string {
    const sizeA = this.size.get(a) ?? 1;
    const sizeB = this.size.get(b) ?? 1;
    const [root, joined] = sizeA >= sizeB ? [a, b] : [b, a];
    this.parent.set(joined, root);
    this.size.set(root, sizeA + sizeB);
    return root;
  }

  /** Every set, sorted within and by its first. */
  sets(): string[][] {
    const byRoot = new Map<string, string[]>();
    for (const subject of [...this.parent.keys()].sort()) {
      const root = this.root(subject);
      const set = byRoot.get(root);
      if (set === undefined) byRoot.set(root, [subject]);
      else set.push(subject);
    }
    return [...byRoot.values()];
  }
}

/** The one order of links: (occurredAt, source, id), texts as UTF-8 bytes. Readers of stored links sort by it too. */
export function compareLinks(x: LinkPlace, y: LinkPlace): number {
  return (
    x.occurredAt - y.occurredAt ||
    compareUtf8(x.source, y.source) ||
    compareUtf8(x.id, y.id) ||
    // One event may link several pairs: these have an order too.
    compareUtf8(pairOf(x), pairOf(y))
  );
}

function pairOf({ a, b }: LinkPlace): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

/** Components over all links, rejected or not, that are larger than the limit. */
function oversizedComponents(
  subjects: readonly KnownSubject[],
  links: readonly CustomerLink[],
  limit: number,
): readonly (readonly string[])[] {
  const raw = new Forest(subjects.map(({ subjectId }) => subjectId));
  for (const link of links) {
    const a = raw.root(link.a);
    const b = raw.root(link.b);
    if (a !== b) raw.join(a, b);
  }
  return raw.sets().filter((set) => set.length > limit);
}

/** By root: the subject that holds the one value of each unique namespace. */
function uniqueValues(
  subjects: readonly KnownSubject[],
  namespaces: readonly string[],
): Map<string, Map<string, string>> {
  const unique = new Set(namespaces);
  const values = new Map<string, Map<string, string>>();
  for (const { subjectId, namespace } of subjects)
    if (unique.has(namespace)) values.set(subjectId, new Map([[namespace, subjectId]]));
  return values;
}

/** By root: on which side of which keep-apart it stands; a component may stand on both sides, if it stood so before. */
function keptApart(decisions: readonly KeepApart[]): Map<string, Map<string, string>> {
  const sides = new Map<string, Map<string, string>>();
  decisions.forEach(({ one, other }, index) => {
    for (const subject of one) sideOf(sides, subject).set(`${index} one`, 'stands');
    for (const subject of other) sideOf(sides, subject).set(`${index} other`, 'stands');
  });
  return sides;
}

function sideOf(sides: Map<string, Map<string, string>>, subject: string): Map<string, string> {
  let own = sides.get(subject);
  if (own === undefined) sides.set(subject, (own = new Map()));
  return own;
}

function clash(a: ReadonlyMap<string, string> | undefined, b: ReadonlyMap<string, string> | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  for (const [namespace, subject] of a) {
    const other = b.get(namespace);
    if (other !== undefined && other !== subject) return true;
  }
  return false;
}

function apart(a: ReadonlyMap<string, string> | undefined, b: ReadonlyMap<string, string> | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  for (const side of a.keys()) {
    const [index, which] = side.split(' ');
    if (b.has(`${index} ${which === 'one' ? 'other' : 'one'}`)) return true;
  }
  return false;
}

function adopt(of: Map<string, Map<string, string>>, root: string, joined: string): void {
  const theirs = of.get(joined);
  if (theirs === undefined) return;
  const own = of.get(root);
  if (own === undefined) of.set(root, theirs);
  else for (const [key, value] of theirs) own.set(key, value);
}

function customersOf(
  forest: Forest,
  known: ReadonlyMap<string, KnownSubject>,
): { customers: ResolvedCustomer[]; customerOf: Map<string, string> } {
  const customers: ResolvedCustomer[] = [];
  const customerOf = new Map<string, string>();
  for (const subjects of forest.sets()) {
    let lowest = subjects[0] ?? '';
    for (const subject of subjects) if (place(known, subject) < place(known, lowest)) lowest = subject;
    for (const subject of subjects) customerOf.set(subject, lowest);
    customers.push({ customerId: lowest, digestId: subjects[0] ?? lowest, subjects });
  }
  customers.sort((a, b) => (a.customerId < b.customerId ? -1 : 1));
  return { customers, customerOf };
}

function place(known: ReadonlyMap<string, KnownSubject>, subject: string): number {
  return known.get(subject)?.firstPosition ?? Infinity;
}
