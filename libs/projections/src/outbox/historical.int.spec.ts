import { HOUR } from '#contracts';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { Projector } from '../processor/projector.js';
import { day, subject, touchpoint } from '../testdata/touchpoints.js';

const NOW = day(100);
/** 24 hours before now, and a millisecond more. */
const [AT_BOUND, BEYOND] = [NOW - 24 * HOUR, NOW - 24 * HOUR - 1];
const IDS = { bound: subject('userId', 'bound'), beyond: subject('userId', 'beyond') };

describeOnEachStore('what happened 24 hours ago', (name) => {
  let store: OpenedStore;
  let log: EventLog;
  let projector: Projector;

  beforeAll(async () => {
    store = await openStore(name);
  }, 120_000);
  afterAll(async () => {
    await store.stop();
  });
  beforeEach(async () => {
    await store.wipe();
    const clock = { now: () => NOW };
    log = memoryLog({ clock });
    projector = await Projector.open({ database: store.database, log, clock });
    // A consent is a first touchpoint, and calls for an action of the first phase.
    const consent = { type: 'consent-given', data: { purpose: 'marketing', medium: 'email' } };
    await log.appendMany([
      touchpoint({ ...consent, who: { userId: 'bound' }, at: AT_BOUND }),
      touchpoint({ ...consent, who: { userId: 'beyond' }, at: BEYOND }),
    ]);
  });

  const published = () =>
    store.database.query('SELECT customer_id, at, historical FROM perennial.published ORDER BY at DESC');
  const proposed = async () =>
    (await store.database.query('SELECT customer_id FROM perennial.actions ORDER BY 1')).map(
      (row) => row['customer_id'],
    );
  const EXPECTED = [
    { customer_id: IDS.bound, at: AT_BOUND, historical: false },
    { customer_id: IDS.beyond, at: BEYOND, historical: true },
  ];

  it('is published as current, and what is a millisecond older as historical', async () => {
    await projector.catchUp();
    expect(await published()).toEqual(EXPECTED);
  });

  it('calls for its action, and what is a millisecond older for none', async () => {
    await projector.catchUp();
    expect(await proposed()).toEqual([IDS.bound]);
  });

  it('is the same bound where a rebuild publishes all stage changes at once, and calls for the actions', async () => {
    await projector.rebuild();
    expect(await published()).toEqual(EXPECTED);
    expect(await proposed()).toEqual([IDS.bound]);
  });
});
