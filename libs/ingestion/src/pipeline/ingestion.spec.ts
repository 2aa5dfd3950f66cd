import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readSealedFields, type TouchpointMeta } from '#contracts';
import type { EventLog, Receipt, RecordedEvent } from '#event-log';
import { openSqliteKeyStore, Sealer, type SqliteKeyStore } from '#keys';
import { memoryLog } from '#testing';
import { IngestTouchpoints, IngestTouchpointsHandler } from './ingest-touchpoints.js';
import { Ingestion } from './ingestion.js';
import type { ItemResult, IngestResult } from './item.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const HOUR = 3_600_000;

const order = (overrides: Record<string, unknown> = {}): Record<string, unknown> => ({
  id: 'o-1',
  source: 'shop',
  type: 'order-placed',
  time: '2026-01-31T11:00:00Z',
  channel: 'web',
  identifiers: [
    { namespace: 'email', value: ' Jane@Shop.example ' },
    { namespace: 'userId', value: 'u1' },
  ],
  data: { orderId: 'o-1', currency: 'EUR', totalMinor: 1999 },
  ...overrides,
});

describe('intake', () => {
  let log: EventLog;
  let keyStore: SqliteKeyStore;
  let sealer: Sealer;
  let ingestion: Ingestion;
  let handler: IngestTouchpointsHandler;

  beforeEach(() => {
    log = memoryLog({ clock: { now: () => NOW } });
    keyStore = openSqliteKeyStore({ file: ':memory:' });
    sealer = new Sealer(keyStore);
    let receipts = 0;
    ingestion = new Ingestion({ log, sealer });
    handler = new IngestTouchpointsHandler(ingestion, { newId: () => `receipt-${(receipts += 1)}` });
  });
  afterEach(() => keyStore.close());

  const take = (...documents: unknown[]): Promise<IngestResult> => takeAt(NOW, ...documents);
  const takeAt = (receivedAt: number, ...documents: unknown[]): Promise<IngestResult> =>
    handler.execute(
      new IngestTouchpoints(
        documents.map((document) => ({ document })),
        receivedAt,
        'live',
      ),
    );
  const only = (taken: IngestResult): ItemResult => {
    expect(taken.results).toHaveLength(1);
    return taken.results[0] as ItemResult;
  };
  const recorded = async (): Promise<RecordedEvent[]> => {
    const events: RecordedEvent[] = [];
    for await (const page of log.readAll(0)) events.push(...page);
    return events;
  };
  const at = async (position: number | undefined): Promise<RecordedEvent> =>
    (await recorded()).find((event) => event.position === position) as RecordedEvent;
  const metaOf = (event: RecordedEvent): TouchpointMeta => JSON.parse(event.meta) as TouchpointMeta;
  const receipts = async (): Promise<Receipt[]> =>
    (await recorded()).filter(({ type }) => type === 'intake-receipt').map(({ data }) => JSON.parse(data) as Receipt);

  describe('accepts', () => {
    it('a touchpoint, into the stream of its strongest identifier', async () => {
      const result = only(await take(order()));
      expect(result).toEqual({ index: 0, source: 'shop', id: 'o-1', outcome: 'accepted', position: 1 });
      const event = await at(1);
      expect(event).toMatchObject({
        stream: `subject-${sealer.subjectIdOf('userId', 'u1')}`,
        type: 'order-placed',
        schemaVersion: 1,
        occurredAt: NOW - HOUR,
      });
      expect(JSON.parse(event.data)).toEqual({ orderId: 'o-1', currency: 'EUR', totalMinor: 1999 });
      expect(metaOf(event)).toMatchObject({ channel: 'web', receivedAt: NOW });
    });

    it('and seals every identifier under the key of its own subject', async () => {
      await take(order());
      const event = await at(1);
      expect(event.meta).not.toMatch(/jane|"u1"/i);
      const { identifiers } = metaOf(event);
      expect(identifiers.map(({ namespace, role }) => [namespace, role])).toEqual([
        ['email', 'self'],
        ['userId', 'self'],
      ]);
      expect(await sealer.openMany(identifiers)).toEqual(['jane@shop.example', 'u1']);
    });

    it('and seals personal data and unknown fields', async () => {
      const note = order({ id: 'n', type: 'note-added', data: { text: 'likes blue', topic: 'taste', mood: 'fine' } });
      const event = await at(only(await take({ ...note, loyaltyTier: 'gold' })).position);
      expect(JSON.parse(event.data)).toEqual({ topic: 'taste' });
      expect(event.meta).not.toMatch(/blue|fine|gold/);
      const [opened] = await sealer.openMany([
        { subjectId: sealer.subjectIdOf('userId', 'u1'), sealed: metaOf(event).sealed as string },
      ]);
      expect(JSON.parse(opened as string)).toEqual({
        '/text': 'likes blue',
        '/mood': 'fine',
        $envelope: { loyaltyTier: 'gold' },
      });
    });

    it('and loses nothing of it, whatever a channel calls its fields', async () => {
      const theirs = { $envelope: 'e', $placeholders: 'p', $provenance: 'v' };
      const identifiers = [
        { namespace: 'userId', value: 'u1' },
        { namespace: 'email', value: 'null' },
      ];
      const document = (data: Record<string, unknown>, tier = 'gold') => ({
        ...order({ identifiers, data: { orderId: 'o-1', currency: 'EUR', totalMinor: 1999, ...data } }),
        tier,
      });
      const provenance = { topic: 't', partition: 0, offset: 7, key: 'k', headers: { tag: 'spring' } };
      const { results } = await handler.execute(
        new IngestTouchpoints([{ document: document(theirs), provenance }], NOW),
      );
      const event = await at(results[0]?.position);
      const [opened] = await sealer.openMany([
        { subjectId: sealer.subjectIdOf('userId', 'u1'), sealed: metaOf(event).sealed as string },
      ]);
      expect(readSealedFields(opened as string)).toEqual({
        personal: { '/$envelope': 'e', '/$placeholders': 'p', '/$provenance': 'v' },
        beside: {
          $envelope: { tier: 'gold' },
          $placeholders: [{ namespace: 'email', value: 'null' }],
          $provenance: { key: 'k', headers: { tag: 'spring' } },
        },
        expired: [],
        mixed: false,
      });
      const outcomeOf = async (one: unknown) => only(await take(one)).outcome;
      expect(await outcomeOf(document(theirs))).toBe('duplicate');
      for (const other of [
        document({ ...theirs, $envelope: 'another' }),
        document({ ...theirs, $placeholders: 'another' }),
        document(theirs, 'silver'),
        document({}),
      ])
        expect(await outcomeOf(other)).toBe('quarantined');
    });

    it('the subject of a CloudEvent as its identifier', async () => {
      const { identifiers: _, ...rest } = order();
      const event = await at(only(await take({ ...rest, subject: 'userId:u1' })).position);
      expect(event.stream).toBe(`subject-${sealer.subjectIdOf('userId', 'u1')}`);
    });

    it('an event without a time at the instant of its receipt', async () => {
      const { time: _, ...rest } = order();
      expect(await at(only(await take(rest)).position)).toMatchObject({ occurredAt: NOW });
    });

    it('an event of a wrong clock at the corrected instant', async () => {
      const late = order({ time: '2026-02-10T08:00:00Z', sentAt: '2026-02-10T08:00:30Z' });
      expect(await at(only(await take(late)).position)).toMatchObject({ occurredAt: NOW - 30_000 });
    });

    it('an event beside a placeholder, which makes no subject', async () => {
      const identifiers = [
        { namespace: 'userId', value: 'null' },
        { namespace: 'email', value: 'jane@shop.example' },
      ];
      const event = await at(only(await take(order({ identifiers }))).position);
      expect(event.stream).toBe(`subject-${sealer.subjectIdOf('email', 'jane@shop.example')}`);
      expect(metaOf(event).identifiers).toHaveLength(1);
    });

    it('all four roles, of which only self makes the stream', async () => {
      const identifiers = [
        { namespace: 'userId', value: 'friend', role: 'referee' },
        { namespace: 'email', value: 'jane@shop.example', role: 'self' },
      ];
      const event = await at(
        only(await take(order({ type: 'referral-made', identifiers, data: { referralId: 'r1' } }))).position,
      );
      expect(event.stream).toBe(`subject-${sealer.subjectIdOf('email', 'jane@shop.example')}`);
      expect(metaOf(event).identifiers.map(({ role }) => role)).toEqual(['referee', 'self']);
    });
  });

  describe('once, for ever', () => {
    it('knows the same event again, whenever it comes and however its fields are ordered', async () => {
      await take(order());
      const { data: _, ...rest } = order();
      const again = { data: { totalMinor: 1999, currency: 'EUR', orderId: 'o-1' }, ...rest };
      expect(only(await takeAt(NOW + HOUR, again))).toMatchObject({ outcome: 'duplicate', position: 1 });
    });

    it('knows it again where the retry has other clocks', async () => {
      const { time: _, ...timeless } = order();
      await take(timeless);
      expect(only(await takeAt(NOW + HOUR, timeless))).toMatchObject({ outcome: 'duplicate', position: 1 });
      const skewed = order({ id: 'o-2', sentAt: '2026-01-31T11:00:01Z' });
      const { position } = only(await take(skewed));
      const retried = { ...skewed, sentAt: '2026-01-31T11:10:00Z' };
      expect(only(await takeAt(NOW + HOUR, retried))).toMatchObject({ outcome: 'duplicate', position });
    });

    it('knows it again whenever it is sent, read and recorded, by whatever way', async () => {
      const way = fc.record({
        sentAt: fc.option(fc.integer({ min: NOW - HOUR, max: NOW + 400 * 24 * HOUR }), { nil: undefined }),
        receivedAt: fc.integer({ min: NOW, max: NOW + 400 * 24 * HOUR }),
        arrival: fc.constantFrom('live' as const, 'kept' as const),
        timestamp: fc.option(fc.constantFrom(-1, NOW, NOW + 24 * HOUR, NOW + 900 * 24 * HOUR), { nil: undefined }),
      });
      let id = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(way, { minLength: 2, maxLength: 4 }), fc.boolean(), async (ways, timeless) => {
          const { time: _, ...rest } = order({ id: `many-${(id += 1)}` });
          const stated = timeless ? rest : { ...rest, time: '2026-01-31T11:00:00Z' };
          const outcomes: string[] = [];
          for (const { sentAt, receivedAt, arrival, timestamp } of ways) {
            const document = sentAt === undefined ? stated : { ...stated, sentAt: new Date(sentAt).toISOString() };
            const provenance = {
              topic: 't',
              partition: 0,
              offset: 1,
              timestamp: timestamp ?? -1,
              key: null,
              headers: null,
            };
            const item = timestamp === undefined ? { document } : { document, provenance };
            const { results } = await handler.execute(new IngestTouchpoints([item], receivedAt, arrival));
            outcomes.push(results[0]?.code ?? results[0]?.outcome ?? '');
          }
          // What lies too far ahead without a time is quarantined for that; nothing is ever other content.
          expect(outcomes).not.toContain('id-reused');
          const accepted = outcomes.filter((outcome) => outcome === 'accepted');
          expect(accepted.length).toBeLessThanOrEqual(1);
        }),
        { numRuns: 50 },
      );
    });

    it('knows it again within one batch', async () => {
      expect((await take(order(), order())).results.map(({ outcome }) => outcome)).toEqual(['accepted', 'duplicate']);
    });

    it.each([
      ['data', { data: { orderId: 'o-1', currency: 'EUR', totalMinor: 2000 } }],
      ['a sealed field', { data: { orderId: 'o-1', currency: 'EUR', totalMinor: 1999, note: 'x' } }],
      ['the time', { time: '2026-01-31T11:00:01Z' }],
      ['the channel', { channel: 'store' }],
      ['an identifier', { identifiers: [{ namespace: 'userId', value: 'u1' }] }],
      ['the customer', { identifiers: [{ namespace: 'userId', value: 'u2' }] }],
      ['the type', { type: 'order-cancelled', data: { orderId: 'o-1' } }],
    ])('quarantines the same id with other content: %s', async (_, change) => {
      await take(order());
      const result = only(await take(order(change)));
      expect(result).toMatchObject({ outcome: 'quarantined', code: 'id-reused', source: 'shop', id: 'o-1' });
      expect(only(await take(order(change)))).toMatchObject({ outcome: 'duplicate', position: result.position });
    });
  });

  describe('quarantines', () => {
    const cases: [string, unknown, Partial<ItemResult>][] = [
      ['what is no object', 'hello', { code: 'envelope-invalid', source: null, id: null }],
      ['null', null, { code: 'envelope-invalid' }],
      ['an envelope without an id', order({ id: undefined }), { code: 'envelope-invalid', pointer: '#/id' }],
      [
        'an envelope without a channel',
        order({ channel: undefined }),
        { code: 'envelope-invalid', pointer: '#/channel' },
      ],
      ['one without an identifier', order({ identifiers: [] }), { code: 'no-identifier' }],
      ['one without identifiers', order({ identifiers: undefined }), { code: 'no-identifier' }],
      [
        'one that names only a referee',
        order({ identifiers: [{ namespace: 'userId', value: 'u9', role: 'referee' }] }),
        { code: 'no-identifier' },
      ],
      [
        'one that names a placeholder',
        order({ identifiers: [{ namespace: 'userId', value: 'unknown' }] }),
        { code: 'placeholder-identifier' },
      ],
      ['one of the day after tomorrow', order({ time: '2026-02-02T11:00:00Z' }), { code: 'time-in-future' }],
      ['one of the Middle Ages', order({ time: '1312-01-01T00:00:00Z' }), { code: 'time-too-early' }],
      ['an unknown type', order({ type: 'campsite-booked' }), { code: 'type-unknown', pointer: '#/type' }],
      ['a type of the engine', order({ type: 'person-erased' }), { code: 'type-unknown' }],
      ['an unknown version', order({ schemaVersion: 7 }), { code: 'data-invalid' }],
      ['a source of the engine', order({ source: 'perennial/intake' }), { code: 'source-reserved' }],
      [
        'bad data',
        order({ data: { orderId: 'o-1', currency: 'euro', totalMinor: 1 } }),
        { pointer: '#/data/currency' },
      ],
      ['data that are no object', order({ data: [1] }), { code: 'envelope-invalid' }],
    ];
    it.each(cases)('%s', async (_, document, expected) => {
      const result = only(await take(document));
      expect(result).toMatchObject({ outcome: 'quarantined', ...expected });
      const event = await at(result.position);
      expect(event).toMatchObject({ type: 'event-quarantined', stream: `quarantine-${result.quarantineId}` });
      expect(event.data + event.meta).not.toMatch(/jane@/i);
      expect(only(await take(document))).toMatchObject({ outcome: 'duplicate', position: result.position });
    });

    it('a message of a topic with its place in its partition, told like a row of a file', async () => {
      const provenance = { topic: 'touchpoints.web', partition: 3, offset: 7, key: null, headers: null };
      const { results } = await handler.execute(
        new IngestTouchpoints([{ document: order({ type: 'nothing-known' }), provenance }], NOW),
      );
      const { data } = await at(results[0]?.position);
      expect(JSON.parse(data)).toMatchObject({ code: 'type-unknown', file: 'touchpoints.web/3', line: 7 });
    });

    it('and lets the good ones through', async () => {
      const taken = await take(order(), 'bad', order({ id: 'o-2' }), { id: 'x' });
      expect(taken.counts).toEqual({ received: 4, accepted: 2, duplicate: 0, quarantined: 2, suppressed: 0 });
      expect(taken.results.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    });

    it('what is almost in the future not: it waits within a day', async () => {
      expect(only(await take(order({ time: '2026-02-01T11:59:00Z' })))).toMatchObject({ outcome: 'accepted' });
    });
  });

  describe('suppresses', () => {
    const JANE = { namespace: 'email', value: 'jane@shop.example' };

    it('an event of a person who was erased', async () => {
      await keyStore.destroy([sealer.subjectIdOf('email', 'jane@shop.example')]);
      const taken = await take(order());
      expect(only(taken)).toMatchObject({ outcome: 'suppressed', code: 'erased' });
      expect((await recorded()).map(({ type }) => type)).toEqual(['intake-receipt']);
      expect(await receipts()).toMatchObject([{ received: 1, suppressed: { erased: 1 } }]);
    });

    it('a bad event that names a person who was erased', async () => {
      await keyStore.destroy([sealer.subjectIdOf('email', 'jane@shop.example')]);
      for (const bad of [order({ type: 'x' }), { email: 'JANE@shop.example' }, ['write to jane@shop.example, please']])
        expect(only(await take(bad))).toMatchObject({ outcome: 'suppressed', code: 'erased' });
    });

    it('a friend only, where the friend was erased', async () => {
      await keyStore.destroy([sealer.subjectIdOf('userId', 'friend')]);
      const identifiers = [JANE, { namespace: 'userId', value: 'friend', role: 'referee' }];
      const made = order({ type: 'referral-made', identifiers, data: { referralId: 'r1' } });
      const event = await at(only(await take(made)).position);
      expect(metaOf(event).identifiers.map(({ role }) => role)).toEqual(['self']);
    });
  });

  it('writes one receipt for each source, and the receipts add up', async () => {
    await take(order(), order(), order({ source: 'app' }), 7, order({ source: 'app', id: 'o-9', type: 'x' }));
    expect(await receipts()).toEqual([
      expect.objectContaining({ source: 'shop', received: 2, accepted: 1, duplicates: [['o-1', 1]] }),
      expect.objectContaining({ source: 'app', received: 2, accepted: 1, quarantined: 1 }),
      expect.objectContaining({ source: '(unreadable)', received: 1, quarantined: 1 }),
    ]);
  });

  it('takes an empty batch without a trace', async () => {
    expect((await take()).counts.received).toBe(0);
    expect(await recorded()).toEqual([]);
  });
});
