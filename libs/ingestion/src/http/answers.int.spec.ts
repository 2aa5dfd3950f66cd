import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Sealer } from '#keys';
import { orderPlaced } from '#testing';
import { IngestionApp } from '../testdata/intake-app.js';

type Json = Record<string, unknown>;
interface Answer {
  readonly status: number;
  readonly outcomes: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Json & { readonly results: readonly Json[]; readonly warnings?: readonly Json[] };
  readonly text: string;
}

describe('an answer to events', () => {
  let engine: IngestionApp;
  let admin: string;
  let publisher: string;
  let source = 0;
  beforeAll(async () => {
    engine = await IngestionApp.start();
    admin = engine.key('publish', 'read', 'quarantine', 'policy', 'types');
    publisher = engine.key('publish');
    const sealer = new Sealer(engine.keyStore);
    await engine.keyStore.destroy([sealer.subjectIdOf('email', 'erased@shop.example')]);
  });
  afterAll(() => engine.stop());

  const fresh = (more: Json = {}): Json => orderPlaced({ source: `answers-${(source += 1)}`, ...more });
  const bad = (): Json => fresh({ type: 'ordr-placed' });
  const send = async (
    payload: unknown,
    headers: Record<string, string> = {},
    key = admin,
    path = '/v1/touchpoints',
  ): Promise<Answer> => {
    const answer = await engine.app.inject({
      ...{ method: 'POST', url: path },
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    });
    const last = answer.body.trim().split('\n').at(-1) ?? '';
    return {
      status: answer.statusCode,
      outcomes: answer.headers['perennial-outcomes'],
      headers: answer.headers,
      body: JSON.parse(last) as Answer['body'],
      text: answer.body,
    };
  };
  const lines = (...events: readonly unknown[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join('');
  const STRUCTURED = { 'content-type': 'application/cloudevents+json' };
  const BATCH = { 'content-type': 'application/cloudevents-batch+json' };
  const NDJSON = { 'content-type': 'application/x-ndjson' };
  const cloud = (event: Json): Json => ({ specversion: '1.0', ...event });

  describe('has a status that sums up the outcomes', () => {
    it.each<[string, () => unknown, number]>([
      ['one accepted', () => fresh(), 200],
      ['an empty batch', () => [], 200],
      ['all accepted', () => [fresh(), fresh()], 200],
      ['one quarantined', () => bad(), 422],
      ['all quarantined', () => [bad(), bad()], 422],
      ['some quarantined', () => [fresh(), bad()], 207],
      ['what is no event', () => [1, null, 'x'], 422],
      ['suppressed', () => fresh({ identifiers: [{ namespace: 'email', value: 'erased@shop.example' }] }), 200],
    ])('in our JSON form: %s', async (_, events, status) => {
      expect((await send(events())).status).toBe(status);
    });

    it('of repetitions: what was accepted is well, and what is in quarantine still is', async () => {
      const [good, wrong] = [fresh(), bad()];
      expect((await send([good, wrong])).status).toBe(207);
      expect(await send(good)).toMatchObject({ status: 200, body: { duplicate: 1 } });
      expect(await send(wrong)).toMatchObject({ status: 422, body: { duplicate: 1, quarantined: 0 } });
      expect((await send([good, wrong])).status).toBe(207);
      expect((await send([wrong, wrong])).status).toBe(422);
    });

    it.each<[string, () => unknown, Record<string, string>, number]>([
      ['structured, accepted', () => cloud(fresh()), STRUCTURED, 200],
      ['structured, quarantined', () => cloud(bad()), STRUCTURED, 202],
      ['structured, no CloudEvent', () => fresh(), STRUCTURED, 202],
      ['batch, some quarantined', () => [cloud(fresh()), cloud(bad())], BATCH, 202],
      ['batch, all quarantined', () => [cloud(bad())], BATCH, 202],
      ['batch, accepted', () => [cloud(fresh())], BATCH, 200],
    ])('in a content mode of CloudEvents: %s', async (_, events, headers, status) => {
      expect((await send(events(), headers)).status).toBe(status);
    });

    it.each([
      ['order-placed', 200],
      ['no-such-type', 202],
    ])('in binary mode: %s', async (type, status) => {
      const { data } = fresh();
      const attributes = {
        'ce-specversion': '1.0',
        'ce-id': `b-${(source += 1)}`,
        'ce-source': 'bin',
        'ce-type': type,
      };
      expect((await send(data, { ...attributes, 'ce-channel': 'web', 'ce-subject': 'userId:u7' })).status).toBe(status);
    });

    it.each([
      ['accepted', () => lines(fresh(), fresh()), { accepted: 2, quarantined: 0 }],
      ['quarantined', () => lines(bad(), bad()), { accepted: 0, quarantined: 2 }],
    ])('of a stream, whatever is %s', async (_, body, counts) => {
      expect(await send(body(), NDJSON)).toMatchObject({ status: 200, body: counts });
    });
  });

  it('has the counts in a header', async () => {
    const event = fresh();
    expect((await send([event, event, bad()])).outcomes).toBe('accepted=1, duplicate=1, quarantined=1, suppressed=0');
    expect((await send(cloud(fresh()), STRUCTURED)).outcomes).toBe(
      'accepted=1, duplicate=0, quarantined=0, suppressed=0',
    );
  });

  it('to a stream has the counts in its last line, and a result on each line where lines are asked for', async () => {
    const events = lines(fresh(), bad());
    const { text, body } = await send(events, { ...NDJSON, accept: 'application/x-ndjson' });
    const [result, summary, ...more] = text.trim().split('\n');
    expect(more).toEqual([]);
    expect(JSON.parse(result ?? '')).toMatchObject({ index: 1, outcome: 'quarantined' });
    expect(JSON.parse(summary ?? '')).toEqual(body);
    expect(body).toEqual({ received: 2, accepted: 1, duplicate: 0, quarantined: 1, suppressed: 0 });
  });

  it('is stored nowhere on its way', async () => {
    expect((await send(fresh())).headers['cache-control']).toBe('no-store');
    const read = await engine.app.inject({
      ...{ method: 'GET', url: '/v1/touchpoints/outcome?source=a&id=b' },
      headers: { authorization: `Bearer ${admin}` },
    });
    expect([read.statusCode, read.headers['cache-control']]).toEqual([200, 'no-store']);
    const closed = await engine.app.inject({ method: 'GET', url: '/v1/touchpoints/outcome' });
    expect([closed.statusCode, closed.headers['cache-control']]).toEqual([401, 'no-store']);
  });

  describe('to a key that may only publish does not tell who was erased', () => {
    const named = (value: string, more: Json = {}): Json =>
      fresh({ id: 'e-1', source: 'secret', identifiers: [{ namespace: 'email', value }], ...more });
    const both = async (of: (value: string) => unknown, headers: Record<string, string> = {}) => {
      const [living, erased] = [
        await send(of('living@shop.example'), headers, publisher),
        await send(of('erased@shop.example'), headers, publisher),
      ];
      const same = ({ status, text, headers: { date: _, ...rest } }: Answer) => ({ status, text, headers: rest });
      return [same(living), same(erased)];
    };
    /** Ids of their own for the two, of one length. */
    const id = (value: string): string => (value.startsWith('living') ? 'aaaa' : 'bbbb');
    const masked = (answer: object): unknown =>
      JSON.parse(
        JSON.stringify(answer)
          .replace(/bbbb/g, 'aaaa')
          .replace(/[0-9a-f]{32}/g, 'quarantine-id'),
      );

    it.each<[string, (value: string) => unknown, Record<string, string>]>([
      ['one event', (value) => named(value, { id: `one-${id(value)}` }), {}],
      ['the same again', (value) => named(value, { id: `one-${id(value)}` }), {}],
      [
        'a batch with the same twice',
        (value) => [named(value, { id: `two-${id(value)}` }), named(value, { id: `two-${id(value)}` })],
        {},
      ],
      ['a bad event', (value) => named(value, { id: `bad-${id(value)}`, type: 'x' }), {}],
      ['the same bad event again', (value) => named(value, { id: `bad-${id(value)}`, type: 'x' }), {}],
      ['an event with warnings', (value) => named(value, { id: `warn-${id(value)}`, type2: 1 }), {}],
      ['a CloudEvent', (value) => cloud(named(value, { id: `cloud-${id(value)}` })), STRUCTURED],
      ['lines', (value) => lines(named(value, { id: `line-${id(value)}` })), NDJSON],
    ])('%s', async (_, of, headers) => {
      const [living, erased] = await both(of, headers);
      expect(masked(erased as object)).toEqual(masked(living as object));
      expect(JSON.stringify(erased)).not.toMatch(/erased"|was erased|suppressed":[1-9]|suppressed=[1-9]|position/);
    });

    it('with an event that was recorded before the erasure', async () => {
      const later = named('later@shop.example', { id: 'before' });
      expect((await send(later, {}, publisher)).body).toMatchObject({ accepted: 1 });
      const sealer = new Sealer(engine.keyStore);
      await engine.keyStore.destroy([sealer.subjectIdOf('email', 'later@shop.example')]);
      expect((await send(later, {}, publisher)).body).toMatchObject({ accepted: 0, duplicate: 1, suppressed: 0 });
    });

    it('and tells it to a key that may do more', async () => {
      const answer = await send(named('erased@shop.example', { id: 'open' }));
      expect(answer.body).toMatchObject({ suppressed: 1, results: [{ outcome: 'suppressed', code: 'erased' }] });
      expect(answer.outcomes).toContain('suppressed=1');
    });
  });

  describe('warns of what was accepted and is likely meant otherwise', () => {
    const warned = async (more: Json, headers: Record<string, string> = {}): Promise<readonly Json[]> => {
      const event = fresh(more);
      const { body, status } = await send('specversion' in event ? event : event, headers);
      expect([status, body['accepted']]).toEqual([200, 1]);
      return body.warnings ?? [];
    };
    const LINE = { sku: 'a', quantity: 1, unitPriceMinor: 100 };

    it.each<[string, Json, string, RegExp]>([
      ['items of a cart', { type: 'cart-updated', data: { items: [LINE] } }, '#/data/items', /did you mean `lines`/],
      [
        'a field of a line, once',
        {
          data: {
            orderId: 'x',
            currency: 'EUR',
            lines: [
              { ...LINE, productCategory: 'tea' },
              { ...LINE, productCategory: 'pot' },
            ],
          },
        },
        '#/data/lines/0/productCategory',
        /did you mean `category`/,
      ],
      ['a field of the envelope', { type2: 'x' }, '#/type2', /did you mean `type`/],
      ['a field like none', { giftWrap: true }, '#/giftWrap', /leave it out; known are id, source/],
      [
        'a field of an identifier',
        { identifiers: [{ namespace: 'userId', value: 'u1', rol: 'self' }] },
        '#/identifiers/0/rol',
        /did you mean `role`/,
      ],
      [
        'a namespace, E-Mail',
        {
          identifiers: [
            { namespace: 'userId', value: 'u1' },
            { namespace: 'E-Mail', value: 'a@b.example' },
          ],
        },
        '#/identifiers/1/namespace',
        /did you mean `email`/,
      ],
      [
        'a namespace, e-mail',
        { identifiers: [{ namespace: 'e-mail', value: 'a@b.example' }] },
        '#/identifiers/0/namespace',
        /did you mean `email`/,
      ],
      [
        'a placeholder',
        {
          identifiers: [
            { namespace: 'userId', value: 'u1' },
            { namespace: 'email', value: 'test@example.com' },
          ],
        },
        '#/identifiers/1/value',
        /was not used/,
      ],
    ])('%s', async (_, more, pointer, hint) => {
      const warnings = await warned(more);
      expect(warnings).toMatchObject([{ index: 0, count: 1, pointer, hint: expect.stringMatching(hint) as unknown }]);
    });

    it('a type of the own', async () => {
      const definition = { name: 'campsite-booked', version: 1, origin: 'customer', group: 'purchase' };
      await engine.app.inject({
        ...{ method: 'POST', url: '/v1/types', headers: { authorization: `Bearer ${admin}` } },
        payload: { ...definition, schema: { type: 'object', properties: { nights: { type: 'integer' } } } },
      });
      const warnings = await warned({ type: 'campsite-booked', data: { night: 3 } });
      expect(warnings).toMatchObject([
        { code: 'custom-type', pointer: '#/type', type: 'campsite-booked' },
        { code: 'unknown-field', pointer: '#/data/night', hint: 'did you mean `nights`?' },
      ]);
    });

    it('each kind once in a batch, with its number, and with the event where they are listed', async () => {
      const cart = (): Json => fresh({ type: 'cart-updated', data: { items: [] } });
      const { body } = await send([fresh(), cart(), cart()], {}, admin, '/v1/touchpoints?verbose=true');
      expect(body.warnings).toMatchObject([{ index: 1, count: 2, pointer: '#/data/items', type: 'cart-updated' }]);
      expect(body.results[0]).not.toHaveProperty('warnings');
      expect(body.results[1]).toMatchObject({ warnings: [{ pointer: '#/data/items' }] });
    });

    it('over all chunks of a stream', async () => {
      const cart = (): Json => fresh({ type: 'cart-updated', data: { items: [] } });
      expect((await send(lines(fresh(), cart(), cart()), NDJSON)).body.warnings).toMatchObject([
        { index: 1, count: 2 },
      ]);
    });

    it.each([['traceparent'], ['dataschema'], ['comvendorregion'], ['partitionkey'], ['subject']])(
      'not of %s, an attribute that a CloudEvent may have',
      async (name) => {
        expect(await warned({ specversion: '1.0', [name]: 'x' }, STRUCTURED)).toEqual([]);
      },
    );

    it('of an attribute of a CloudEvent that is like one of ours', async () => {
      expect(await warned({ specversion: '1.0', chanel: 'x' }, STRUCTURED)).toMatchObject([{ pointer: '#/chanel' }]);
    });

    it('not of an event as it should be', async () => {
      expect(await warned({})).toEqual([]);
      expect(await warned({ subject: 'userId:u9', schemaVersion: 1, test: true, correlationId: 'c' })).toEqual([]);
    });

    it('never with a value', async () => {
      const warnings = await warned({
        giftWrap: 'for Jane',
        identifiers: [{ namespace: 'mail', value: 'j@x.example' }],
      });
      expect(JSON.stringify(warnings)).not.toMatch(/Jane|j@x/);
    });
  });

  describe('tells all that is wrong with an event, what helps most first', () => {
    const errorsOf = async (event: unknown): Promise<readonly Json[]> => {
      const { body } = await send(event);
      const [result] = body.results;
      expect(result).toMatchObject({ outcome: 'quarantined' });
      const errors = result?.['errors'] as readonly Json[];
      const { pointer, detail, hint } = result as Json;
      expect(errors[0]).toEqual({ pointer, detail, hint });
      return errors;
    };
    const pointers = (errors: readonly Json[]): unknown[] => errors.map(({ pointer }) => pointer);

    it('what names the event comes before the customer', async () => {
      expect(pointers(await errorsOf({ channel: 'web', data: {} }))).toEqual([
        '#/id',
        '#/source',
        '#/type',
        '#/identifiers',
      ]);
      expect(pointers(await errorsOf({ id: 'a', source: 's', type: 'shared', channel: 'w' }))).toEqual([
        '#/identifiers',
      ]);
    });

    it('a list within an object is told as one', async () => {
      const errors = await errorsOf({ events: [fresh()] });
      expect(errors[0]).toMatchObject({ pointer: '#/events', hint: expect.stringContaining('JSON array') as unknown });
    });

    it('a call of an analytics library is told as one', async () => {
      const errors = await errorsOf({ type: 'track', event: 'Order Completed', userId: 'u1', messageId: 'm' });
      expect(errors[0]).toMatchObject({ pointer: '#', detail: expect.stringContaining('analytics') as unknown });
    });

    it('of the envelope, the identifiers, the time, the type and the data at once', async () => {
      const errors = await errorsOf(
        fresh({
          identifiers: [{ namespace: 'email', value: 'test@example.com' }],
          time: '2126-01-01T00:00:00Z',
          data: { orderId: '', currency: 'EURO' },
        }),
      );
      expect(pointers(errors)).toEqual(['#/identifiers/0/value', '#/time', '#/data/orderId', '#/data/currency']);
      expect(errors[0]?.['hint']).toContain('jane.doe@example.com');
      expect(pointers(await errorsOf({ ...fresh({ type: 'ordr-placed' }), id: undefined }))).toEqual([
        '#/id',
        '#/type',
      ]);
    });

    it('the type that was meant', async () => {
      for (const [type, meant] of [
        ['order_placed', 'order-placed'],
        ['Order Completed', 'order-placed'],
        ['login', 'profile-updated'],
        ['cartupdated', 'cart-updated'],
      ])
        expect((await errorsOf(fresh({ type })))[0]).toMatchObject({
          hint: expect.stringContaining(`did you mean ${meant}?`) as unknown,
        });
    });

    it('a missing field whose like is there', async () => {
      const { id, ...event } = fresh();
      expect((await errorsOf({ ...event, messageId: id }))[0]).toMatchObject({
        pointer: '#/id',
        hint: 'rename the field that was likely meant by it to `id`',
      });
    });
  });
});
