import type { Instant } from '#contracts';
import type { Condition, SegmentDefinition } from './definition.js';
import { FieldRegistry, type FieldValue } from './fields.js';
import {
  behaviourLeaf,
  consentLeaf,
  fieldLeaf,
  sequenceLeaf,
  type Leaf,
  type Moment,
  type SegmentFacts,
  type Verdict,
} from './leaves.js';
import type { AskedPattern } from './occurrence.js';

/** Whether a customer belongs to a segment at an instant, and the next instant at which time alone can change that; null for never. */
export interface Membership {
  readonly member: boolean;
  readonly nextAt: Instant | null;
}

/** A condition with its verdict on one customer, and those of its parts. */
export interface JudgedCondition {
  readonly condition: Condition;
  readonly holds: boolean;
  /** The next instant at which time alone can change it; null for never. */
  readonly nextAt: Instant | null;
  /** What was compared; absent for a condition that is made of others. */
  readonly actual?: FieldValue;
  /** Whether what was compared is an instant. */
  readonly instant?: boolean;
  readonly parts: readonly JudgedCondition[];
}

type Node =
  | { readonly kind: 'leaf'; readonly condition: Condition; readonly leaf: Leaf }
  | { readonly kind: 'all' | 'any' | 'not'; readonly condition: Condition; readonly parts: readonly Node[] }
  | { readonly kind: 'segment'; readonly condition: Condition; readonly id: string };

/** One evaluation: the verdicts on segments that others name are kept. */
interface Look {
  readonly facts: SegmentFacts;
  readonly moment: Moment;
  readonly verdicts: Map<string, Verdict>;
}

const NEVER: Verdict = { holds: false, until: Infinity };

/**
 * The segments of a business, prepared once: conditions are resolved to functions, and what they ask about touchpoints is
 * collected, so that an event is looked at once, however many segments ask about it.
 */
export class SegmentSet {
  static readonly EMPTY = new SegmentSet([]);

  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #patterns: ReadonlyMap<string, AskedPattern>;

  constructor(
    readonly definitions: readonly SegmentDefinition[],
    fields: FieldRegistry = FieldRegistry.BUILT_IN,
  ) {
    const patterns = new Map<string, AskedPattern>();
    const keep = (leaf: Leaf): Leaf => {
      for (const pattern of leaf.patterns) patterns.set(pattern.key, widest(pattern, patterns.get(pattern.key)));
      return leaf;
    };
    this.#nodes = new Map(definitions.map(({ id, when }) => [id, nodeOf(when, fields, keep)]));
    this.#patterns = patterns;
  }

  /** What the conditions ask about touchpoints, each once. */
  get patterns(): readonly AskedPattern[] {
    return [...this.#patterns.values()];
  }

  /** Whether a customer belongs to each segment, by its id. */
  membershipsOf(facts: SegmentFacts, moment: Moment): ReadonlyMap<string, Membership> {
    const look: Look = { facts, moment, verdicts: new Map() };
    const memberships = new Map<string, Membership>();
    for (const id of this.#nodes.keys()) {
      const { holds, until } = this.#verdict(id, look);
      memberships.set(id, { member: holds, nextAt: instantOrNull(until) });
    }
    return memberships;
  }

  /** The condition of a segment with the verdict on each of its parts; null for a segment that is not defined. */
  why(id: string, facts: SegmentFacts, moment: Moment): JudgedCondition | null {
    const node = this.#nodes.get(id);
    return node === undefined ? null : this.#judge(node, { facts, moment, verdicts: new Map() });
  }

  #verdict(id: string, look: Look): Verdict {
    const known = look.verdicts.get(id);
    if (known !== undefined) return known;
    // A segment that names itself is rejected when it is defined; here it would only never end.
    look.verdicts.set(id, NEVER);
    const node = this.#nodes.get(id);
    const verdict = node === undefined ? NEVER : this.#look(node, look);
    look.verdicts.set(id, verdict);
    return verdict;
  }

