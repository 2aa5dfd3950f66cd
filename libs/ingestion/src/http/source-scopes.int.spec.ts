import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { STREAMS, type TouchpointMeta } from '#contracts';
import type { Receipt } from '#event-log';
import { ApiKeys } from '#keys';
import { orderPlaced } from '#testing';
import { IngestionApp } from '../testdata/intake-app.js';

describe('a key publishes for its own sources alone', () => {
  let engine: IngestionApp;
  beforeAll(async () => {
    engine = await IngestionApp.start();
  });
  afterAll(() => engine.stop());

  const keyFor = (name: string, ...sources: string[]) =>
    engine.app.get(ApiKeys).create(name, [], { role: 'channel', scopes: { sources } });
  const send = async (key: string, payload: unknown, url = '/v1/touchpoints', type = 'application/json') => {
    const answer = await engine.app.inject({
      ...{ method: 'POST', url, payload: typeof payload === 'string' ? payload : JSON.stringify(payload) },
      headers: { authorization: `Bearer ${key}`, 'content-type': type },
    });
    const body = answer.json<Record<string, unknown>>();
    return { status: answer.statusCode, body, results: (body['results'] ?? []) as Record<string, unknown>[] };
  };
  const recorded = async (source: string, id: string) => (await engine.log.find([{ source, id }]))[0] ?? null;
  const receipts = async () => {
    const all: Receipt[] = [];
    for await (const page of engine.log.readAll(0))
      for (const { type, data } of page) if (type === 'intake-receipt') all.push(JSON.parse(data) as Receipt);
    return all;
  };

  it('a key named newsletter tool published an order as source shop: accepted', async () => {
    const { key, record } = keyFor('newsletter tool', 'newsletter');
    const forged = orderPlaced({ id: 'forged-1', source: 'shop' });
    const { status, body, results } = await send(key, forged);
    expect(status).toBe(403);
    expect(body).toMatchObject({ type: expect.stringContaining('source-not-permitted'), quarantined: 1 });
    expect(results).toMatchObject([{ source: 'shop', outcome: 'quarantined', code: 'source-not-permitted' }]);
    expect(await recorded('shop', 'forged-1')).toBeNull();
    const [kept] = await engine.log.readStreams([STREAMS.rejected(record.id)]);
    expect(JSON.parse(kept!.data)).toMatchObject({ source: `key:${record.id}`, claimedSource: 'shop' });
    // Its line of the equation is the key's own.
    expect((await receipts()).filter(({ source }) => source === 'shop')).toEqual([]);
    expect((await receipts()).filter(({ source }) => source === `key:${record.id}`)).toMatchObject([
      { received: 1, accepted: 0, quarantined: 1 },
    ]);
    // It took no (source, id): the shop's own event of that id is accepted.
    expect((await send(engine.key('publish'), forged)).results).toMatchObject([{ outcome: 'accepted' }]);
    // Once more it is a duplicate of its own record, and the answer is the same.
    expect(await send(key, forged)).toMatchObject({ status: 403, results: [{ outcome: 'duplicate' }] });
  });

  it('beside events of its own source, the foreign ones alone are quarantined', async () => {
    const { key } = keyFor('shop', 'shop', 'shop/*');
    const events = ['shop', 'shop/web', 'shopping', 'erp'].map((source) =>
      orderPlaced({ id: `mixed-${source}`, source }),
    );
    const { status, results } = await send(key, events, '/v1/touchpoints?verbose');
    expect(status).toBe(207);
    expect(results.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'quarantined', 'quarantined']);
  });

  it('in every form: CloudEvents, lines, rows of an import, and events that are not valid', async () => {
    const { key, record } = keyFor('erp', 'erp');
    const cloudEvent = {
      ...{ specversion: '1.0', id: 'ce-1', source: 'shop', type: 'order-placed', channel: 'web' },
      ...{ subject: 'userId:u1', data: { orderId: 'o', currency: 'EUR', totalMinor: 1 } },
    };
    const lines = [orderPlaced({ id: 'l-1' }), { id: 'l-2', source: 'shop' }].map(
      (each) => `${JSON.stringify(each)}\n`,
    );
    const rows = `${JSON.stringify({ touchpoint: orderPlaced({ id: 'r-1' }) })}\n`;
    const before = await receipts();
    const answers = [
      await send(key, cloudEvent, undefined, 'application/cloudevents+json'),
      await send(key, lines.join(''), undefined, 'application/x-ndjson'),
      await send(key, rows, '/v1/imports/rows', 'application/x-ndjson'),
      await send(key, rows, '/v1/imports/rows?dryRun=true', 'application/x-ndjson'),
    ];
    for (const { status, results } of answers) {
      expect(status).toBe(403);
      for (const { code } of results) expect(code).toBe('source-not-permitted');
    }
    const added = (await receipts()).slice(before.length);
    expect(added.map(({ source }) => source)).toEqual([`key:${record.id}`, `key:${record.id}`, `key:${record.id}`]);
    expect(added.reduce((sum, { received }) => sum + received, 0)).toBe(4);
  });

  it('and each event says which key brought it, outside its content', async () => {
    const { key, record } = keyFor('first', 'shop');
    const event = orderPlaced({ id: 'by-1' });
    await send(key, event);
    const meta = JSON.parse((await recorded('shop', 'by-1'))!.meta) as TouchpointMeta;
    expect(meta.by).toBe(`key:${record.id}`);
    expect((await send(keyFor('second', 'shop').key, event)).results).toMatchObject([{ outcome: 'duplicate' }]);
    await send(engine.localToken, orderPlaced({ id: 'by-2' }));
    expect(JSON.parse((await recorded('shop', 'by-2'))!.meta)).toMatchObject({ by: 'local' });
  });

  it('until the key gains the source: then what it sent is released, as that key’s', async () => {
    const { key, record } = keyFor('till', 'till');
    const { results } = await send(key, orderPlaced({ id: 'late-1', source: 'till/2' }));
    const id = results[0]?.['quarantineId'] as string;
    const operator = engine.key('quarantine', 'read', 'open');
    const release = () => send(operator, {}, `/v1/quarantine/${id}/release`);
    expect(await release()).toMatchObject({ status: 422, body: { errors: [{ pointer: '#/source' }] } });
    const listed = engine.app
      .get(ApiKeys)
      .list()
      .find((each) => each.id === record.id)!;
    (listed.scopes as { sources: string[] }).sources.push('till/*');
    expect(await release()).toMatchObject({ status: 200, body: { status: 'released' } });
    expect(JSON.parse((await recorded('till/2', 'late-1'))!.meta)).toMatchObject({ by: `key:${record.id}` });
    expect(await release()).toMatchObject({ status: 200, body: { status: 'released' } });
    expect(await send(operator, {}, `/v1/quarantine/${id}/discard`)).toMatchObject({ status: 409 });
  });

  it('and only the types in its scope', async () => {
    const scopes = { sources: ['kiosk'], types: ['site-visited'] };
    const { key } = engine.app.get(ApiKeys).create('kiosk', [], { role: 'channel', scopes });
    const { status, results } = await send(key, orderPlaced({ id: 'kiosk-1', source: 'kiosk' }));
    expect(status).toBe(422);
    expect(results).toMatchObject([{ code: 'type-not-permitted', pointer: '#/type' }]);
  });

  it('and what it may not send can be discarded', async () => {
    const { key } = keyFor('pos', 'pos');
    const { results } = await send(key, orderPlaced({ id: 'drop-1' }));
    const id = results[0]?.['quarantineId'] as string;
    const operator = engine.key('quarantine', 'read');
    expect(await send(operator, {}, `/v1/quarantine/${id}/discard`)).toMatchObject({ body: { status: 'discarded' } });
    expect(await send(operator, {}, `/v1/quarantine/${id}/release`)).toMatchObject({ status: 409 });
  });

  it.each(['key:5f0c3a9b1d2e', 'topic:touchpoints.shop', 'person:1'])(
    'and no source may be named %s, as the lines of keys and topics are',
    async (source) => {
      const { results } = await send(engine.key('publish'), orderPlaced({ source }));
      expect(results).toMatchObject([{ outcome: 'quarantined', code: 'source-reserved' }]);
    },
  );
});
