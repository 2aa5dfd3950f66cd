import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LOCKS, tryLock } from '#database';
import { BUILT_IN_POLICIES, policyAt, policyTimeline } from '#lifecycle';
import { ClockGuard } from '#platform';
import { Projector } from '#projections';
import { memoryLog } from '#testing';
import { describeOnPostgres, openStore, type OpenedStore } from '#testing/stores';
import { HoldRegister } from '../holds/hold-register.js';
import { RetentionKeeper } from './retention-keeper.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const RULES = policyTimeline([
  {
    ...{ version: 'shop@1', effectiveFrom: -Infinity, recordedAt: NOW },
    policy: { ...BUILT_IN_POLICIES.retail, retention: [{ what: 'person', after: 'P3Y', since: 'last-contact' }] },
  },
]);

describeOnPostgres('the rules of retention', (offer) => {
  let store: OpenedStore;
  let keeper: RetentionKeeper;
  beforeAll(async () => {
    store = await openStore(offer.name);
    const { database } = store;
    const clock = new ClockGuard({ now: () => NOW });
    const log = memoryLog({ clock });
    await Projector.open({ database, log, clock });
    keeper = new RetentionKeeper({
      ...{ database, log, clock, register: new HoldRegister(log) },
      eraser: { eraseByRule: () => Promise.reject(new Error('no one is due')) },
      policy: { era: () => Promise.resolve(policyAt(RULES, NOW)) },
      logger: { info: () => undefined, warn: () => undefined },
    });
  }, 120_000);
  afterAll(() => store.stop());

  it('are carried out by one process at a time, and by the next one once that has ended', async () => {
    await store.database.transaction(async (tx) => {
      await tx.query(`SELECT ${tryLock(LOCKS.retention)}`);
      expect(await keeper.turn()).toEqual({ erased: 0, waiting: {}, stopped: 'other-process' });
    });
    expect(await keeper.turn()).toEqual({ erased: 0, waiting: {}, stopped: null });
  });
});
