import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RegisteredSource, SourceSettings, SourceStatus, TouchpointMeta } from '#contracts';
import type { EventLog } from '#event-log';
import { openSqliteKeyStore, Sealer } from '#keys';
import { memoryLog, orderPlaced } from '#testing';
import { Sources } from '../sources/sources.js';
import { IngestTouchpoints, IngestTouchpointsHandler } from './ingest-touchpoints.js';
import { Ingestion } from './ingestion.js';

const NOW = Date.UTC(2026, 0, 31, 12);

describe('what a source’s settings add to its events', () => {
  let log: EventLog;
  let sources: Sources;
  let handler: IngestTouchpointsHandler;
  beforeEach(() => {
    log = memoryLog({ clock: { now: () => NOW } });
    sources = new Sources();
    const sealer = new Sealer(openSqliteKeyStore({ file: ':memory:' }));
    handler = new IngestTouchpointsHandler(new Ingestion({ log, sealer, sources }));
  });

  const settle = (settings: Omit<Partial<SourceSettings>, 'name'>, status: SourceStatus = 'active'): void => {
    const shop: RegisteredSource = {
      settings: { name: 'shop', kind: 'api', test: false, ...settings },
      ...{ status, registeredAt: 0, changedAt: 0 },
    };
    sources.replace(new Map([['shop', shop]]));
  };
  const ingest = async (document: unknown) =>
    (await handler.execute(new IngestTouchpoints([{ document }], NOW))).results[0];
  const recorded = async () => {
    const [event] = await log.find([{ source: 'shop', id: 'o-1' }]);
    const { occurredAt, meta, data } = event!;
    return { occurredAt, meta: JSON.parse(meta) as TouchpointMeta, data: JSON.parse(data) as Record<string, unknown> };
  };

  const { channel: _, time: __, ...lacking } = orderPlaced({ id: 'o-1', source: 'shop' });
  const { currency: ___, ...uncounted } = lacking['data'] as Record<string, unknown>;
  const event = { ...lacking, data: uncounted, time: '2026-01-15T09:30:00' };

  it('is the channel, the currency, the zone of times, the brand and the test mark', async () => {
    expect(await ingest(event)).toMatchObject({ outcome: 'quarantined' });
    settle({ channel: 'web shop', currency: 'SEK', timeZone: 'Europe/Berlin', brand: 'Alpine', test: true });
    expect(await ingest(event)).toMatchObject({ outcome: 'accepted' });
    const { occurredAt, meta, data } = await recorded();
    expect(meta).toMatchObject({
      ...{ channel: 'web shop', brand: 'Alpine', test: true, local: '2026-01-15T09:30:00' },
      defaulted: ['channel', 'currency', 'test', 'brand'],
    });
    expect(data['currency']).toBe('SEK');
    expect(occurredAt).toBe(Date.parse('2026-01-15T08:30:00Z'));
  });

  it('gives way to what the event says itself', async () => {
    settle({ channel: 'web shop', currency: 'SEK', timeZone: 'Europe/Berlin', brand: 'Alpine' });
    const document = orderPlaced({
      id: 'o-1',
      source: 'shop',
      channel: 'app',
      brand: 'Coast',
      time: '2026-01-15T09:30:00Z',
    });
    await ingest(document);
    const { occurredAt, meta, data } = await recorded();
    expect(meta).toMatchObject({ channel: 'app', brand: 'Coast' });
    expect(meta).not.toHaveProperty('defaulted');
    expect(meta).not.toHaveProperty('local');
    expect(data['currency']).toBe('EUR');
    expect(occurredAt).toBe(Date.parse('2026-01-15T09:30:00Z'));
  });

  it('is no part of the content: a retry after any change of the settings is a duplicate', async () => {
    const settings = fc.record({
      channel: fc.constantFrom('web', 'app'),
      currency: fc.constantFrom('EUR', 'SEK'),
      timeZone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'UTC'),
      brand: fc.option(fc.constantFrom('Alpine', 'Coast'), { nil: undefined }),
      test: fc.boolean(),
    });
    let next = 0;
    await fc.assert(
      fc.asyncProperty(settings, settings, async (before, after) => {
        const document = { ...event, id: `o-${(next += 1)}` };
        settle(before as Partial<SourceSettings>);
        expect(await ingest(document)).toMatchObject({ outcome: 'accepted' });
        settle(after as Partial<SourceSettings>);
        expect(await ingest(document)).toMatchObject({ outcome: 'duplicate' });
        expect(await ingest({ ...document, time: '2026-01-15T09:31:00' })).toMatchObject({ code: 'id-reused' });
      }),
      { numRuns: 40 },
    );
  });

  it('does not change what came before the source was registered: the same event again is a duplicate', async () => {
    const whole = orderPlaced({ id: 'o-1', source: 'shop', brand: 'Coast', sequence: '17' });
    expect(await ingest(whole)).toMatchObject({ outcome: 'accepted' });
    settle({ channel: 'web shop', currency: 'SEK', timeZone: 'Europe/Berlin', brand: 'Alpine', test: true });
    expect(await ingest(whole)).toMatchObject({ outcome: 'duplicate' });
  });

  it('is a date’s first instant in the zone, and the first of two equal times of a clock that goes back', async () => {
    settle({ timeZone: 'Europe/Berlin', channel: 'web', currency: 'EUR' });
    await ingest({ ...event, time: '2026-01-15' });
    expect((await recorded()).occurredAt).toBe(Date.parse('2026-01-14T23:00:00Z'));
    await ingest({ ...event, id: 'o-2', time: '2025-10-26 02:30' });
    const [twice] = await log.find([{ source: 'shop', id: 'o-2' }]);
    expect(twice?.occurredAt).toBe(Date.parse('2025-10-26T00:30:00Z'));
  });

  it('is the version of its schema contract, and another one is quarantined', async () => {
    settle({ versions: { 'case-resolved': 1 }, channel: 'desk', timeZone: 'UTC' });
    const resolved = {
      ...event,
      type: 'case-resolved',
      data: { caseId: 'c-1', hours: 0.5, cost: '12.50', currency: 'EUR' },
    };
    expect(await ingest(resolved)).toMatchObject({ outcome: 'accepted' });
    expect(await ingest({ ...resolved, id: 'o-2', schemaVersion: 2 })).toMatchObject({
      ...{ outcome: 'quarantined', code: 'contract-mismatch', pointer: '#/schemaVersion' },
    });
  });

  it.each([
    ['source-paused', 'paused', {}],
    ['source-retired', 'retired', {}],
    ['type-not-permitted', 'active', { types: ['site-visited'] }],
  ] as const)('quarantines with the code %s what a source may not send', async (code, status, settings) => {
    settle(settings, status);
    const result = await ingest(orderPlaced({ id: 'o-1', source: 'shop' }));
    expect(result).toMatchObject({ outcome: 'quarantined', code, hint: expect.stringContaining('release') });
    settle({});
    expect(await ingest(orderPlaced({ id: 'o-1', source: 'shop' }))).toMatchObject({ outcome: 'accepted' });
  });

  it('keeps the sequence that the event states, where it is a whole number', async () => {
    await ingest(orderPlaced({ id: 'o-1', source: 'shop', sequence: '000017' }));
    expect((await recorded()).meta.sequence).toBe(17);
    await ingest(orderPlaced({ id: 'o-2', source: 'shop', sequence: '01HZX' }));
    const [other] = await log.find([{ source: 'shop', id: 'o-2' }]);
    expect(JSON.parse(other!.meta)).not.toHaveProperty('sequence');
  });
});
