import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { TOUCHPOINT_TYPES } from '#contracts';
import { FastifyRoutes } from '#platform/nest';
import fc from 'fast-check';
import { BUILT_IN_POLICIES } from '#lifecycle';
import { IngestionApp } from '../testdata/intake-app.js';
import { orderPlaced } from '#testing';
import { POSTHOG_PATHS, TRACKING_PATHS } from './tracking/paths.js';

describe('what an operator does over HTTP', () => {
  let engine: IngestionApp;
  let admin: string;
  beforeAll(async () => {
    engine = await IngestionApp.start();
    admin = engine.key('publish', 'read', 'open', 'quarantine', 'policy', 'types');
  });
  afterAll(() => engine.stop());

  const runQuery = async (method: 'GET' | 'POST', url: string, payload?: unknown, key = admin) => {
    const answer = await engine.app.inject({
      method,
      url,
      headers: {
        authorization: `Bearer ${key}`,
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        'perennial-purpose': 'service',
      },
      ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
    });
    if (answer.statusCode >= 400) expect(answer.headers['content-type']).toBe('application/problem+json');
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  };
  const quarantined = async (document: unknown): Promise<string> => {
    const { body } = await runQuery('POST', '/v1/touchpoints', document);
    return (body['results'] as { quarantineId: string }[])[0]?.quarantineId as string;
  };
  const campsite = {
    name: 'campsite-booked',
    version: 1,
    origin: 'customer',
    group: 'consideration',
    schema: { type: 'object', properties: { site: { type: 'string' } } },
  };

  it('registers a type and releases the events that were quarantined for it', async () => {
    const id = await quarantined(orderPlaced({ id: 'c-1', type: 'campsite-booked', data: { site: 'lake' } }));
    expect(await runQuery('POST', `/v1/quarantine/${id}/release`)).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '#/type' }] },
    });
    expect(await runQuery('POST', '/v1/types', campsite)).toMatchObject({
      status: 200,
      body: { name: 'campsite-booked' },
    });
    expect(await runQuery('POST', '/v1/types', { ...campsite, version: 9 })).toMatchObject({ status: 422 });
    expect(await runQuery('POST', `/v1/quarantine/${id}/release`)).toMatchObject({
      status: 200,
      body: { status: 'released' },
    });
    expect(await runQuery('POST', `/v1/quarantine/${id}/discard`)).toMatchObject({ status: 409 });
  });

  it('checks a definition and samples of a type, and records nothing', async () => {
    const { position } = await engine.log.head();
    const next = { ...campsite, version: 2 };
    expect(await runQuery('POST', '/v1/types/check', { definition: next, samples: [{ site: 1 }] })).toMatchObject({
      status: 200,
      body: { version: 2, changed: true, samples: [{ valid: false, errors: [{ pointer: '#/site' }] }] },
    });
    expect(
      await runQuery('POST', '/v1/types/check', { name: 'campsite-booked', samples: [{ site: 'lake', dogs: 2 }] }),
    ).toMatchObject({
      status: 200,
      body: { version: 1, changed: null, samples: [{ valid: true, unknown: ['#/dogs'] }] },
    });
    expect(await runQuery('POST', '/v1/types/check', { definition: { ...next, schema: {} } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '#/definition/schema/type' }] },
    });
    expect(await runQuery('POST', '/v1/types/check', {})).toMatchObject({ status: 422 });
    expect((await engine.log.head()).position).toBe(position);
  });

  it('shows a body only to a key that may open personal data, and releases it fixed', async () => {
    const bad = orderPlaced({ id: 'b-1', data: { orderId: 'b-1' } });
    const id = await quarantined(bad);
    expect((await runQuery('GET', `/v1/quarantine/${id}`, undefined, engine.key('read'))).body).toMatchObject({
      body: null,
      personalData: { state: 'closed', why: 'no-permission' },
    });
    expect((await runQuery('GET', `/v1/quarantine/${id}`)).body).toMatchObject({
      ...{ status: 'open', body: bad, personalData: { state: 'open', purpose: 'service' } },
    });
    expect(await runQuery('POST', `/v1/quarantine/${id}/release`, { fixed: 1 })).toMatchObject({ status: 422 });
    const fixed = orderPlaced({ id: 'b-1' });
    expect(await runQuery('POST', `/v1/quarantine/${id}/release`, { fixed })).toMatchObject({ status: 200 });
  });

  it.each([[0], ['nonsense'], [true], [[1]], [{ a: 1 }]])(
    'shows the body %j as it was received, and documents it so',
    async (body) => {
      // A list is a batch of events: an event that is a list stands in one.
      const id = await quarantined(Array.isArray(body) ? [body] : body);
      expect((await runQuery('GET', `/v1/quarantine/${id}`)).body).toMatchObject({ body });
      const { components } = SwaggerModule.createDocument(engine.app, new DocumentBuilder().build());
      expect(components?.schemas?.['QuarantinedView']).toMatchObject({
        properties: {
          body: {
            anyOf: expect.arrayContaining([
              expect.objectContaining({ type: Array.isArray(body) ? 'array' : typeof body }),
            ]) as unknown,
          },
        },
      });
    },
  );

  it('discards with a reason', async () => {
    const id = await quarantined({ nonsense: true });
    expect(await runQuery('POST', `/v1/quarantine/${id}/discard`, { reason: 7 })).toMatchObject({ status: 422 });
    expect(await runQuery('POST', `/v1/quarantine/${id}/discard`, { reason: 'a test' })).toMatchObject({
      status: 200,
      body: { status: 'discarded', reason: 'a test' },
    });
  });

  it('publishes a policy: from a date in its own zone, or for the past, with a reason', async () => {
    const policy = { ...BUILT_IN_POLICIES.retail, name: 'mine', timeZone: 'Europe/Berlin' };
    const publish = (body: object) => runQuery('POST', '/v1/policies', body);
    expect(await publish({ policy, effectiveFrom: '2099-07-01' })).toMatchObject({
      status: 200,
      body: { version: 'mine@1', effectiveFrom: '2099-06-30T22:00:00Z', restates: false, changed: true },
    });
    const second = { ...policy, version: 2 };
    const reason = 'We always counted in Berlin.';
    expect(await publish({ policy: second, restate: true, reason, effectiveFrom: 'beginning' })).toMatchObject({
      status: 200,
      body: { version: 'mine@2', effectiveFrom: null, restates: true, reason, changed: true },
    });
  });

  it.each([
    ['a policy that is none', { silence: {} }, {}, '#/policy/silence'],
    ['another date for what is published', {}, { effectiveFrom: '2099-08-01' }, '#/effectiveFrom'],
    ['a date in the past', { version: 3 }, { effectiveFrom: '2020-01-01' }, '#/effectiveFrom'],
    ['a restatement without a reason', { version: 3 }, { restate: true }, '#/reason'],
    ['a reason that no store holds', { version: 3 }, { restate: true, reason: 'a\u0000b' }, '#/reason'],
    ['an unknown option', { version: 3 }, { restated: true }, '#/restated'],
  ])('rejects %s', async (_, changes, options, pointer) => {
    const policy = { ...BUILT_IN_POLICIES.retail, name: 'mine', timeZone: 'Europe/Berlin', version: 2, ...changes };
    const { status, body } = await runQuery('POST', '/v1/policies', { policy, ...options });
    expect(status).toBe(422);
    expect((body as { errors: { pointer: string }[] }).errors[0]?.pointer).toContain(pointer);
  });

  it('needs the permission of each act', async () => {
    const publisher = engine.key('publish', 'read', 'audit');
    for (const url of ['/v1/policies', '/v1/types', '/v1/quarantine/release', '/v1/quarantine/x/release'])
      expect((await runQuery('POST', url, {}, publisher)).status).toBe(403);
  });

  it('reads a body that is left out as an empty one, with the content type of JSON too', async () => {
    const send = async (url: string) =>
      engine.app.inject({
        ...{ method: 'POST', url, payload: '' },
        headers: { authorization: `Bearer ${engine.key('quarantine')}`, 'content-type': 'application/json' },
      });
    const id = await quarantined(orderPlaced({ id: 'left-out', type: 'no-such-type' }));
    // The event is still not a touchpoint: that is what the answer is about, and not its body.
    expect((await send(`/v1/quarantine/${id}/release`)).json()).toMatchObject({
      status: 422,
      type: 'urn:perennial:problem:still-rejected',
    });
    expect((await send(`/v1/quarantine/${id}/discard`)).statusCode).toBe(200);
    expect((await send('/v1/quarantine/release')).json()).toMatchObject({
      status: 422,
      errors: [{ pointer: '#', detail: 'must say which events: code, source, file or ids' }],
    });
  });

  it('lists all types, for a key that may publish: built-in ones, and those of the business', async () => {
    const get = async (url: string, key?: string) => {
      const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
      const answer = await engine.app.inject({ method: 'GET', url, headers });
      return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
    };
    const publisher = engine.key('publish');
    const { status, body } = await get('/v1/types', publisher);
    const types = body['types'] as readonly Record<string, unknown>[];
    expect([status, types.length]).toEqual([200, types.length]);
    expect(types.length).toBeGreaterThanOrEqual(TOUCHPOINT_TYPES.length);
    expect(types.find(({ name }) => name === 'cart-updated')).toMatchObject({
      group: 'evaluation',
      schema: { properties: { lines: { description: expect.any(String) as unknown } } },
      example: { cartId: 'c-1' },
    });
    expect(body['namespaces']).toMatchObject([{ name: 'userId' }, {}, { name: 'email' }, {}, {}, {}]);
    expect((await get('/v1/types/order-placed', engine.key('read'))).body).toMatchObject({ name: 'order-placed' });
    const unknown = await get('/v1/types/order_placed', publisher);
    expect(unknown).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('order-placed?') as unknown },
    });
    expect((await get('/v1/types', engine.key('audit'))).status).toBe(403);
    expect((await get('/v1/types')).status).toBe(401);
  });

  it('is documented: every route with its answer, its problems and its permission', () => {
    const { paths } = SwaggerModule.createDocument(engine.app, new DocumentBuilder().build());
    expect(
      Object.keys(paths)
        .filter((path) => path.startsWith('/v1/'))
        .sort(),
    ).toEqual([
      ...['/v1/acts', '/v1/acts/{id}', '/v1/acts/{id}/approve', '/v1/acts/{id}/decline'],
      ...['/v1/attributes', '/v1/attributes/{name}'],
      ...[
        '/v1/engine',
        '/v1/keys',
        '/v1/keys/{id}',
        '/v1/keys/{id}/rotate',
        '/v1/policies',
        '/v1/principals/{principal}/block',
        '/v1/quarantine/discard',
        '/v1/quarantine/release',
      ],
      ...['/v1/quarantine/{quarantineId}', '/v1/quarantine/{quarantineId}/discard'],
      ...[
        '/v1/quarantine/{quarantineId}/release',
        '/v1/segments',
        '/v1/segments/{id}',
        '/v1/sources',
        '/v1/sources/{name}',
        '/v1/sources/{name}/pause',
      ],
      ...[
        '/v1/sources/{name}/resume',
        '/v1/sources/{name}/retire',
        '/v1/touchpoints/outcome',
        '/v1/types',
        '/v1/types/check',
        '/v1/types/{name}',
      ],
    ]);
    const routes = engine.app.get(FastifyRoutes).all;
    expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'post /v1/touchpoints',
      'post /v1/facts',
      'post /v1/imports/rows',
      ...[...TRACKING_PATHS.keys(), ...POSTHOG_PATHS].map((path) => `post ${path}`),
      'get /v1/projects/{writeKey}/settings',
    ]);
    const operations = Object.entries(paths)
      .filter(([path]) => path.startsWith('/v1/'))
      .flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({ path, method, operation })));
    const ids = new Set<string>();
    // Analytics libraries expect errors of their own form.
    const isTracking = (operation: object): boolean =>
      (operation as { readonly tags?: readonly string[] }).tags?.includes('tracking') === true;
    for (const { operation } of [...operations, ...routes]) {
      const {
        responses,
        summary,
        operationId = '',
      } = operation as unknown as {
        summary?: string;
        operationId?: string;
        responses: Record<string, { content?: Record<string, { schema?: unknown }> }>;
      };
      expect(summary).toBeTruthy();
      expect(ids).not.toContain(operationId);
      ids.add(operationId);
      expect(operation).toHaveProperty('x-permission');
      for (const [status, { content = {} }] of Object.entries(responses))
        expect(Object.keys(content)[0]).toBe(
          status.startsWith('2') || isTracking(operation) ? 'application/json' : 'application/problem+json',
        );
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['401', '403']));
    }
    expect(routes[0]?.operation['requestBody']).toMatchObject({
      content: { 'application/json': {}, 'application/cloudevents+json': {}, 'application/x-ndjson': {} },
    });
  });

  it('never causes a failure, whatever is sent', async () => {
    const urls = [
      ...['/v1/policies', '/v1/types', '/v1/quarantine/x/release', '/v1/quarantine/x/discard'],
      `/v1/quarantine/${'0'.repeat(32)}/release`,
    ];
    const field = fc.constantFrom(
      'policy',
      'effectiveFrom',
      'name',
      'schema',
      'fixed',
      'reason',
      'identifiers',
      'customer',
    );
    const body = fc.oneof(fc.jsonValue(), fc.dictionary(field, fc.jsonValue()));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...urls), body, async (url, payload) => {
        expect((await runQuery('POST', url, payload)).status).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
    expect(engine.logged).toEqual([]);
  });

  it('has on record who published a policy and registered a type: before, policy-published had meta {}', async () => {
    const key = engine.key('policy', 'types');
    const by = `key:${key.split('_')[1]}`;
    const { body } = await runQuery(
      'POST',
      '/v1/policies',
      { policy: { ...BUILT_IN_POLICIES.retail, name: 'theirs', version: 1 } },
      key,
    );
    const { position } = (await runQuery('POST', '/v1/types', { ...campsite, name: 'tent-rented' }, key)).body;
    const metas = new Map<unknown, string>();
    for await (const page of engine.log.readAll(0)) for (const { position: at, meta } of page) metas.set(at, meta);
    expect([metas.get(body['position']), metas.get(position)]).toEqual(Array(2).fill(JSON.stringify({ by })));
  });
});
