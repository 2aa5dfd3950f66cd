import { expect, it } from '@jest/globals';
import { subjectOfStream, type RegisteredSource, type TouchpointMeta } from '#contracts';
import type { MovedEvent } from '#event-log';
import { Ingestion, IngestTouchpoints, IngestTouchpointsHandler, Sources } from '#ingestion';
import { openSqliteKeyStore, Sealer, type SubjectKey } from '#keys';
import { memoryLog, orderPlaced } from '#testing';
import { HashedContents } from './hashed-content.js';

const NOW = Date.UTC(2026, 0, 31, 12);

it('the content of an event is found whatever the settings of its source added to it', async () => {
  const log = memoryLog({ clock: { now: () => NOW } });
  const sealer = new Sealer(openSqliteKeyStore({ file: ':memory:' }));
  const shop: RegisteredSource = {
    settings: {
      ...{ name: 'shop', kind: 'api', test: true, channel: 'web', currency: 'SEK', timeZone: 'Europe/Berlin' },
      ...{ brand: 'Alpine', versions: { 'order-placed': 1 } },
    },
    ...{ status: 'active', registeredAt: 0, changedAt: 0 },
  };
  const sources = new Sources(new Map([['shop', shop]]));
  const { channel: _, ...lacking } = orderPlaced({ time: '2026-01-15T09:30:00' });
  const data = { orderId: 'o', totalMinor: 100 };
  const documents = [
    { ...lacking, id: '1', data },
    { ...lacking, id: '2', data, brand: 'Coast', sequence: '7', channel: 'app', test: true },
    { ...lacking, id: '3', data: { ...data, currency: 'EUR', note: 'x' }, time: '2026-01-15T09:30:00Z' },
    { ...lacking, id: '4', data, time: undefined },
  ];
  const handler = new IngestTouchpointsHandler(new Ingestion({ log, sealer, sources }));
  const { counts } = await handler.execute(
    new IngestTouchpoints(
      documents.map((document) => ({ document })),
      NOW,
    ),
  );
  expect(counts.accepted).toBe(documents.length);
  const contents = new HashedContents(sealer);
  let found = 0;
  for await (const page of log.readAll(0, { with: 'contentHash' }))
    for (const event of page as readonly MovedEvent[]) {
      const subjectId = subjectOfStream(event.stream);
      if (subjectId === null) continue;
      const key = (await sealer.keys.keysFor([subjectId])).get(subjectId) as SubjectKey;
      const meta = JSON.parse(event.meta) as TouchpointMeta;
      const personal = meta.sealed === undefined ? null : sealer.open(key, meta.sealed);
      expect(contents.find({ event, meta, personal }, key)).not.toBeNull();
      found += 1;
    }
  expect(found).toBe(documents.length);
});
