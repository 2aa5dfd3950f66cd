import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY, HOUR, STREAMS, type Instant } from '#contracts';
import type { AppendItem } from '#event-log';
import { memoryLog } from '#testing';
import { openStore, type OpenedStore } from '#testing/stores';
import { liveSchema } from '../schema.js';
import { Projector } from '../processor/projector.js';
import { appendAll, day, order, subject } from '../testdata/touchpoints.js';

let store: OpenedStore;
beforeAll(async () => {
  store = await openStore('pglite');
});
afterAll(() => store.stop());

const ANN = subject('userId', 'ann');
const BEN = subject('userId', 'ben');

/** The fact of an erasure. It may reach the log long after it: the journal brings it back after a restore. */
const erasure = (id: string, subjectIds: readonly string[], at: Instant): AppendItem => ({
  stream: STREAMS.privacy,
  event: {
    ...{ source: 'perennial/privacy', id: `erasure/${id}`, type: 'person-erased', schemaVersion: 2, occurredAt: at },
    ...{ contentHash: Buffer.alloc(16, id), meta: '{"by":"me"}' },
    data: JSON.stringify({ subjectIds, customerId: null, namespaces: [], quarantineIds: [] }),
  },
});

const erasedAt = async (): Promise<Readonly<Record<string, Instant | null>>> => {
  const schema = await liveSchema(store.database);
  const rows = await store.database.query<{ subject_id: string; erased_at: Instant | null }>(
    `SELECT subject_id, erased_at FROM ${schema}.subjects`,
  );
  return Object.fromEntries(rows.map((row) => [row.subject_id, row.erased_at]));
};

describe('an erasure', () => {
  it('counts since it was made, also where the log recorded it later, and a rebuild says the same', async () => {
    await store.wipe();
    const clock = { now: () => day(400) };
    const log = memoryLog({ clock });
    const projector = await Projector.open({ database: store.database, log, clock });
    await appendAll(log, [order({ userId: 'ann' }, day(0), 'A1'), order({ userId: 'ben' }, day(1), 'B1')]);
    await projector.catchUp();
    // The second erasure is wider. It came into the log first, as after a restore; and both may stand in one page.
    await appendAll(log, [erasure('2', [ANN, BEN], day(30) + HOUR), erasure('1', [ANN], day(20))]);
    await projector.catchUp();
    const expected = { [ANN]: day(20), [BEN]: day(30) + HOUR };
    expect(await erasedAt()).toEqual(expected);
    await appendAll(log, [erasure('3', [ANN], day(20) + DAY)]);
    await projector.catchUp();
    expect(await erasedAt()).toEqual(expected);
    expect(await projector.verify()).toMatchObject({ equal: true });
    for (const heldBytesMax of [0, undefined]) {
      await projector.rebuild(heldBytesMax === undefined ? {} : { heldBytesMax });
      expect(await erasedAt()).toEqual(expected);
    }
  }, 60_000);
});
