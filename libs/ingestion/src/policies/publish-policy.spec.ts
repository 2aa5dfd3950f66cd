import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { STREAMS } from '#contracts';
import type { EventLog } from '#event-log';
import { openSqliteKeyStore, Sealer } from '#keys';
import { BUILT_IN_POLICIES, type Policy } from '#lifecycle';
import { readSetting, type PolicySetting } from '#platform';
import { memoryLog, ONE_IS_ENOUGH } from '#testing';
import { Ingestion } from '../pipeline/ingestion.js';
import { IngestTouchpoints, IngestTouchpointsHandler } from '../pipeline/ingest-touchpoints.js';
import { prepareLog } from '../prepare-log.js';
import { FirstPolicy } from './first-policy.js';
import { PublishPolicy, PublishPolicyHandler, type PolicyPublished, type PublishOptions } from './publish-policy.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const KEYS = { hashKeyCheck: '0'.repeat(32) };
const RETAIL = BUILT_IN_POLICIES.retail;
const MINE: Policy = { ...RETAIL, name: 'mine', timeZone: 'Europe/Berlin', currency: 'EUR' };
const BUILT_IN: PolicySetting = { kind: 'built-in', name: 'retail' };

let log: EventLog;
let now: number;
beforeEach(() => {
  now = NOW;
  log = memoryLog({ clock: { now: () => now } });
});

const publish = (policy: unknown, options?: PublishOptions) =>
  new PublishPolicyHandler(log, { now: () => now }, ONE_IS_ENOUGH).execute(new PublishPolicy(policy, options));
const onRecord = async (): Promise<PolicyPublished[]> =>
  (await log.readStreams(['business-policy'])).map(({ data }) => JSON.parse(data) as PolicyPublished);
/** Any event in the stream of a subject. */
const someTouchpoint = async (): Promise<void> => {
  const event = {
    ...{ source: 's', id: 'e', type: 'site-visited', schemaVersion: 1, occurredAt: NOW },
    ...{ contentHash: new Uint8Array(16), meta: '{}', data: '{}' },
  };
  await log.append(STREAMS.subject('0'.repeat(32)), 'any', [event]);
};

describe('the start of an engine', () => {
  it('publishes no built-in policy: the business may publish its own first', async () => {
    await prepareLog(log, KEYS, BUILT_IN, NOW);
    expect(await onRecord()).toEqual([]);
    expect(await publish(MINE)).toMatchObject({ ok: true, changed: true });
    expect(await onRecord()).toEqual([
      { version: 'mine@1', policy: MINE, effectiveFrom: null, restates: false, reason: null },
    ]);
  });

  it('publishes the policy of a file, once, and leaves a log that has one as it is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'policy-'));
    const file = join(folder, 'mine.yaml');
    writeFileSync(file, `# ours\n${JSON.stringify(MINE, null, 2)}`);
    const setting = readSetting('POLICY', file);
    rmSync(folder, { recursive: true });
    await prepareLog(log, KEYS, setting, NOW);
    await prepareLog(log, KEYS, setting, NOW);
    await prepareLog(log, KEYS, { kind: 'file', path: 'other', document: RETAIL }, NOW);
    expect(await onRecord()).toEqual([expect.objectContaining({ version: 'mine@1', effectiveFrom: null })]);
  });

  it('rejects a file that holds no valid policy, with the place and a hint', async () => {
    const document = { ...MINE, timeZone: 'Berlin' };
    await expect(prepareLog(log, KEYS, { kind: 'file', path: 'mine.json', document }, NOW)).rejects.toThrow(
      /POLICY\.timeZone must be a known time zone.*Europe\/Amsterdam/,
    );
    expect(await onRecord()).toEqual([]);
  });

  it.each([
    ['no-such', /must be retail, subscription, durable, seasonal, or the path of a policy file/],
    ['./no-such.json', /names the policy file \.\/no-such\.json, which does not exist/],
  ])('rejects the setting %s', (text, message) => {
    expect(() => readSetting('POLICY', text)).toThrow(message);
  });

  it('is rejected with the keys of another log', async () => {
    await prepareLog(log, KEYS, BUILT_IN, NOW);
    await expect(prepareLog(log, { hashKeyCheck: '1'.repeat(32) }, BUILT_IN, NOW)).rejects.toThrow(/another hash key/);
  });
});

