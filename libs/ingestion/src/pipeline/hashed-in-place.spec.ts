import { describe, expect, it } from '@jest/globals';
import { STREAMS, TOUCHPOINT_TYPES, touchpointSchema, type JsonSchema } from '#contracts';
import { openSqliteKeyStore, Sealer, type SubjectKey } from '#keys';
import { memoryLog, orderPlaced } from '#testing';
import { IngestTouchpoints, IngestTouchpointsHandler } from './ingest-touchpoints.js';
import { Ingestion } from './ingestion.js';
import { contentText } from './sealed-event.js';

const NOW = Date.UTC(2026, 0, 31, 12);

const ingestionOf = () => {
  const log = memoryLog({ clock: { now: () => NOW } });
  const sealer = new Sealer(openSqliteKeyStore({ file: ':memory:' }));
  const ingestion = new Ingestion({ log, sealer });
  const ingest = async (...documents: unknown[]) => {
    const items = documents.map((document) => ({ document }));
    return (await new IngestTouchpointsHandler(ingestion).execute(new IngestTouchpoints(items, NOW))).results;
  };
  return { log, sealer, ingest };
};

describe('a field that became personal later', () => {
  const TIME = '2026-01-31T11:00:00Z';
  const unsubscribed = orderPlaced({
    id: 'u-1',
    time: TIME,
    identifiers: [{ namespace: 'userId', value: 'u1' }],
    type: 'unsubscribed',
    data: { purpose: 'marketing', reason: 'Ann Doe has moved to ann@shop.example' },
  });

  it('is sealed', async () => {
    const { log, ingest } = ingestionOf();
    expect(await ingest(unsubscribed)).toMatchObject([{ outcome: 'accepted' }]);
    for await (const page of log.readAll(0)) expect(JSON.stringify(page)).not.toContain('Ann');
  });

  it('is hashed where it stood: an event that is on record with the field in the clear is a duplicate when it is sent again', async () => {
    const { log, sealer, ingest } = ingestionOf();
    // As it was stored before: reason among the data.
    const subjectId = sealer.subjectIdOf('userId', 'u1');
    const key = (await sealer.keys.keysFor([subjectId], { create: true })).get(subjectId) as SubjectKey;
    const dataText = JSON.stringify({ purpose: 'marketing', reason: 'Ann Doe has moved to ann@shop.example' });
    const content = contentText({
      ...{ type: 'unsubscribed', schemaVersion: '', stated: Date.parse(TIME), facts: '' },
      ...{ subjects: `self ${subjectId} `, channel: '"web"', dataText, personalText: '' },
    });
    await log.append(STREAMS.subject(subjectId), 'any', [
      {
        ...{ source: 'shop', id: 'u-1', type: 'unsubscribed', schemaVersion: 1, data: dataText },
        occurredAt: Date.parse(TIME),
        contentHash: sealer.contentHash(key, content),
        meta: JSON.stringify({ channel: 'web', identifiers: [], receivedAt: NOW }),
      },
    ]);
    expect(await ingest(unsubscribed)).toMatchObject([{ outcome: 'duplicate', position: 1 }]);
    const other = { ...unsubscribed, data: { purpose: 'marketing', reason: 'another' } };
    expect(await ingest(other)).toMatchObject([{ outcome: 'quarantined', code: 'id-reused' }]);
  });

  it('is every free-text reason of the catalogue', () => {
    const reasons = TOUCHPOINT_TYPES.flatMap(({ name: type }) => {
      const properties = touchpointSchema(type)?.['properties'] as Readonly<Record<string, JsonSchema>>;
      const { reason } = properties;
      return reason === undefined || reason['enum'] !== undefined ? [] : [[type, reason['x-personal']]];
    });
    expect(reasons.length).toBeGreaterThan(8);
    expect(reasons.filter(([, personal]) => personal !== true)).toEqual([]);
  });
});
