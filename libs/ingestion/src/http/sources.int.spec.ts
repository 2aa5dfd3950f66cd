import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { STREAMS } from '#contracts';
import { ApiKeys } from '#keys';
import { IngestionApp } from '../testdata/intake-app.js';

describe('sources over HTTP', () => {
  let engine: IngestionApp;
  let operator: string;
  beforeAll(async () => {
    engine = await IngestionApp.start();
    operator = engine.key('operate', 'administer');
  });
  afterAll(() => engine.stop());

  const send = async (method: 'GET' | 'POST' | 'PATCH', url: string, payload?: unknown, key = operator) => {
    const answer = await engine.app.inject({
      ...{ method, url },
      headers: {
        authorization: `Bearer ${key}`,
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
    });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  };

  it('are created with a key that is shown once, listed, changed, paused, resumed and retired', async () => {
    const created = await send('POST', '/v1/sources', { name: 'shop/web', kind: 'api', channel: 'web' });
    expect(created).toMatchObject({
      status: 201,
      body: { name: 'shop/web', status: 'active', key: expect.stringMatching(/^pk_/) },
    });
    const at = `/v1/sources/${encodeURIComponent('shop/web')}`;
    expect(JSON.stringify((await send('GET', '/v1/sources')).body)).not.toContain(created.body['key']);
    expect(await send('POST', '/v1/sources', { name: 'shop/web', kind: 'api', channel: 'web' })).toMatchObject({
      status: 409,
    });
    expect(await send('PATCH', at, { channel: null, brand: 'Alpine' })).toMatchObject({
      ...{ status: 200, body: { brand: 'Alpine', status: 'active' } },
    });
    expect((await send('GET', at)).body).not.toHaveProperty('channel');
    expect(await send('POST', `${at}/pause`)).toMatchObject({ status: 200, body: { status: 'paused' } });
    expect(await send('POST', `${at}/resume`)).toMatchObject({ status: 200, body: { status: 'active' } });
    expect(await send('POST', `${at}/retire`)).toMatchObject({ status: 200, body: { status: 'retired' } });
    expect(await send('POST', `${at}/resume`)).toMatchObject({ status: 409 });
  });

  it('give their key a rate, which is no part of what the source is', async () => {
    const rate = { events: 600, rejected: null };
    const created = await send('POST', '/v1/sources', { name: 'slow', kind: 'api', rate });
    expect(created).toMatchObject({ status: 201, body: { name: 'slow' } });
    expect(created.body).not.toHaveProperty('rate');
    const id = String(created.body['key']).split('_')[1] ?? '';
    expect(engine.app.get(ApiKeys).find(id)).toMatchObject({ rate, scopes: { sources: ['slow'] } });
    const events = await engine.log.readStreams([STREAMS.sources]);
    expect(JSON.stringify(events.map(({ data }) => data))).not.toContain('rate');
    for (const [document, pointer] of [
      [{ name: 'topic', kind: 'kafka', rate }, '#/rate'],
      [{ name: 'fast', kind: 'api', rate: { events: 0 } }, '#/rate/events'],
      [{ name: 'fast', kind: 'api', rate: 7 }, '#/rate'],
    ] as const)
      expect(await send('POST', '/v1/sources', document)).toMatchObject({
        status: 422,
        body: { errors: [{ pointer }] },
      });
    expect(await send('GET', '/v1/sources/fast')).toMatchObject({ status: 404 });
  });

  it.each(['kafka', 'file'])('of the kind %s get no key', async (kind) => {
    expect(await send('POST', '/v1/sources', { name: `of ${kind}`, kind })).toMatchObject({
      ...{ status: 201, body: { key: null } },
    });
  });

  it('answer what is wrong, where, and how to fix it', async () => {
    expect(await send('POST', '/v1/sources', { name: 'x', kind: 'ftp' })).toMatchObject({
      ...{ status: 422, body: { errors: [{ pointer: '#/kind' }] } },
    });
    expect(await send('PATCH', '/v1/sources/nothing', { test: true })).toMatchObject({ status: 404 });
    expect(await send('GET', '/v1/sources/nothing')).toMatchObject({ status: 404 });
    expect(await send('POST', '/v1/sources/nothing/pause')).toMatchObject({ status: 404 });
    expect(await send('POST', '/v1/sources', { name: 'x', kind: 'api' }, engine.key('publish'))).toMatchObject({
      status: 403,
    });
  });
});
