import { expect, it } from '@jest/globals';
import { DAY, type Instant } from '#contracts';
import {
  FieldRegistry,
  memberOf,
  SegmentSet,
  type Condition,
  type SegmentDefinition,
  type SegmentField,
  type SegmentFacts,
} from '#lifecycle';
import { describeCases, vectorCases } from './vectors.js';

/** A segment case as it was published; those of scores and merges belong to other specs. */
interface SegmentCase {
  readonly id: string;
  readonly rule: string | PastEvent;
  readonly events?: readonly { readonly event: string; readonly daysAgo?: number; readonly at?: string }[];
  readonly steps?: readonly string[];
  readonly expected: Readonly<Record<string, boolean>>;
}

interface PastEvent {
  readonly event: string;
  readonly numberOfDays?: number;
  readonly fromDate?: string;
  readonly toDate?: string;
  readonly minimumEventCount?: number;
  readonly maximumEventCount?: number;
  readonly operator?: string;
}

const NOW: Instant = Date.UTC(2026, 5, 15, 12);
const cases = vectorCases('segment-scoring-merge.json') as unknown as readonly SegmentCase[];
const segments = cases.filter(({ id, rule }) => id.startsWith('segment-') || typeof rule === 'string');

const definition = (when: Condition): SegmentDefinition => ({ id: 'x', name: 'x', when });

function conditionOf(rule: PastEvent): Condition {
  const { event, numberOfDays, fromDate, toDate, minimumEventCount, maximumEventCount, operator } = rule;
  const did: Condition = {
    did: event,
    ...(numberOfDays === undefined ? {} : { withinDays: numberOfDays }),
    ...(fromDate === undefined ? {} : { from: fromDate.slice(0, 10) }),
    ...(toDate === undefined ? {} : { until: toDate.slice(0, 10) }),
    ...(minimumEventCount === undefined ? {} : { atLeast: minimumEventCount }),
    ...(maximumEventCount === undefined ? {} : { atMost: maximumEventCount }),
  };
  return operator === 'eventsNotOccurred' ? { not: did } : did;
}

type Operator = '>=' | '<=' | '>' | '<' | '=' | '!=';

const OPS = { '>=': 'at-least', '<=': 'at-most', '>': 'more', '<': 'less', '=': 'equals', '!=': 'not-equals' } as const;

/** One comparison of a published rule, and how many days ago it places an instant (null: it compares a value). */
interface Comparison {
  readonly name: string;
  readonly op: Operator;
  readonly value: string;
  readonly daysAgo: number | null;
}

/** The published operators, once as conditions of ours, and once as they read. */
const comparison = (text: string): Comparison => {
  const [, name = '', op, value = ''] = /^\s*(\w+) (>=|<=|!=|==?|>|<) (.*?)\s*$/.exec(text) ?? [];
  if (op === undefined) throw new Error(`The comparison cannot be read: ${text}`);
  const days = /^now-(\d+)d$/.exec(value)?.[1];
  return { name, op: (op === '==' ? '=' : op) as Operator, value, daysAgo: days === undefined ? null : Number(days) };
};

const comparisonsIn = (rule: string): readonly Comparison[] => rule.replace(/;.*$/, '').split(/ AND /).map(comparison);

/** What a comparison says, read word for word: an unknown value meets `!=` alone. */
function reads({ name, op, value, daysAgo }: Comparison, known: ReadonlyMap<string, string | number>): boolean {
  const has = known.get(name);
  if (has === undefined) return op === '!=';
  const than = daysAgo === null ? (JSON.parse(value) as string | number) : NOW - daysAgo * DAY;
  return {
    '>=': has >= than,
    '<=': has <= than,
    '>': has > than,
    '<': has < than,
    '=': has === than,
    '!=': has !== than,
  }[op];
}

/** `lastVisit >= now-5d AND address != "test"`: comparisons of attributes. */
function comparisonsOf(rule: string): { readonly when: Condition; readonly fields: readonly SegmentField[] } {
  const fields = new Map<string, SegmentField>();
  const all = comparisonsIn(rule).map(({ name, op, value, daysAgo }): Condition => {
    const field = `attribute.${name}`;
    const compared = daysAgo ?? (JSON.parse(value) as string | number);
    fields.set(field, {
      ...{ name: field, meaning: name },
      kind: daysAgo !== null ? 'instant' : typeof compared === 'number' ? 'number' : 'text',
      read: ({ attributes }) => attributes?.get(name) ?? null,
    });
    if (daysAgo === null) return { field, op: OPS[op], value: compared };
    if (op === '>=' || op === '>') return { field, op: 'within-days', value: daysAgo };
    if (op === '<=' || op === '<') return { field, op: 'older-than-days', value: daysAgo };
    throw new Error(`An instant is not compared by ${op}: ${rule}`);
  });
  return { when: { all }, fields: [...fields.values()] };
}

const NO_FACTS = { consents: [], brands: [], contracts: [], revenue: [], flags: [] } as unknown as SegmentFacts['view'];

describeCases('membership of segments as others published it', segments, () => {
  const didSomething = segments.filter((each) => typeof each.rule !== 'string');
  if (didSomething.length > 0)
    it.each(didSomething.map((each) => [each.id, each] as const))('%s', (_id, { rule, events = [], expected }) => {
      const made = definition(conditionOf(rule as PastEvent));
      const [pattern] = new SegmentSet([made]).patterns;
      const happened = events
        .filter(({ event }) => event === pattern?.type)
        .map(({ daysAgo = 0, at }) => (at === undefined ? NOW - daysAgo * DAY : Date.parse(at)))
        .sort((a, b) => a - b);
      const facts: SegmentFacts = { view: NO_FACTS, restricted: false, happened: () => happened };
      const { member } = memberOf(made, facts, { at: NOW, timeZone: 'UTC' });
      const [wanted] = [expected['member'], expected['memberAfterRecalculation']].filter((each) => each !== undefined);
      expect(wanted).toBeDefined();
      expect(member).toBe(wanted);
    });

  const compared = segments.filter((each) => typeof each.rule === 'string');
  if (compared.length > 0)
    it.each(compared.map((each) => [each.id, each] as const))('%s', (_id, { rule, steps = [] }) => {
      const { when, fields } = comparisonsOf(rule as string);
      const registry = FieldRegistry.BUILT_IN.with(fields);
      const attributes = new Map<string, string | number>();
      // What stands in brackets is said about the test, and is no step.
      const saved = steps.filter((step) => !step.startsWith('('));
      const looked = saved.map((step) => {
        const [, name, days, value] = /^(\w+) = (?:(\d+) days ago|("[^"]*"|-?[\d.]+))/.exec(step) ?? [];
        if (name !== undefined)
          attributes.set(
            name,
            days === undefined ? (JSON.parse(value ?? '') as string | number) : NOW - Number(days) * DAY,
          );
        const facts: SegmentFacts = { view: NO_FACTS, restricted: false, attributes, happened: () => [] };
        const moment = { at: NOW, timeZone: 'UTC' };
        const { member } = new SegmentSet([definition(when)], registry).membershipsOf(facts, moment).get('x') ?? {};
        return { step, member, expected: comparisonsIn(rule as string).every((each) => reads(each, attributes)) };
      });
      // What holds before a recalculation does not apply here: membership is live.
      expect(looked.length).toBeGreaterThan(0);
      for (const { step, member, expected } of looked) expect([step, member]).toEqual([step, expected]);
    });
});
