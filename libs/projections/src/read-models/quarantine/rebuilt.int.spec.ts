import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { STREAMS } from '#contracts';
import type { AppendItem } from '#event-log';
import { memoryLog } from '#testing';
import { openStore, type OpenedStore } from '#testing/stores';
import { Projector } from '../../processor/projector.js';
import { liveSchema } from '../../schema.js';
import { appendAll, day, order } from '../../testdata/touchpoints.js';

/** More than the rebuild looks up at once. */
const MANY = 1_100;

let store: OpenedStore;
beforeAll(async () => {
  store = await openStore('pglite');
});
afterAll(() => store.stop());

const idOf = (number: number): string => number.toString(16).padStart(32, '0');

/** An event of the shop that was quarantined under this id. */
const quarantined = (number: number, eventId: string): AppendItem => ({
  stream: STREAMS.quarantine(idOf(number)),
  event: {
    ...{ source: 'perennial/quarantine', id: idOf(number), type: 'event-quarantined', schemaVersion: 3 },
    ...{ occurredAt: day(1), contentHash: Buffer.from(idOf(number), 'hex'), meta: '{"sealed":"1.x"}' },
    data: JSON.stringify({
      ...{ source: 'shop', eventId, type: 'order-placed', code: 'data-invalid', pointer: '#/data', detail: 'd' },
      ...{ hint: 'h', receivedAt: day(1) },
    }),
  },
});

const statuses = async (): Promise<readonly string[]> => {
  const schema = await liveSchema(store.database);
  const rows = await store.database.query<{ status: string }>(
    `SELECT event_id || ' ' || status || coalesce(' ' || released_position, '') AS status FROM ${schema}.quarantine ORDER BY position`,
  );
  return rows.map(({ status }) => status);
};

describe('the list of quarantined events after a rebuild', () => {
  it('is that of the live version: what came again in a valid form is replaced, what was there before is not', async () => {
    await store.wipe();
    const clock = { now: () => day(2) };
    const log = memoryLog({ clock });
    const projector = await Projector.open({ database: store.database, log, clock });
    // Valid before it was quarantined: an id that was used for other content.
    await appendAll(log, [order({ userId: 'ann' }, day(0), 'before'), quarantined(1, 'order-before')]);
    await appendAll(
      log,
      Array.from({ length: MANY }, (_, at) => quarantined(at + 2, at === MANY - 1 ? 'order-last' : `o-${at}`)),
    );
    await projector.catchUp();
    await appendAll(log, [order({ userId: 'ann' }, day(1), 'last')]);
    await projector.catchUp();
    const live = await statuses();
    expect([live[0], live[1], live.at(-1)]).toEqual([
      'order-before open',
      'o-0 open',
      expect.stringMatching(/^order-last replaced \d+$/),
    ]);
    for (const heldBytesMax of [undefined, 0]) {
      await projector.rebuild(heldBytesMax === undefined ? {} : { heldBytesMax });
      expect(await statuses()).toEqual(live);
    }
  }, 60_000);
});
