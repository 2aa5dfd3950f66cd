import { describe, expect, it } from '@jest/globals';
import { TOUCHPOINT_TYPES } from '#contracts';
import { BUILT_IN_POLICIES } from './built-in.js';
import { compile, holds } from './compiled.js';
import type { Policy } from './policy.js';
import { policyAt, policyTimeline } from './timeline.js';
import { validatePolicy } from './validate.js';

const { retail } = BUILT_IN_POLICIES;
const { silence: rhythm } = retail;

/** What a document with one field changed is told, as `path: reason`. */
function faults(change: (document: Record<string, object>) => void): string[] {
  const document = JSON.parse(JSON.stringify(retail)) as Record<string, object>;
  change(document);
  const verdict = validatePolicy(document);
  if (verdict.ok) return [];
  for (const { hint: hint } of verdict.errors) expect(hint).not.toBe('');
  return verdict.errors.map(({ pointer: path, detail: reason }) => `${path}: ${reason}`);
}

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
    const { told } = compile(retail);
    for (const { name, origin } of TOUCHPOINT_TYPES)
      if (origin !== 'customer')
        expect([name, told(name, {}).intent, told(name, {}).phase > 0]).toEqual([name, false, false]);
    for (const type of ['ad-viewed', 'message-opened']) expect(told(type, {})).toEqual({ phase: 0, intent: false });
  });
});

describe('a policy that is not valid', () => {
  it('is told every fault, with its place', () => {
    expect(
      faults((document) => {
        Object.assign(document, { timeZone: 'Mars/Olympus', currency: 'euro', surprise: 1 });
        delete document['taxonomy'];
      }),
    ).toEqual([
      '#/taxonomy: is missing',
      '#/surprise: is not known',
      '#/timeZone: is no time zone that is known',
      '#/currency: is no ISO 4217 code',
    ]);
  });

  it('may not put at-risk, lapsed and lost in another order', () => {
    const silence = (changed: object) => faults((document) => Object.assign(document['silence'] ?? {}, changed));
    expect(silence({ lapsedTimesAtRisk: 1 })).toEqual(['#/silence/lapsedTimesAtRisk: is no factor above 1']);
    expect(silence({ lostTimesAtRisk: 1.5 })).toEqual([
      '#/silence/lostTimesAtRisk: is not above lapsedTimesAtRisk (1.5)',
    ]);
    expect(silence({ lostDays: 135 })).toEqual(['#/silence/lostDays: is not above lapsed without rhythm (135 days)']);
    expect(silence({ atRiskDaysMax: 29 })).toEqual(['#/silence/atRiskDaysMax: is below atRiskDaysMin (30)']);
    expect(
      faults((document) =>
        Object.assign(document, { silence: { ...BUILT_IN_POLICIES.seasonal.silence, lapsedDaysAfterAnniversary: 14 } }),
      ),
    ).toEqual(['#/silence/lapsedDaysAfterAnniversary: is not above atRiskDaysAfterAnniversary (14)']);
  });

  it('may not hold a script, nor compare by size what is no number', () => {
    const signal = (changed: object) =>
      faults((document) => {
        Object.assign(document['signals'] ?? {}, {
          'site-visited': [{ phase: 'awareness', intent: true, ...changed }],
        });
      });
    expect(signal({ when: [{ field: 'pages', op: 'eval', value: '1' }] })).toEqual([
      '#/signals/site-visited/0/when/0/op: is not one of the words',
    ]);
    expect(signal({ when: [{ field: 'pages', op: 'more', value: '3' }] })).toEqual([
      '#/signals/site-visited/0/when/0/value: is no number',
    ]);
    expect(signal({ phase: 'active' })).toEqual(['#/signals/site-visited/0/phase: is not one of the words']);
  });

  it('may not name a treatment that nobody could give', () => {
    const treatment = (rule: unknown) =>
      faults((document) => Object.assign(document, { treatments: { retention: { lapsed: rule } } }));
    expect(treatment('invite back')).toEqual([]);
    expect(treatment({ name: 'invite back', purpose: 'marketing', media: ['email', 'sms'], validDays: 7 })).toEqual([]);
    expect(treatment('')).toEqual(['#/treatments/retention/lapsed: names no treatment']);
    expect(treatment({ media: ['pigeon'], validDays: 0, to: 'all' })).toEqual([
      '#/treatments/retention/lapsed/name: is missing',
      '#/treatments/retention/lapsed/to: is not known',
      '#/treatments/retention/lapsed/media/0: is not one of the words',
      '#/treatments/retention/lapsed/validDays: is no whole number within bounds',
    ]);
    expect(treatment({ name: 'x', purpose: '', media: [] })).toEqual([
      '#/treatments/retention/lapsed/purpose: names no purpose',
      '#/treatments/retention/lapsed/media: names no medium',
    ]);
    expect(treatment({ name: 'x', media: ['sms', 'sms'] })).toEqual([
      '#/treatments/retention/lapsed/media/1: is named twice',
    ]);
    expect(faults((document) => Object.assign(document, { treatments: { retention: { cold: 'x' }, x: {} } }))).toEqual([
      '#/treatments/retention/cold: is no phase of retention',
      '#/treatments/x: is no stage',
    ]);
  });

  it('may not name a replacement interval of a category that nobody declared', () => {
    expect(faults((document) => Object.assign(document, { replacementDays: { spaceships: 9 } }))).toEqual([
      '#/replacementDays/spaceships: is a category that the taxonomy does not declare',
    ]);
  });

  it.each([[null], [[]], ['retail'], [7], [{}], [{ ...retail, silence: null }], [{ ...retail, ladder: [null] }]])(
    'is rejected, never thrown at: %j',
    (document) => {
      expect(validatePolicy(document).ok).toBe(false);
    },
  );
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
