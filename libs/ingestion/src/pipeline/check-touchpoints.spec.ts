import { describe, expect, it } from '@jest/globals';
import { openSqliteKeyStore, Sealer } from '#keys';
import { memoryLog, orderPlaced } from '#testing';
import { CheckTouchpoints, CheckTouchpointsHandler } from './check-touchpoints.js';
import { IngestTouchpoints, IngestTouchpointsHandler } from './ingest-touchpoints.js';
import { Ingestion } from './ingestion.js';

const NOW = Date.UTC(2026, 0, 31, 12);

describe('a dry run of a batch', () => {
  it('says what would become of each event, and writes nothing', async () => {
    const log = memoryLog({ clock: { now: () => NOW } });
    const keys = openSqliteKeyStore({ file: ':memory:' });
    const ingestion = new Ingestion({ log, sealer: new Sealer(keys) });
    await new IngestTouchpointsHandler(ingestion).execute(new IngestTouchpoints([{ document: orderPlaced() }], NOW));
    const before = await log.head();
    const documents = [orderPlaced({ id: 'o-2' }), orderPlaced(), orderPlaced({ data: {} }), 'nonsense'];
    const { counts, results } = await new CheckTouchpointsHandler(ingestion).execute(
      new CheckTouchpoints(
        documents.map((document) => ({ document })),
        NOW,
      ),
    );
    expect(results.map(({ outcome }) => outcome)).toEqual(['accepted', 'duplicate', 'quarantined', 'quarantined']);
    expect(results[2]).toMatchObject({ code: 'data-invalid', pointer: '#/data/orderId' });
    expect(counts).toEqual({ received: 4, accepted: 1, duplicate: 1, quarantined: 2, suppressed: 0 });
    expect(await log.head()).toEqual(before);
    await keys.close();
  });
});
