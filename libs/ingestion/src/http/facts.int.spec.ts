import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RECORDED_FACTS } from '#contracts';
import { ApiKeys } from '#keys';
import { sampleOf } from '#testing';
import fc from 'fast-check';
import { IngestionApp } from '../testdata/intake-app.js';

const SPEND = {
  id: 'spend-1',
  source: 'marketing',
  type: 'spend-recorded',
  data: { from: '2026-01-01', until: '2026-02-01', amountMinor: 125_000, currency: 'EUR', purpose: 'acquisition' },
};

describe('facts of the business over HTTP', () => {
  let engine: IngestionApp;
  let key: string;
  beforeAll(async () => {
    engine = await IngestionApp.start();
    key = engine.key('publish', 'read', 'quarantine');
  });
  afterAll(() => engine.stop());

  const send = async (payload: unknown, url = '/v1/facts', type = 'application/json', by = key) => {
    const answer = await engine.app.inject({
      ...{ method: 'POST', url, payload: typeof payload === 'string' ? payload : JSON.stringify(payload) },
      headers: { authorization: `Bearer ${by}`, 'content-type': type },
    });
    const body = answer.json<Record<string, unknown>>();
    return { status: answer.statusCode, body, results: (body['results'] ?? []) as Record<string, unknown>[] };
  };

  it('are recorded in the stream of their kind, once', async () => {
    expect(await send(SPEND)).toMatchObject({ status: 200, results: [{ outcome: 'accepted' }] });
    const [fact] = await engine.log.readStreams(['business-spend']);
    expect(fact).toMatchObject({ source: 'marketing', id: 'spend-1', type: 'spend-recorded' });
    expect(JSON.parse(fact!.meta)).toMatchObject({ by: expect.stringMatching(/^key:/) });
    expect((await send(SPEND)).results).toMatchObject([{ outcome: 'duplicate' }]);
    const other = { ...SPEND, data: { ...SPEND.data, amountMinor: 1 } };
    expect(await send(other)).toMatchObject({ status: 422, results: [{ code: 'id-reused' }] });
  });

  it('of every kind that a business tells itself are accepted', async () => {
    let next = 0;
    for (const type of RECORDED_FACTS)
      for (const data of fc.sample(sampleOf(type, 1), { numRuns: 5, seed: 1 }))
        expect((await send({ id: `any-${(next += 1)}`, source: 'books', type, data })).results).toMatchObject([
          { outcome: 'accepted' },
        ]);
  });

  it.each([
    ['policy-published', 'fact-internal'],
    ['intake-receipt', 'fact-internal'],
    ['source-registered', 'fact-internal'],
    ['order-placed', 'type-unknown'],
    ['spend-recored', 'type-unknown'],
  ])('do not include %s: %s', async (type, code) => {
    expect((await send({ ...SPEND, id: `not-${type}`, type })).results).toMatchObject([
      { outcome: 'quarantined', code, pointer: '#/type', hint: expect.any(String) },
    ]);
  });

  it('say what is wrong with their data, where, and how to fix it; fixed, they are released', async () => {
    const { status, results } = await send({ ...SPEND, id: 'bad-1', data: { ...SPEND.data, currency: 'EURO' } });
    expect(status).toBe(422);
    expect(results).toMatchObject([{ code: 'data-invalid', pointer: '#/data/currency' }]);
    const released = await send(
      { fixed: { ...SPEND, id: 'bad-1' } },
      `/v1/quarantine/${String(results[0]?.['quarantineId'])}/release`,
    );
    expect(released).toMatchObject({ status: 200, body: { status: 'released' } });
    expect(await engine.log.find([{ source: 'marketing', id: 'bad-1' }])).toMatchObject([{ type: 'spend-recorded' }]);
  });

  it('sent as touchpoints are quarantined with the place where they belong', async () => {
    const { results } = await send(
      { ...SPEND, id: 'astray', channel: 'x', identifiers: [{ namespace: 'userId', value: 'u' }] },
      '/v1/touchpoints',
    );
    expect(results).toMatchObject([{ code: 'type-unknown', hint: expect.stringContaining('/v1/facts') }]);
  });

  it('come as CloudEvents and as lines too, and a key tells those of its own sources only', async () => {
    const event = { specversion: '1.0', ...SPEND, id: 'ce-1', traceparent: '00-1' };
    expect((await send(event, undefined, 'application/cloudevents+json')).results).toMatchObject([
      { outcome: 'accepted' },
    ]);
    const line = `${JSON.stringify({ ...SPEND, id: 'line-1' })}\n`;
    expect((await send(line, undefined, 'application/x-ndjson')).body).toMatchObject({ accepted: 1 });
    const foreign = engine.app.get(ApiKeys).create('erp', [], { role: 'channel', scopes: { sources: ['erp'] } }).key;
    expect(await send({ ...SPEND, id: 'foreign-1' }, undefined, undefined, foreign)).toMatchObject({ status: 403 });
  });

  it.each([
    [null],
    [7],
    ['text'],
    [[]],
    [{}],
    [{ ...SPEND, data: null }],
    [{ ...SPEND, test: true }],
    [{ ...SPEND, colour: 'red' }],
  ])('of the form %j are never an error of the server', async (document) => {
    expect((await send(document)).status).toBeLessThan(500);
  });
});
