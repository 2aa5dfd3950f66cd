import { describe, expect, it } from '@jest/globals';
import { TOUCHPOINT_TYPES } from '#contracts';
import { BUILT_IN_POLICIES } from './built-in.js';
import { compile, holds } from './compiled.js';
import type { Policy } from './policy.js';
import { policyAt, policyTimeline } from './timeline.js';
import { validatePolicy } from './validate.js';

const { retail } = BUILT_IN_POLICIES;
const { silence: rhythm } = retail;

describe('the built-in policies', () => {
  it.each(Object.entries(BUILT_IN_POLICIES))(
    '%s is valid, in UTC, without a currency, and plain JSON',
    (name, policy) => {
      expect(validatePolicy(policy)).toEqual({ ok: true, policy });
      expect(policy).toMatchObject({ name, timeZone: 'UTC', currency: null });
      expect(JSON.parse(JSON.stringify(policy))).toEqual(policy);
    },
  );

  it('name only types of the catalogue', () => {
    const types = new Set<string>(TOUCHPOINT_TYPES.map(({ name }) => name));
    expect(Object.keys(retail.signals).filter((type) => !types.has(type))).toEqual([]);
  });

  it('let nothing that is not the customer’s own go beyond awareness', () => {
    const { signalOf: told } = compile(retail);
    for (const { name, origin } of TOUCHPOINT_TYPES)
      if (origin !== 'customer')
        expect([name, told(name, {}).intent, told(name, {}).phase > 0]).toEqual([name, false, false]);
    for (const type of ['ad-viewed', 'message-opened']) expect(told(type, {})).toEqual({ phase: 0, intent: false });
  });
});

describe('a plain comparison', () => {
  const data = { total: 30, channel: { name: 'shop' }, tags: ['a'] };

  it.each([
    ['total', 'at-least', 30, true],
    ['total', 'more', 30, false],
    ['total', 'less', 31, true],
    ['total', 'at-most', 29, false],
    ['channel.name', 'equals', 'shop', true],
    ['channel.name', 'one-of', ['site', 'shop'], true],
    ['channel.name', 'more', 1, false],
    ['missing', 'not-equals', 'x', true],
    ['missing', 'less', 5, false],
    ['toString', 'present', undefined, false],
    ['tags', 'present', undefined, true],
  ] as const)('%s %s %j is %j', (field, op, value, expected) => {
    expect(holds({ field, op, ...(value === undefined ? {} : { value }) }, data)).toBe(expected);
  });
});

describe('a timeline of policies', () => {
  const version = (number: number): Policy => ({ ...retail, version: number });
  const published = (number: number, effectiveFrom: number, recordedAt: number) => ({
    version: `retail@${number}`,
    policy: version(number),
    effectiveFrom,
    recordedAt,
  });

  it('has the first one published in force from the beginning of time, for every knownAt', () => {
    const timeline = policyTimeline([published(1, 500, 500), published(2, 900, 600)], 100);
    expect(policyAt(timeline, -1e15).version).toBe('retail@1');
    expect(policyAt(timeline, 1e15).version).toBe('retail@1');
  });

  it('puts a later one in force from its effectiveFrom, once it is known', () => {
    const timeline = policyTimeline([published(1, 0, 0), published(2, 900, 600)], 600);
    expect([899, 900].map((at) => policyAt(timeline, at).version)).toEqual(['retail@1', 'retail@2']);
  });

  it('is prospective: a backdated one begins when it was published', () => {
    const timeline = policyTimeline([published(1, 0, 0), published(2, 100, 600)]);
    expect([599, 600].map((at) => policyAt(timeline, at).version)).toEqual(['retail@1', 'retail@2']);
  });

  it('takes the later publication of two that begin at one instant', () => {
    const timeline = policyTimeline([published(1, 0, 0), published(2, 900, 600), published(3, 900, 700)]);
    expect(timeline.eras.map(({ version }) => version)).toEqual(['retail@1', 'retail@3']);
  });

  it('has the built-in retail where nothing was published', () => {
    expect(rhythm.mode).toBe('personal-rhythm');
    expect(policyAt(policyTimeline([]), 0).policy).toBe(retail);
  });
});
