import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TypeRegistry, type SourceSettings } from '#contracts';
import type { CallKind } from './call.js';
import { readBatch, readCall, type CallItem, type ReadingContext } from './read-calls.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const SHOP: SourceSettings = { name: 'shop', kind: 'segment', test: false, currency: 'EUR' };
const context = (given: Partial<ReadingContext> = {}): ReadingContext => ({
  ...{ source: 'shop', settings: SHOP, types: TypeRegistry.BUILT_IN, receivedAt: NOW, maxEventBytes: 32_768 },
  ...given,
});
const read = (kind: CallKind, call: object, given: Partial<ReadingContext> = {}): CallItem =>
  readCall(kind, { messageId: 'm', userId: 'u', ...call } as Record<string, unknown>, context(given));
const documentOf = ({ document }: CallItem) => document as Readonly<Record<string, unknown>>;
const dataOf = (event: string, properties: object, given: Partial<ReadingContext> = {}) =>
  documentOf(read('track', { event, properties }, given));
const issueOf = ({ rejection }: CallItem) => [rejection?.code, rejection?.issues[0].pointer];

describe('an order', () => {
  it('has its lines and its total in minor units, and keeps what no field holds', () => {
    const product = { product_id: 'p-1', sku: 'TEA-1', name: 'Tea', price: 12.5, quantity: 2, url: 'https://x/1' };
    const { type, data } = dataOf('Order Completed', {
      ...{ order_id: 'o-1', total: 25.9, shipping: 2.9, coupon: 'may', currency: 'eur', products: [product] },
    });
    expect(type).toBe('order-placed');
    expect(data).toEqual({
      ...{ orderId: 'o-1', currency: 'EUR', totalMinor: 2590, coupon: 'may' },
      lines: [
        {
          ...{ sku: 'TEA-1', name: 'Tea', quantity: 2, unitPriceMinor: 1250 },
          product: { product_id: 'p-1', url: 'https://x/1' },
        },
      ],
      properties: { shipping: 2.9 },
    });
  });

  it('leaves the currency to its source where it names none: it is then no part of the content', () => {
    expect(dataOf('Order Completed', { order_id: 'o', revenue: '19.90' })['data']).toEqual({
      orderId: 'o',
      totalMinor: 1990,
    });
  });

  it.each([
    [27.499999999999996, 2750],
    [0.1 + 0.2, 30],
    [1e-7, 0],
    ['12.345', 1235],
    [0, 0],
  ])('of %s has %s cents', (total, totalMinor) => {
    expect(dataOf('Order Completed', { order_id: 'o', total })['data']).toMatchObject({ totalMinor });
  });

  it('is rejected without an id, an amount or a currency, and named what is missing', () => {
    const track = (properties: object, given = {}) =>
      issueOf(read('track', { event: 'Order Completed', properties }, given));
    expect(track({ total: 1 })).toEqual(['data-invalid', '#/properties/order_id']);
    expect(track({ order_id: 'o' })).toEqual(['data-invalid', '#/properties/total']);
    expect(track({ order_id: 'o', total: 'free' })).toEqual(['data-invalid', '#/properties/total']);
    expect(track({ order_id: 'o', total: -5 })).toEqual(['data-invalid', '#/properties/total']);
    expect(track({ order_id: 'o', total: 1, currency: 'EURO' })).toEqual(['data-invalid', '#/properties/currency']);
    expect(track({ order_id: 'o', total: 1 }, { settings: null })).toEqual(['data-invalid', '#/properties/currency']);
  });

  it('comes back whole where neither an amount nor products are named', () => {
    expect(dataOf('Order Refunded', { order_id: 'o' })['data']).toEqual({ orderId: 'o', whole: true });
    expect(dataOf('Order Refunded', { order_id: 'o', total: 5 })['data']).toEqual({ orderId: 'o', amountMinor: 500 });
  });

  it('keeps products that are no lines as they came', () => {
    const products = [{ name: 'without a sku' }];
    expect(dataOf('Order Completed', { order_id: 'o', total: 1, products })['data']).toEqual({
      orderId: 'o',
      totalMinor: 100,
      properties: { products },
    });
  });
});

