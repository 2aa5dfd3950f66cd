import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventLog, RecordedEvent } from '#event-log';
import { openSqliteKeyStore, Sealer, type SqliteKeyStore } from '#keys';
import { memoryLog } from '#testing';
import { IngestTouchpoints, IngestTouchpointsHandler } from '../pipeline/ingest-touchpoints.js';
import { Ingestion } from '../pipeline/ingestion.js';
import { orderPlaced } from '#testing';
import { RegisterType, RegisterTypeHandler } from '../types/register-type.js';
import { DiscardQuarantined, DiscardQuarantinedHandler } from './discard-quarantined.js';
import { ReleaseMany, ReleaseManyHandler } from './close-many.js';
import { importedItem } from '../importing/imported-item.js';
import type { OpenQuarantined } from './open-quarantined.js';
import { Quarantine, type Closing } from './quarantine.js';
import { ReleaseQuarantined, ReleaseQuarantinedHandler } from './release-quarantined.js';
import { quarantinedInVersion1 } from '../testdata/former-versions.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const DAY = 86_400_000;

describe('the quarantine', () => {
  let log: EventLog;
  let keys: SqliteKeyStore;
  let sealer: Sealer;
  let ingestion: Ingestion;
  let quarantine: Quarantine;
  beforeEach(() => {
    log = memoryLog({ clock: { now: () => NOW } });
    keys = openSqliteKeyStore({ file: ':memory:' });
    sealer = new Sealer(keys);
    ingestion = new Ingestion({ log, sealer });
    quarantine = new Quarantine(log, sealer);
  });
  afterEach(() => keys.close());

  const message = (timestamp: number) => ({
    ...{ topic: 't', partition: 0, offset: 1, timestamp, key: null, headers: null },
  });
  const bad = orderPlaced({ type: 'campsite-booked', data: { site: 'lake' } });
  const release = (id: string, fixed: unknown, by: string, now: number): Promise<Closing> =>
    new ReleaseQuarantinedHandler(quarantine, ingestion, { now: () => now }).execute(
      new ReleaseQuarantined(id, fixed, by),
    );
  const discard = (id: string, reason: string, by: string, now: number): Promise<Closing> =>
    new DiscardQuarantinedHandler(quarantine, { now: () => now }).execute(new DiscardQuarantined(id, reason, by));
  const quarantined = async (document: unknown): Promise<string> => {
    const handler = new IngestTouchpointsHandler(ingestion);
    const { results } = await handler.execute(new IngestTouchpoints([{ document }], NOW));
    expect(results[0]?.outcome).toBe('quarantined');
    return results[0]?.quarantineId as string;
  };
  const all = async (): Promise<RecordedEvent[]> => {
    const events: RecordedEvent[] = [];
    for await (const page of log.readAll(0)) events.push(...page);
    return events;
  };
  const REGISTERED = {
    name: 'campsite-booked',
    version: 1,
    origin: 'customer',
    group: 'consideration',
    schema: { type: 'object', properties: { site: { type: 'string' } } },
  };

  it('shows what was quarantined and why, and its body', async () => {
    const id = await quarantined(bad);
    expect(await quarantine.find(id)).toMatchObject({
      status: 'open',
      source: 'shop',
      eventId: 'o-1',
      code: 'type-unknown',
      pointer: '#/type',
      receivedAt: '2026-01-31T12:00:00Z',
      subjectId: sealer.subjectIdOf('userId', 'u1'),
    });
    expect(JSON.parse((await quarantine.body(id)) as string)).toEqual(bad);
    expect(await quarantine.find('f'.repeat(32))).toBeNull();
    expect(await quarantine.find('../etc')).toBeNull();
  });

  it('shows what version 1 of the log quarantined, and finds the same event sent again to be a duplicate', async () => {
    const id = await quarantined(bad);
    const [{ data, ...stored }] = (await log.readStreams([`quarantine-${id}`])) as [RecordedEvent];
    const issue = { detail: 'is wrong', hint: 'change it' };
    const v1 = quarantinedInVersion1(data, [
      { ...issue, pointer: '#/type' },
      { ...issue, pointer: '#/id' },
    ]);
    const old = memoryLog({ clock: { now: () => NOW } });
    const contentHash = Buffer.from(id, 'hex');
    await old.append(stored.stream, 'no-stream', [{ ...stored, contentHash, schemaVersion: 1, data: v1 }]);

    expect(await new Quarantine(old, sealer).find(id)).toEqual({
      ...(await quarantine.find(id)),
      position: 1,
      issues: [
        { ...issue, pointer: '#/type' },
        { ...issue, pointer: '#/id' },
      ],
    });
    const { results } = await new IngestTouchpointsHandler(new Ingestion({ log: old, sealer })).execute(
      new IngestTouchpoints([{ document: bad }], NOW + DAY),
    );
    expect(results).toMatchObject([{ outcome: 'duplicate', quarantineId: id, position: 1 }]);
    expect(await old.readStreams([stored.stream])).toHaveLength(1);
  });

  it('releases an event as it is, once its type is registered, with its original times', async () => {
    const { time: _, ...timeless } = bad;
    const id = await quarantined(timeless);
    expect(await release(id, undefined, 'me', NOW + DAY)).toMatchObject({
      outcome: 'rejected',
      code: 'type-unknown',
    });
    const before = (await all()).length;
    expect(
      await new RegisterTypeHandler(log, ingestion.contracts, { now: () => NOW }).execute(new RegisterType(REGISTERED)),
    ).toMatchObject({ ok: true });
    expect(await release(id, undefined, 'me', NOW + DAY)).toMatchObject({
      outcome: 'closed',
      quarantined: { status: 'released', touchpointPosition: before + 2 },
    });
    const [event] = (await all()).filter(({ type }) => type === 'campsite-booked');
    expect(event).toMatchObject({ occurredAt: NOW, data: '{"site":"lake"}' });
    expect(JSON.parse(event?.meta as string)).toMatchObject({ receivedAt: NOW });
  });

  it.each([
    ['of a live client, whose clock is corrected', 'live', {}, NOW - 1_000],
    ['of a file, at the time that it states', 'kept', { at: { file: 'a.ndjson', line: 1 } }, NOW - 400 * DAY],
    [
      'of a topic, by the timestamp of its message',
      'kept',
      { provenance: message(NOW - 2 * DAY) },
      NOW - 2 * DAY - 1_000,
    ],
  ] as const)('releases an event %s, whenever it is released', async (_, arrival, place, occurredAt) => {
    const sentAt = NOW - 400 * DAY + 1_000;
    const document = { ...bad, time: new Date(sentAt - 1_000).toISOString(), sentAt: new Date(sentAt).toISOString() };
    const { results } = await new IngestTouchpointsHandler(ingestion).execute(
      new IngestTouchpoints([{ document, ...place }], NOW, arrival),
    );
    const fixed = { ...document, type: 'order-placed', data: orderPlaced()['data'] };
    expect(await release(results[0]?.quarantineId ?? '', fixed, 'me', NOW + 9 * DAY)).toMatchObject({
      outcome: 'closed',
    });
    const [event] = (await all()).filter(({ type }) => type === 'order-placed');
    expect(event).toMatchObject({ occurredAt });
  });

  it('releases a fixed event, and counts it no second time', async () => {
    const id = await quarantined(orderPlaced({ data: { orderId: 'o-1' } }));
    const receipts = async (): Promise<number> => (await all()).filter(({ type }) => type === 'intake-receipt').length;
    const before = await receipts();
    expect(await release(id, orderPlaced(), 'me', NOW)).toMatchObject({ outcome: 'closed' });
    expect(await receipts()).toBe(before);
  });

  it('releases twice as once', async () => {
    const id = await quarantined(orderPlaced({ data: {} }));
    const first = await release(id, orderPlaced(), 'me', NOW);
    const events = (await all()).length;
    expect(await release(id, orderPlaced(), 'me', NOW + DAY)).toEqual(first);
    expect(await all()).toHaveLength(events);
  });

  it('has an event replaced that came again in a valid form, under its source and id', async () => {
    const id = await quarantined(bad);
    const { results } = await new IngestTouchpointsHandler(ingestion).execute(
      new IngestTouchpoints([{ document: orderPlaced() }], NOW),
    );
    expect(results).toMatchObject([{ outcome: 'accepted' }]);
    const position = results[0]?.position;
    expect(await quarantine.find(id)).toMatchObject({ status: 'replaced', touchpointPosition: position });
    const events = (await all()).length;
    expect(await release(id, undefined, 'me', NOW)).toMatchObject({ outcome: 'closed' });
    expect(await discard(id, '', 'me', NOW)).toMatchObject({ outcome: 'conflict' });
    expect(await all()).toHaveLength(events);
  });

  it('does not take an event for replaced by one that was there before it', async () => {
    await new IngestTouchpointsHandler(ingestion).execute(new IngestTouchpoints([{ document: orderPlaced() }], NOW));
    expect(await quarantine.find(await quarantined(bad))).toMatchObject({ status: 'open' });
  });

  it('discards many in one commit, each once', async () => {
    const ids = await Promise.all(['a', 'b', 'c'].map((text) => quarantined(text)));
    await discard(ids[0] ?? '', 'by hand', 'me', NOW);
    const data = { reason: 'test rows', by: 'me' };
    expect(await quarantine.discardMany([...ids, ...ids, 'f'.repeat(32), 'x'], data, NOW)).toBe(2);
    expect(await quarantine.discardMany(ids, data, NOW)).toBe(0);
    const found = await Promise.all(ids.map((id) => quarantine.find(id)));
    expect(found.map((each) => [each?.status, each?.reason])).toEqual([
      ['discarded', 'by hand'],
      ['discarded', 'test rows'],
      ['discarded', 'test rows'],
    ]);
  });

  it('closes many by what they have in common, page by page, and says what is kept', async () => {
    const ids = [await quarantined(bad), await quarantined({ ...bad, id: 'o-2' }), await quarantined('nonsense')];
    const listed = ids.map((id, at) => ({ id, position: at + 1 }));
    const asked: unknown[] = [];
    const open: Pick<OpenQuarantined, 'list'> = {
      list: (...request) => {
        asked.push(request);
        return Promise.resolve(listed);
      },
    };
    const handler = new ReleaseManyHandler(
      open,
      new ReleaseQuarantinedHandler(quarantine, ingestion, { now: () => NOW }),
    );
    await new RegisterTypeHandler(log, ingestion.contracts, { now: () => NOW }).execute(new RegisterType(REGISTERED));
    const selection = { code: 'type-unknown', file: 'orders.csv' };
    expect(await handler.execute(new ReleaseMany(selection, 'me'))).toEqual({ closed: 2, kept: 1, next: null });
    expect(asked).toEqual([[selection, -1, 1_001]]);
    expect(await quarantine.find(ids[1] ?? '')).toMatchObject({ status: 'released' });
  });

  it('quarantines a row of a file with its place, again where it cannot be read for another reason, and else as a duplicate', async () => {
    const row = { id: 'row-1', source: 's', file: 'a.csv', line: 3, row: { total: 'x' }, identifiers: [] };
    const invalid = { ...row, code: 'money-malformed', pointer: '#/row/total', detail: 'must be an amount', hint: '' };
    const ingest = async (change: object) => {
      const item = importedItem({ kind: 'invalid', line: 3, invalid: { ...invalid, ...change } });
      const { results } = await new IngestTouchpointsHandler(ingestion).execute(new IngestTouchpoints([item], NOW));
      return [results[0]?.outcome, results[0]?.quarantineId];
    };
    const [first, id] = await ingest({});
    expect(first).toBe('quarantined');
    expect(await quarantine.find(String(id))).toMatchObject({ file: 'a.csv', line: 3, row: 'row-1' });
    expect(await ingest({})).toEqual(['duplicate', id]);
    expect((await ingest({ code: 'value-missing' }))[0]).toBe('quarantined');
  });

  it('says where a touchpoint of a file was read, should it be rejected, and knows it again from another line', async () => {
    const ingest = async (line: number) => {
      const origin = { file: 'a.csv', line, rows: ['row-7'] };
      const item = importedItem({ kind: 'touchpoint', line, touchpoint: bad as never, origin });
      const { results } = await new IngestTouchpointsHandler(ingestion).execute(new IngestTouchpoints([item], NOW));
      return results[0];
    };
    const first = await ingest(3);
    expect(await quarantine.find(first?.quarantineId ?? '')).toMatchObject({ file: 'a.csv', line: 3, row: 'row-7' });
    expect(await ingest(4)).toMatchObject({ outcome: 'duplicate', quarantineId: first?.quarantineId });
  });

  it('discards twice as once, and never what was released', async () => {
    const id = await quarantined('nonsense');
    const first = await discard(id, 'a test', 'me', NOW);
    expect(first).toMatchObject({ outcome: 'closed', quarantined: { status: 'discarded', reason: 'a test' } });
    expect(await discard(id, 'again', 'me', NOW)).toEqual(first);
    expect(await release(id, orderPlaced(), 'me', NOW)).toMatchObject({ outcome: 'conflict' });
    const other = await quarantined(orderPlaced({ data: {} }));
    await release(other, orderPlaced({ id: 'o-9' }), 'me', NOW);
    expect(await discard(other, '', 'me', NOW)).toMatchObject({ outcome: 'conflict' });
  });

  it('knows nothing of what was never quarantined', async () => {
    expect(await release('f'.repeat(32), undefined, 'me', NOW)).toEqual({ outcome: 'unknown' });
    expect(await discard('x', '', 'me', NOW)).toEqual({ outcome: 'unknown' });
  });

  it('has no body any more once a person in it was erased', async () => {
    const id = await quarantined({ note: 'call jane@shop.example', phone: '+49 171 1234567' });
    const subjectIds = [sealer.subjectIdOf('phone', '+491711234567')];
    await keys.destroy(subjectIds);
    expect(await quarantine.body(id)).toBeNull();
    expect(await release(id, undefined, 'me', NOW)).toEqual({ outcome: 'erased' });
  });

  it('keeps of a huge body what it can, and takes it in only fixed', async () => {
    const id = await quarantined({ blob: 'x'.repeat(400_000) });
    expect(await quarantine.find(id)).toMatchObject({ cut: true });
    expect(await release(id, undefined, 'me', NOW)).toMatchObject({ outcome: 'rejected' });
    expect(await release(id, orderPlaced(), 'me', NOW)).toMatchObject({ outcome: 'closed' });
  });
});
