import { expect, it } from '@jest/globals';
import { DAY } from '#contracts';
import { attributeAt, attributeFacts, readAttribute, type AttributeEvent } from '#lifecycle';
import { describeCases, vectorCases } from './vectors.js';

interface Published {
  readonly id: string;
  readonly rule: {
    readonly type: string;
    readonly event: string;
    readonly numberOfDays?: number;
    readonly fromDate?: string;
    readonly toDate?: string;
    readonly minimumEventCount?: number;
    readonly maximumEventCount?: number;
    readonly value: number;
  };
  readonly events: readonly { readonly event: string; readonly daysAgo?: number; readonly at?: string }[];
  readonly expected: { readonly score: number; readonly eventCount?: number };
}

const NOW = Date.parse('2026-06-01T12:00:00Z');

/** Every case of the file that scores touchpoints: those of segments and of merges are run where these are. */
const cases = (vectorCases('segment-scoring-merge.json') as unknown as readonly Partial<Published>[]).filter(
  (one): one is Published => typeof one.rule?.value === 'number' && typeof one.expected?.score === 'number',
);

describeCases('scores as others published them', cases, () => {
  it.each(cases.map((one) => [one.id, one] as const))('%s', (_id, { rule, events, expected }) => {
    const { event: of, numberOfDays: days, fromDate: from, toDate: until, value } = rule;
    const bounds = {
      ...(days === undefined ? {} : { window: `P${days}D` }),
      ...(from === undefined ? {} : { from }),
      ...(until === undefined ? {} : { until }),
    };
    const { minimumEventCount: minimumCount, maximumEventCount: maximumCount } = rule;
    const score = {
      ...{ of, function: 'score', value, ...bounds },
      ...(minimumCount === undefined ? {} : { minimumCount }),
      ...(maximumCount === undefined ? {} : { maximumCount }),
    };
    const facts = (computed: object) => {
      const reading = readAttribute({ name: 'score', version: 1, computed }, () => ({ type: 'object' }));
      if (!reading.ok) throw new Error(JSON.stringify(reading.errors));
      const { definition } = reading;
      const known = events.flatMap((one, index) => {
        const occurredAt = one.at === undefined ? NOW - (one.daysAgo ?? 0) * DAY : Date.parse(one.at);
        const touchpoint: AttributeEvent = {
          ...{ type: one.event, occurredAt, recordedAt: NOW, source: 'site', id: `e${index}` },
          ...{ test: false, data: {}, attributes: null },
        };
        return attributeFacts(definition, touchpoint);
      });
      return attributeAt(definition, known, NOW).value;
    };
    expect(facts(score)).toBe(expected.score);
    if (expected.eventCount !== undefined)
      expect(facts({ of, function: 'count', ...bounds })).toBe(expected.eventCount);
  });
});