describe('an event', () => {
  it.each(['order_completed', 'OrderCompleted', 'Completed Order', 'order-completed'])(
    'named %s is Order Completed',
    (event) => {
      expect(dataOf(event, { order_id: 'o', total: 1 })['type']).toBe('order-placed');
    },
  );

  it('of no specification is a visit that keeps its name and properties', () => {
    expect(dataOf('Song Played', { name: 'Get Right' })).toMatchObject({
      type: 'site-visited',
      data: { event: 'Song Played', properties: { name: 'Get Right' } },
    });
  });

  it('has the registered type of its name', () => {
    const registration = TypeRegistry.BUILT_IN.register({
      ...{ name: 'song-played', version: 1, origin: 'customer', group: 'service' },
      schema: { type: 'object', properties: { name: { type: 'string' } } },
    });
    if (!registration.ok) throw new Error(JSON.stringify(registration.errors));
    expect(dataOf('Song Played', { name: 'Get Right' }, { types: registration.registry })).toMatchObject({
      type: 'song-played',
      data: { name: 'Get Right' },
    });
  });

  it('becomes what the mapping of its source says', () => {
    const settings: SourceSettings = {
      ...SHOP,
      tracking: {
        events: {
          'Deal Won': { as: 'Order Completed' },
          'Song Played': {
            type: 'content-viewed',
            data: { title: { column: 'name' }, topic: { column: 'meta.genre', optional: true } },
          },
        },
        others: 'quarantine',
      },
    };
    expect(dataOf('Deal Won', { order_id: 'o', total: 1 }, { settings })['type']).toBe('order-placed');
    const properties = { name: 'Get Right', meta: { genre: 'pop' } };
    expect(dataOf('Song Played', properties, { settings })).toMatchObject({
      type: 'content-viewed',
      data: { title: 'Get Right', topic: 'pop', properties },
    });
    expect(issueOf(read('track', { event: 'Song Played', properties: {} }, { settings }))).toEqual([
      'value-missing',
      '#/properties/name',
    ]);
    expect(issueOf(read('track', { event: 'Other' }, { settings }))).toEqual(['event-not-mapped', '#/event']);
  });

  it('tells of another person in a role of their own', () => {
    const shared = { share_via: 'email', recipient: 'friend@example.org' };
    expect(dataOf('Product Shared', shared)).toMatchObject({
      type: 'shared',
      identifiers: [
        { namespace: 'userId', value: 'u' },
        { namespace: 'email', value: 'friend@example.org', role: 'recipient' },
      ],
    });
  });
});

describe('who a call is about', () => {
  const of = (kind: CallKind, call: object) => documentOf(read(kind, call))['identifiers'];
  it('is both ids of a login and of an alias, which are one person from then on', () => {
    expect(
      of('identify', { anonymousId: 'a', traits: { email: 'jane@shop.example', phone: '+49 30 123456' } }),
    ).toEqual([
      { namespace: 'userId', value: 'u' },
      { namespace: 'anonymousId', value: 'a' },
      { namespace: 'email', value: 'jane@shop.example' },
      { namespace: 'phone', value: '+49 30 123456' },
    ]);
    expect(of('alias', { previousId: 'a' })).toEqual([
      { namespace: 'userId', value: 'u' },
      { namespace: 'anonymousId', value: 'a' },
    ]);
  });

  it('is no address of a company, and no address among the properties of an event', () => {
    expect(of('group', { groupId: 'g', traits: { email: 'info@shop.example' } })).toEqual([
      { namespace: 'userId', value: 'u' },
    ]);
    expect(of('track', { event: 'Invited', properties: { email: 'other@shop.example' } })).toEqual([
      { namespace: 'userId', value: 'u' },
    ]);
  });

  it('is a number as well, and never null or empty', () => {
    expect(of('track', { event: 'E', userId: 4711, anonymousId: null })).toEqual([
      { namespace: 'userId', value: '4711' },
    ]);
    expect(issueOf(read('track', { event: 'E', userId: '' }))).toEqual(['no-identifier', '#/userId']);
    expect(issueOf(read('track', { event: 'E', userId: { id: 1 } }))).toEqual(['envelope-invalid', '#/userId']);
  });
});

describe('when a call happened', () => {
  const of = (call: object, given: Partial<ReadingContext> = {}) => {
    const { time, sentAt } = documentOf(read('track', { event: 'E', ...call }, given));
    return { time, sentAt };
  };
  it('is its timestamp, which counts before the original one', () => {
    const [timestamp, originalTimestamp] = ['2026-01-02T03:04:05.678Z', '2026-01-31T11:59:00Z'];
    expect(of({ timestamp, originalTimestamp, sentAt: originalTimestamp })).toEqual({
      time: timestamp,
      sentAt: originalTimestamp,
    });
    expect(of({ originalTimestamp })).toEqual({ time: originalTimestamp, sentAt: undefined });
  });

  it.each([
    ['2015-2-02T00:30:08.276Z', '2015-02-02T00:30:08.276Z'],
    ['2015-02-02', '2015-02-02T00:00:00Z'],
    ['2015-02-02 10:30', '2015-02-02T10:30:00Z'],
    ['2015-02-02T10:30:00+0100', '2015-02-02T10:30:00+01:00'],
    ['2015-02-02T10:30:00.123456+00:00', '2015-02-02T10:30:00.123456+00:00'],
  ])('is read as people and libraries write it: %s', (timestamp, time) => {
    expect(of({ timestamp }).time).toBe(time);
  });

  it('is left to the zone of its source where it has no offset', () => {
    const settings = { ...SHOP, timeZone: 'Europe/Berlin' };
    expect(of({ timestamp: '2015-2-02 10:30' }, { settings }).time).toBe('2015-02-02T10:30:00');
  });

  it.each([['yesterday'], [1_700_000_000], ['2015-13-01T00:00:00Z']])('is not %s', (timestamp) => {
    expect(issueOf(read('track', { event: 'E', timestamp }))).toEqual(['envelope-invalid', '#/timestamp']);
  });
});

