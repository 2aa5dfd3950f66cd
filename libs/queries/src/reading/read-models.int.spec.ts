import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { STREAMS } from '#contracts';
import type { EventLog } from '#event-log';
import { Projector } from '#projections';
import { memoryLog } from '#testing';
import { describeOnPostgres, openStore, type OpenedStore } from '#testing/stores';
import { inReadModels, type ReadModels } from './read-models.js';

jest.setTimeout(120_000);

const NOW = Date.UTC(2024, 6, 1);
const clock = { now: () => NOW };

/** Where readers and the projector have connections of their own: on PGlite all share one, and a transaction excludes the others. */
describeOnPostgres('one answer of the read models', (offer) => {
  let store: OpenedStore;
  let log: EventLog;
  let projector: Projector;
  let customers = 0;

  beforeAll(async () => {
    store = await openStore(offer.name);
    log = memoryLog({ clock });
    projector = await Projector.open({ database: store.database, log, clock });
    await newCustomer();
    await projector.catchUp();
  });
  afterAll(async () => {
    await store.stop();
  });

  /** One event, of a customer of its own: so the log has as many events as there are customers. */
  const newCustomer = async (): Promise<void> => {
    const id = `e${(customers += 1)}`;
    const subjectId = createHash('md5').update(id).digest('hex');
    const meta = {
      ...{ channel: 'shop', receivedAt: NOW },
      identifiers: [{ namespace: 'userId', role: 'self', subjectId, sealed: 'sealed' }],
    };
    await log.append(STREAMS.subject(subjectId), 'any', [
      {
        ...{ source: 'shop', id, type: 'site-visited', schemaVersion: 1, occurredAt: NOW - 1_000 },
        contentHash: createHash('md5').update(id).digest(),
        ...{ meta: JSON.stringify(meta), data: '{}' },
      },
    ]);
  };
  const read = async ({ query }: ReadModels) => {
    const [row] = await query<{ rows: number; position: number }>(
      'SELECT (SELECT count(*)::int FROM customers) AS rows, (SELECT position FROM checkpoint) AS position',
    );
    return row;
  };

  it('holds rows and position of one moment, while events are indexed', async () => {
    await inReadModels(store.database, async (models) => {
      const before = { rows: customers, position: models.position };
      expect(await read(models)).toEqual(before);
      await newCustomer();
      await projector.catchUp();
      expect(await read(models)).toEqual(before);
    });
    const after = (await log.head()).position;
    expect(await inReadModels(store.database, read)).toEqual({ rows: customers, position: after });
  });

  it('holds rows and position of one version, while a rebuild switches to another', async () => {
    await inReadModels(store.database, async (models) => {
      const before = { rows: customers, position: models.position };
      expect(await read(models)).toEqual(before);
      await newCustomer();
      await projector.catchUp();
      await projector.rebuild();
      await newCustomer();
      await projector.catchUp();
      expect(await read(models)).toEqual(before);
    });
    const after = (await log.head()).position;
    expect(await inReadModels(store.database, read)).toEqual({ rows: customers, position: after });
  });
});