  #look(node: Node, look: Look): Verdict {
    switch (node.kind) {
      case 'leaf':
        return node.leaf.look(look.facts, look.moment);
      case 'segment':
        return this.#verdict(node.id, look);
      default:
        return together(
          node.kind,
          node.parts.map((part) => this.#look(part, look)),
        );
    }
  }

  #judge(node: Node, look: Look): JudgedCondition {
    const { condition } = node;
    if (node.kind === 'leaf') {
      const { holds, until, actual } = node.leaf.look(look.facts, look.moment);
      return { condition, holds, nextAt: instantOrNull(until), actual, instant: node.leaf.instant, parts: [] };
    }
    if (node.kind === 'segment') {
      const { holds, until } = this.#verdict(node.id, look);
      const named = this.#nodes.get(node.id);
      const parts = named === undefined ? [] : [this.#judge(named, look)];
      return { condition, holds, nextAt: instantOrNull(until), parts };
    }
    const parts = node.parts.map((part) => this.#judge(part, look));
    const verdict = together(
      node.kind,
      parts.map(({ holds, nextAt }) => ({ holds, until: nextAt ?? Infinity })),
    );
    return { condition, holds: verdict.holds, nextAt: instantOrNull(verdict.until), parts };
  }
}

/** Whether a customer belongs to one segment that names no other. */
export function memberOf(definition: SegmentDefinition, facts: SegmentFacts, moment: Moment): Membership {
  const membership = new SegmentSet([definition]).membershipsOf(facts, moment).get(definition.id);
  return membership ?? { member: false, nextAt: null };
}

/**
 * Several verdicts as one. What makes it so holds until the first of those who make it so changes, where each of them is
 * needed; and until the last of them, where any of them suffices.
 */
function together(kind: 'all' | 'any' | 'not', verdicts: readonly Verdict[]): Verdict {
  if (kind === 'not') {
    const [{ holds, until } = NEVER] = verdicts;
    return { holds: !holds, until };
  }
  const decisive = kind === 'any';
  const deciding = verdicts.filter(({ holds }) => holds === decisive);
  if (deciding.length > 0) return { holds: decisive, until: Math.max(...deciding.map(({ until }) => until)) };
  return { holds: !decisive, until: Math.min(Infinity, ...verdicts.map(({ until }) => until)) };
}

function nodeOf(condition: Condition, fields: FieldRegistry, keep: (leaf: Leaf) => Leaf): Node {
  const inner = (parts: readonly Condition[]): readonly Node[] => parts.map((part) => nodeOf(part, fields, keep));
  const leaf = (made: Leaf): Node => ({ kind: 'leaf', condition, leaf: keep(made) });
  if ('all' in condition) return { kind: 'all', condition, parts: inner(condition.all) };
  if ('any' in condition) return { kind: 'any', condition, parts: inner(condition.any) };
  if ('not' in condition) return { kind: 'not', condition, parts: inner([condition.not]) };
  if ('segment' in condition) return { kind: 'segment', condition, id: condition.segment };
  if ('sequence' in condition) return leaf(sequenceLeaf(condition));
  if ('consent' in condition) return leaf(consentLeaf(condition));
  if ('did' in condition) return leaf(behaviourLeaf(condition));
  const field = fields.field(condition.field);
  // A field that is no longer defined is unknown of every customer.
  return leaf(fieldLeaf(condition, field ?? { name: condition.field, kind: 'text', meaning: '', read: () => null }));
}

/** What two conditions look at together. */
function widest(one: AskedPattern, other: AskedPattern = one): AskedPattern {
  const latest = Math.max(one.latest, other.latest);
  return { ...one, latest, withinDays: Math.max(one.withinDays, other.withinDays) };
}

const instantOrNull = (until: Instant): Instant | null => (until === Infinity ? null : until);
