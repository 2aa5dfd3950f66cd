import { beforeEach, describe, expect, it } from '@jest/globals';
import type { EventLog } from '#event-log';
import { BUILT_IN_POLICIES } from '#lifecycle';
import { memoryLog } from '#testing';
import { prepareLog } from '../prepare-log.js';
import { PublishPolicy, PublishPolicyHandler } from './publish-policy.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const KEYS = { hashKeyCheck: '0'.repeat(32) };
const RETAIL = BUILT_IN_POLICIES.retail;

describe('publishing a policy', () => {
  let log: EventLog;
  const publish = (policy: unknown, effectiveFrom: string | null, now = NOW) =>
    new PublishPolicyHandler(log, { now: () => now }).execute(new PublishPolicy(policy, effectiveFrom));
  beforeEach(async () => {
    log = memoryLog({ clock: { now: () => NOW } });
    await prepareLog(log, KEYS, 'retail', NOW);
  });

  it('begins with the first policy of an empty log, in force from the beginning of time', async () => {
    const [event] = await log.readStreams(['business-policy']);
    expect(event).toMatchObject({ position: 1, type: 'policy-published' });
    expect(JSON.parse(event?.data as string)).toMatchObject({ version: 'retail@1', effectiveFrom: null });
  });

  it('leaves a log that has one as it is, whatever is configured then', async () => {
    await prepareLog(log, KEYS, 'retail', NOW);
    await prepareLog(log, KEYS, 'seasonal', NOW);
    expect(await log.head()).toMatchObject({ position: 2 });
  });

  it('rejects a start with the keys of another log', async () => {
    await expect(prepareLog(log, { hashKeyCheck: '1'.repeat(32) }, 'retail', NOW)).rejects.toThrow(/another hash key/);
  });

  it('publishes the next version from an instant to come, or at once', async () => {
    const second = { ...RETAIL, version: 2, currency: 'EUR' };
    expect(await publish(second, '2026-03-01T00:00:00Z')).toMatchObject({
      ok: true,
      changed: true,
      published: { version: 'retail@2', effectiveFrom: '2026-03-01T00:00:00Z' },
    });
    const third = { ...RETAIL, version: 3 };
    expect(await publish(third, null)).toMatchObject({
      published: { effectiveFrom: '2026-01-31T12:00:00Z' },
    });
  });

  it('publishes the same again as once', async () => {
    const second = { ...RETAIL, version: 2, currency: 'EUR' };
    const first = await publish(second, null);
    const again = await publish(structuredClone(second), null, NOW + 1);
    expect(again).toEqual({ ...first, changed: false });
  });

  it.each([
    ['what is no policy', { name: 'retail' }, null, '#/policy'],
    ['a version that is not the next', { ...RETAIL, version: 3 }, null, '#/policy/version'],
    ['another content under a published version', { ...RETAIL, currency: 'EUR' }, null, '#/policy/version'],
    ['an instant in the past', { ...RETAIL, version: 2 }, '2026-01-01T00:00:00Z', '#/effectiveFrom'],
    ['an instant that is none', { ...RETAIL, version: 2 }, 'soon', '#/effectiveFrom'],
  ])('rejects %s', async (_, policy, effectiveFrom, path) => {
    const verdict = await publish(policy, effectiveFrom);
    expect(verdict.ok).toBe(false);
    if (!verdict.ok) expect(verdict.errors[0]?.pointer.startsWith(path)).toBe(true);
    expect(await log.head()).toMatchObject({ position: 2 });
  });
});