describe('the first touchpoint', () => {
  const ingest = async (documents: readonly unknown[], firstPolicy: FirstPolicy) => {
    const keys = openSqliteKeyStore({ file: ':memory:' });
    const handler = new IngestTouchpointsHandler(new Ingestion({ log, sealer: new Sealer(keys), firstPolicy }));
    const result = await handler.execute(
      new IngestTouchpoints(
        documents.map((document) => ({ document })),
        NOW,
      ),
    );
    await keys.close();
    return result.counts;
  };
  const visit = {
    ...{ id: 'v1', source: 'shop', type: 'site-visited', time: '2026-01-31T11:00:00Z', channel: 'web' },
    ...{ identifiers: [{ namespace: 'userId', value: 'u1' }], data: {} },
  };

  it('is preceded by the configured policy, in force from the beginning of time', async () => {
    const first = new FirstPolicy(log, RETAIL, () => NOW);
    expect(await ingest([{ nonsense: true }], first)).toMatchObject({ quarantined: 1 });
    expect(await onRecord()).toEqual([]);
    expect(await ingest([visit], first)).toMatchObject({ accepted: 1 });
    expect(await onRecord()).toEqual([expect.objectContaining({ version: 'retail@1', effectiveFrom: null })]);
    const types = [];
    for await (const page of log.readAll(0)) types.push(...page.map(({ type }) => type));
    expect(types.indexOf('policy-published')).toBeLessThan(types.indexOf('site-visited'));
  });

  it('finds the policy of the business, and adds no other', async () => {
    await publish(MINE);
    await ingest([visit], new FirstPolicy(log, RETAIL, () => NOW));
    expect(await onRecord()).toEqual([expect.objectContaining({ version: 'mine@1' })]);
  });
});