describe('a call without an id', () => {
  const batch = (calls: readonly object[], around: object = {}, receivedAt = NOW) =>
    readBatch({ batch: calls, ...around }, context({ receivedAt })).map(({ messageId }) => messageId);
  const call = { type: 'track', event: 'E', userId: 'u' };

  it('has the same when the same request is sent again', () => {
    const timed = { ...call, timestamp: '2026-01-31T11:00:00Z' };
    expect(batch([timed], {}, NOW)).toEqual(batch([timed], {}, NOW + 1));
    expect(batch([call], { sentAt: '2026-01-31T11:00:00Z' }, NOW)).toEqual(
      batch([call], { sentAt: '2026-01-31T11:00:00Z' }, NOW + 1),
    );
  });

  it('has another at another time, where it states none itself', () => {
    expect(batch([call], {}, NOW)).not.toEqual(batch([call], {}, NOW + 1));
    expect(batch([call], { sentAt: '2026-01-31T11:00:00Z' })).not.toEqual(
      batch([call], { sentAt: '2026-01-31T12:00:00Z' }),
    );
  });

  it('differs from one that says the same in one request, and from one of another source', () => {
    expect(new Set(batch([call, call, { ...call }])).size).toBe(3);
    const of = (source: string) => readBatch({ batch: [call] }, context({ source }))[0]?.messageId;
    expect(of('shop')).not.toBe(of('app'));
  });
});

describe('a batch', () => {
  it('gives its context to each call, deep, and the own one counts first', () => {
    const [item] = readBatch(
      {
        context: { device: { type: 'phone', name: 'A' }, ip: '10.0.0.1' },
        batch: [{ type: 'track', event: 'E', userId: 'u', context: { device: { name: 'B' } } }],
      },
      context(),
    );
    expect(documentOf(item as CallItem)['call']).toEqual({
      kind: 'track',
      context: { device: { type: 'phone', name: 'B' }, ip: '10.0.0.1' },
    });
  });

  it('judges each call by itself', () => {
    const items = readBatch(
      {
        batch: [
          { type: 'track', event: 'E', userId: 'u' },
          'no call',
          { userId: 'u' },
          { type: 'page', userId: 'u', x: 'y'.repeat(40_000) },
        ],
      },
      context(),
    );
    expect(items.map(({ rejection }) => rejection?.code)).toEqual([
      undefined,
      'envelope-invalid',
      'envelope-invalid',
      'event-too-large',
    ]);
  });
});

describe('any call', () => {
  const field = fc.constantFrom(
    'type',
    'userId',
    'anonymousId',
    'event',
    'properties',
    'traits',
    'context',
    'timestamp',
    'messageId',
    'sentAt',
    'groupId',
    'previousId',
    'name',
  );
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('track', 'identify', 'alias', 'Order Completed', '2026-01-31T12:00:00Z'),
  );
  const calls = fc.array(fc.oneof(fc.jsonValue(), fc.dictionary(field, value)), { minLength: 1, maxLength: 5 });

  it('becomes a touchpoint of its source or a rejection, never a failure', () => {
    fc.assert(
      fc.property(calls, (batch) => {
        for (const { document, messageId, rejection } of readBatch({ batch }, context())) {
          expect(document).toMatchObject({ id: messageId, source: 'shop' });
          if (rejection === undefined) expect((document as { type: unknown }).type).toEqual(expect.any(String));
        }
      }),
    );
  });

  it('loses nothing: every text that it holds stands in what it becomes', () => {
    const text = fc.stringMatching(/^[a-z]{12}$/);
    const holder = fc.record({
      ...{ userId: text, event: text, messageId: text },
      ...{ properties: fc.dictionary(text, text), context: fc.dictionary(text, text), extra: text },
    });
    fc.assert(
      fc.property(holder, (call) => {
        const kept = JSON.stringify(read('track', call).document);
        const texts = [call.userId, call.event, call.messageId, call.extra];
        for (const each of [call.properties, call.context]) texts.push(...Object.keys(each), ...Object.values(each));
        for (const each of texts) expect(kept).toContain(each);
      }),
    );
  });
});
