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
const segments = cases.filter(
  ({ id, rule }) => id.startsWith('segment-') || /(?:>=|!=)/.test(typeof rule === 'string' ? rule : ''),
);

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

/** `lastVisit >= now-5d AND address != "test"`: comparisons of attributes. */
function comparisonsOf(rule: string): { readonly when: Condition; readonly fields: readonly SegmentField[] } {
  const fields = new Map<string, SegmentField>();
  const all = rule
    .replace(/;.*$/, '')
    .split(/ AND /)
    .map((text): Condition => {
      const [, name = '', op, value = ''] = /^\s*(\w+) (>=|!=) (.*?)\s*$/.exec(text) ?? [];
      const field = `attribute.${name}`;
      const days = /^now-(\d+)d$/.exec(value)?.[1];
      fields.set(field, {
        ...{ name: field, kind: days === undefined ? 'text' : 'instant', meaning: name },
        read: ({ attributes }) => attributes?.get(name) ?? null,
      });
      if (op === '>=' && days !== undefined) return { field, op: 'within-days', value: Number(days) };
      if (op === '!=') return { field, op: 'not-equals', value: JSON.parse(value) as string };
      throw new Error(`The comparison cannot be read: ${text}`);
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
      const members = steps.slice(0, 2).map((step) => {
        const [, name = '', days] = /^(\w+) = (\d+) days ago/.exec(step) ?? [];
        const attributes = new Map(days === undefined ? [] : [[name, NOW - Number(days) * DAY]]);
        const facts: SegmentFacts = { view: NO_FACTS, restricted: false, attributes, happened: () => [] };
        const moment = { at: NOW, timeZone: 'UTC' };
        return new SegmentSet([definition(when)], registry).membershipsOf(facts, moment).get('x')?.member;
      });
      // What holds before a recalculation does not apply here: membership is live.
      expect(members).toEqual([false, true]);
    });
});