describe('publishing a policy', () => {
  const second = { ...MINE, version: 2, currency: 'USD' };

  it('counts from the beginning of time as long as no touchpoint is recorded', async () => {
    await publish(MINE);
    expect(await publish(second)).toMatchObject({
      published: { version: 'mine@2', effectiveFrom: null, restates: true, reason: 'no touchpoint was recorded yet' },
    });
    expect(await publish({ ...second, version: 3 }, { effectiveFrom: 'beginning' })).toMatchObject({
      published: { effectiveFrom: null, restates: true },
    });
    expect(await publish({ ...second, version: 4 }, { effectiveFrom: '2026-03-01' })).toMatchObject({
      published: { effectiveFrom: '2026-02-28T23:00:00Z', restates: false },
    });
  });

  describe('after the first touchpoint', () => {
    beforeEach(async () => {
      await publish(MINE);
      await someTouchpoint();
    });

    it('is prospective: from an instant to come, or at once', async () => {
      expect(await publish(second, { effectiveFrom: '2026-03-01T00:00:00Z' })).toMatchObject({
        ok: true,
        changed: true,
        published: { version: 'mine@2', effectiveFrom: '2026-03-01T00:00:00Z', restates: false, reason: null },
      });
      expect(await publish({ ...second, version: 3 })).toMatchObject({
        published: { effectiveFrom: '2026-01-31T12:00:00Z' },
      });
    });

    it('takes a date as its start in the time zone of that policy', async () => {
      expect(await publish(second, { effectiveFrom: '2026-07-01' })).toMatchObject({
        published: { effectiveFrom: '2026-06-30T22:00:00Z' },
      });
      const york = { ...second, version: 3, timeZone: 'America/New_York' };
      expect(await publish(york, { effectiveFrom: '2026-07-01' })).toMatchObject({
        published: { effectiveFrom: '2026-07-01T04:00:00Z' },
      });
    });

    it('restates the past with a reason, from a date or from the beginning', async () => {
      const reason = 'The shop counts in Berlin.';
      expect(await publish(second, { effectiveFrom: '2024-01-01', restate: true, reason })).toMatchObject({
        published: { effectiveFrom: '2023-12-31T23:00:00Z', restates: true, reason },
      });
      for (const [version, effectiveFrom] of [[3, 'beginning'] as const, [4, null] as const])
        expect(await publish({ ...second, version }, { effectiveFrom, restate: true, reason })).toMatchObject({
          published: { effectiveFrom: null, restates: true, reason },
        });
    });

    it('publishes the same again as once, and never drops a date that it was given', async () => {
      const effectiveFrom = '2026-07-01';
      const first = await publish(second, { effectiveFrom });
      now += 1;
      expect(await publish(structuredClone(second), { effectiveFrom })).toEqual({ ...first, changed: false });
      expect(await publish(structuredClone(second))).toEqual({ ...first, changed: false });
      for (const other of [
        { effectiveFrom: '2026-08-01' },
        { effectiveFrom: 'beginning' },
        { restate: true, reason: 'because', effectiveFrom: '2024-01-01' },
      ])
        expect(await publish(second, other)).toMatchObject({
          ok: false,
          errors: [{ detail: expect.stringContaining('in force from 2026-06-30T22:00:00Z') as unknown }],
        });
    });

    it.each<[string, unknown, PublishOptions, string]>([
      ['what is no policy', { name: 'retail' }, {}, '#/policy'],
      ['a version that is not the next', { ...MINE, version: 3 }, {}, '#/policy/version'],
      ['another content under a published version', { ...MINE, currency: 'USD' }, {}, '#/policy/version'],
      ['an instant in the past', second, { effectiveFrom: '2026-01-01T00:00:00Z' }, '#/effectiveFrom'],
      ['a date in the past', second, { effectiveFrom: '2024-01-01' }, '#/effectiveFrom'],
      ['the beginning, unless the past is restated', second, { effectiveFrom: 'beginning' }, '#/effectiveFrom'],
      ['an instant that is none', second, { effectiveFrom: 'soon' }, '#/effectiveFrom'],
      ['a date that is none', second, { effectiveFrom: '2026-02-30' }, '#/effectiveFrom'],
      ['a year that no calendar has', second, { effectiveFrom: '0001-01-01' }, '#/effectiveFrom'],
      ['a restatement without a reason', second, { restate: true }, '#/reason'],
      ['a restatement with a blank reason', second, { restate: true, reason: ' ' }, '#/reason'],
      ['a reason without a restatement', second, { reason: 'because' }, '#/reason'],
      [
        'a restatement of the future',
        second,
        { restate: true, reason: 'because', effectiveFrom: '2026-03-01' },
        '#/effectiveFrom',
      ],
    ])('rejects %s', async (_, policy, options, path) => {
      const verdict = await publish(policy, options);
      expect(verdict.ok).toBe(false);
      if (!verdict.ok) expect(verdict.errors[0]?.pointer.startsWith(path)).toBe(true);
      expect(await onRecord()).toHaveLength(1);
    });
  });

  it('rejects a date for the first policy, which counts from the beginning', async () => {
    expect(await publish(MINE, { effectiveFrom: '2024-01-01' })).toMatchObject({
      ok: false,
      errors: [{ pointer: '#/effectiveFrom', detail: expect.stringContaining('beginning of time') as unknown }],
    });
    expect(await publish(MINE, { effectiveFrom: 'beginning' })).toMatchObject({ ok: true });
  });
});

describe('publishing a policy with other rules of retention', () => {
  const KEEPING: Policy = { ...MINE, version: 2, retention: [{ what: 'person', after: 'P3Y', since: 'last-contact' }] };
  const actsOfPublishing = async (policy: Policy, options?: PublishOptions): Promise<readonly string[]> => {
    const asked: (readonly string[])[] = [];
    const approvals = {
      ...ONE_IS_ENOUGH,
      onApproved: () => undefined,
      require: (act: { readonly acts: readonly string[] }) => Promise.resolve(void asked.push(act.acts)),
    };
    const handler = new PublishPolicyHandler(log, { now: () => now }, approvals as never);
    expect(await handler.execute(new PublishPolicy(policy, options))).toMatchObject({ ok: true, changed: true });
    now += 1_000;
    return asked.flat();
  };

  it('is an act of its own, whether rules come, change or go, and whether they are in force or still to come', async () => {
    expect(await actsOfPublishing(MINE)).toEqual(['policy-publish']);
    await someTouchpoint();
    expect(await actsOfPublishing(KEEPING)).toEqual(['retention-publish', 'policy-publish']);
    expect(await actsOfPublishing({ ...KEEPING, version: 3, currency: null })).toEqual(['policy-publish']);
    const later = { effectiveFrom: '2027-01-01' };
    expect(await actsOfPublishing({ ...MINE, version: 4 }, later)).toEqual(['retention-publish', 'policy-publish']);
    // As the one in force, and unlike the one to come.
    expect(await actsOfPublishing({ ...KEEPING, version: 5 })).toEqual(['retention-publish', 'policy-publish']);
  });
});
