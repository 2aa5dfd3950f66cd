import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiKeys } from '#keys';
import type { GivenRates } from '#platform';
import { orderPlaced } from '#testing';
import { IngestionApp } from '../testdata/intake-app.js';

/** At this rate nothing is refilled while a test runs: the first ten seconds' worth is all there is. */
const SLOW: GivenRates = { events: 6, requests: 6 };

describe('the rate of a key', () => {
  let engine: IngestionApp;
  beforeAll(async () => {
    engine = await IngestionApp.start({ MAX_BATCH_EVENTS: '100' });
  });
  afterAll(() => engine.stop());

  const keyWith = (rate: GivenRates, ...sources: string[]) =>
    engine.app.get(ApiKeys).create('shop', ['read', 'publish'], {
      ...{ rate, role: 'channel', expiresAt: Date.now() + 3_600_000 },
      scopes: sources.length === 0 ? {} : { sources },
    });
  const send = async (key: string, payload: unknown, url = '/v1/touchpoints', type = 'application/json') => {
    const { statusCode, headers, body } = await engine.app.inject({
      ...{ method: 'POST', url, payload: typeof payload === 'string' ? payload : JSON.stringify(payload) },
      headers: { authorization: `Bearer ${key}`, 'content-type': type },
    });
    return { status: statusCode, headers, body: JSON.parse(body) as Record<string, unknown> };
  };
  const get = (key: string, url: string) =>
    engine.app.inject({ method: 'GET', url, headers: { authorization: `Bearer ${key}` } });
  const orders = (prefix: string, count: number, source = 'shop') =>
    Array.from({ length: count }, (_, n) => orderPlaced({ id: `${prefix}-${n}`, source }));
  const events = async () => {
    let count = 0;
    for await (const page of engine.log.readAll(0)) count += page.length;
    return count;
  };

  it('is used up by the events that it published: then 429, before the body is read, and nothing is written', async () => {
    const { key, record } = keyWith(SLOW);
    const first = await send(key, orders('used', 3));
    expect(first).toMatchObject({ status: 200, headers: { ratelimit: '"events";r=0;t=30' } });
    const before = await events();
    // Not even JSON: an answer about the body would be 400.
    const second = await send(key, '{');
    expect(second).toMatchObject({
      status: 429,
      headers: {
        'content-type': 'application/problem+json',
        'retry-after': expect.stringMatching(/^[1-9]\d*$/),
        'ratelimit-policy': '"events";q=1;w=10',
        ratelimit: expect.stringMatching(/^"events";r=0;t=[1-9]\d*$/),
      },
      body: { type: 'urn:perennial:problem:rate-limited', principal: `key:${record.id}`, perMinute: 6 },
    });
    expect(
      (await send(key, `${JSON.stringify(orderPlaced({ id: 'late' }))}\n`, undefined, 'application/x-ndjson')).status,
    ).toBe(429);
    expect((await send(key, [], '/v1/facts')).status).toBe(429);
    expect((await send(key, '{}', '/v1/imports/rows', 'application/x-ndjson')).status).toBe(429);
    expect(await events()).toBe(before);
    // Queries are counted apart.
    expect((await get(key, '/v1/touchpoints/outcome?source=shop&id=late')).json()).toMatchObject({
      outcome: 'unknown',
    });
  });

  it('is used up by what is quarantined, foreign or unreadable as well', async () => {
    const bodies: [string, unknown, number, string[]][] = [
      ['invalid events', [{ id: 'a', source: 'shop' }], 422, []],
      ['events of a foreign source', orders('foreign', 2, 'erp'), 403, ['shop']],
      ['a body that is not JSON', 'x'.repeat(3_000), 400, []],
      ['too many events', Array(101).fill({}), 413, []],
    ];
    for (const [what, body, status, sources] of bodies) {
      const { key } = keyWith(SLOW, ...sources);
      expect([what, (await send(key, body)).status, (await send(key, body)).status]).toEqual([what, status, 429]);
    }
  });

  it('of rejected events is one of its own, and bounds what it publishes', async () => {
    const { key } = keyWith({ rejected: 6 });
    expect((await send(key, orders('well', 50))).status).toBe(200);
    expect((await send(key, [...orders('mixed', 2), { id: 'bad', source: 'shop' }])).status).toBe(207);
    const refused = await send(key, orders('after', 1));
    expect(refused).toMatchObject({ status: 429, body: { 'violated-policies': ['rejected'], perMinute: 6 } });
    expect(refused.body['detail']).toMatch(/may publish 6 events that are rejected a minute/);
  });

  it('of rejected events is used up by a body that is not JSON too: to read it costs as much as to keep an event', async () => {
    const { key } = keyWith({ rejected: 6 });
    expect((await send(key, 'not JSON')).status).toBe(400);
    expect(await send(key, orders('after-text', 1))).toMatchObject({
      ...{ status: 429, body: { 'violated-policies': ['rejected'] } },
    });
  });

  it('is counted in requests on every other route, and an administrator’s is its own', async () => {
    const { key } = keyWith(SLOW);
    const url = '/v1/touchpoints/outcome?source=shop&id=none';
    const first = await get(key, url);
    expect([first.statusCode, first.headers['ratelimit']]).toEqual([200, '"requests";r=0;t=10']);
    const second = await get(key, url);
    expect([second.statusCode, second.headers['ratelimit-policy']]).toEqual([429, '"requests";q=1;w=10']);
    expect(second.json()).toMatchObject({
      type: 'urn:perennial:problem:rate-limited',
      'violated-policies': ['requests'],
    });
    expect((await send(key, orderPlaced({ id: 'still' }))).status).toBe(200);
    expect((await get(engine.key('read'), url)).statusCode).toBe(200);
  });

  it('says nothing to a key that is revoked, expired, foreign or blocked: those get 401', async () => {
    const keys = engine.app.get(ApiKeys);
    const revoked = keyWith(SLOW);
    await send(revoked.key, orders('revoked', 3));
    await keys.revoke(revoked.record.id);
    const expired = keys.create('expired', [], { role: 'channel', rate: SLOW, expiresAt: 1 });
    const blocked = keyWith(SLOW);
    await keys.block(`key:${blocked.record.id}`, 'local');
    for (const key of [revoked.key, expired.key, blocked.key, 'pk_foreign', `${revoked.key}x`])
      for (const { status, headers } of [await send(key, orderPlaced({ id: 'no' })), await send(key, '{')]) {
        expect(status).toBe(401);
        expect(headers['ratelimit']).toBeUndefined();
      }
  });

  it('holds a stream back instead, and ends it only where the debt is too great', async () => {
    const lines = (prefix: string, count: number) => orders(prefix, count).map((each) => `${JSON.stringify(each)}\n`);
    // Chunks of 100: the last of them wait a second or so.
    const { key } = keyWith({ events: 6_000 });
    const whole = await send(key, lines('stream', 1_150).join(''), undefined, 'application/x-ndjson');
    expect(whole).toMatchObject({ status: 200, body: { received: 1_150, accepted: 1_150 } });
    const slow = keyWith({ events: 60 });
    const cut = await send(slow.key, lines('cut', 250).join(''), undefined, 'application/x-ndjson');
    expect(cut).toMatchObject({ status: 429, body: { received: 100, accepted: 100 } });
    expect(cut.body['detail']).toMatch(/The first 100 events were ingested/);
  });
});
