import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from '#testing/characters';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Permission } from '#platform';
import type { ProjectorStatus, Version } from '#projections';
import { memoryLog } from '#testing';
import { QUERIES } from '../queries/index.js';
import { apiOver } from '../testdata/api.js';
import { emptyDatabase } from '../testdata/empty-database.js';
import type { Operations } from './operations.js';
import { openApiDocument } from './openapi.js';

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, unknown>>;
  readonly 'x-permission'?: Permission;
  readonly security?: unknown;
}

const database = emptyDatabase();
const CUSTOMER = '0123456789abcdef0123456789abcdef';
let finishRebuild: (version: number) => void = () => undefined;
const rebuilding = new Promise<number>((resolve) => (finishRebuild = resolve));
const projector: Operations = {
  status: () =>
    Promise.resolve({
      ...{
        version: 1,
        position: 7,
        lag: 0,
        lagMs: 0,
        dirty: 0,
        waiting: 0,
        parked: 1,
        clock: 0,
        nextWake: null,
        running: true,
        failure: null,
      },
      lagUnit: 'events' as const,
      counters: { events: 7, folded: 2, accounts: 0, published: 2, parked: 1, transitionsDue: 0, vacuumed: 0 },
      stepMs: {} as ProjectorStatus['stepMs'],
    }),
  release: (customerId) => Promise.resolve(customerId === CUSTOMER),
  rebuild: async ({ onProgress } = {}) => {
    onProgress?.({ phase: 'customers', done: 1, total: 2, items: 1, rate: 1, secondsLeft: 1 });
    return { version: await rebuilding, position: 7, events: 7, elapsedMs: 1, stepMs: {} as ProjectorStatus['stepMs'] };
  },
  digest: () => Promise.resolve({ position: 7, clock: 0, models: {}, overall: 'd1' }),
  verify: () => Promise.reject(new Error('the disk is gone')),
  dryRun: () => Promise.resolve({ equal: true, position: 7, differences: [], stages: [] }),
  versions: () => Promise.resolve(versions),
  rollback: () => Promise.resolve({ ...VERSION, status: 'live' }),
  refold: () => Promise.resolve({ position: 7, customers: 2 }),
  policyDryRun: () => Promise.reject(new Error('not tried here')),
};
const VERSION: Version = {
  ...{ version: 1, schema: 'rm_1', status: 'old', model: '', position: 7 },
  ...{ createdAt: 0, switchedAt: 0 },
};
let versions: readonly Version[] = [];
let app: NestFastifyApplication;
let keyWith: (...permissions: Permission[]) => string;
let reader: string;
let auditor: string;

beforeAll(async () => {
  ({ app, keyWith } = await apiOver(database, memoryLog(), projector));
  reader = keyWith('read');
  auditor = keyWith('read', 'open', 'audit', 'operate');
});
afterAll(() => app.close());

let requests = 0;
/** Each request comes from an address of its own: wrong keys of one address are slowed. */
const get = (url: string, key?: string, headers: Record<string, string> = {}) =>
  app.inject({
    method: 'GET',
    url,
    remoteAddress: `10.0.${(requests >> 8) & 255}.${requests++ & 255}`,
    headers: key === undefined ? headers : { ...headers, authorization: `Bearer ${key}` },
  });

const operations = (): [path: string, operation: Operation][] =>
  Object.entries(openApiDocument(app).paths)
    .filter(([path]) => path.startsWith('/v1/query') || path.startsWith('/v1/customers'))
    .flatMap(([path, { get: operation }]): [string, Operation][] =>
      operation === undefined ? [] : [[path, operation as unknown as Operation]],
    );

describe('the API of the queries', () => {
  it('has a documented route for every query, with every parameter and problem', () => {
    const documented = new Map(operations());
    expect(documented.size).toBe(QUERIES.length + 11);
    for (const query of QUERIES) {
      const operation = documented.get(`/v1/query/${query.name}`);
      const names = operation?.parameters?.map(({ name }) => name) ?? [];
      expect(names).toEqual(expect.arrayContaining(Object.keys(query.params)));
      expect(Object.keys(operation?.responses ?? {})).toEqual(
        expect.arrayContaining(['200', '400', '401', '403', '503']),
      );
      expect(operation?.['x-permission']).toBe(query.permission);
      expect(operation?.security).toBeDefined();
    }
  });

  it('names every operation once in its document', () => {
    const operationIds = Object.values(openApiDocument(app).paths).flatMap((path) =>
      Object.values(path as Readonly<Record<string, { operationId?: string }>>).map(({ operationId }) => operationId),
    );
    expect(operationIds).not.toContain(undefined);
    expect(new Set(operationIds).size).toBe(operationIds.length);
  });

  it('answers no request without a key, and none whose key lacks the permission', async () => {
    const publisher = keyWith('publish');
    for (const [path] of operations()) {
      const url = path.replace('{customer}', CUSTOMER);
      for (const [key, status] of [
        [undefined, 401],
        ['pk_000000000000_forged', 401],
        [publisher, 403],
      ] as const) {
        const { statusCode, headers } = await get(url, key);
        expect([url, statusCode, headers['content-type']]).toEqual([url, status, 'application/problem+json']);
      }
    }
    expect((await get(`/v1/query/events?customer=${CUSTOMER}`, reader)).statusCode).toBe(403);
  });

  it('writes JSON, CSV and NDJSON, by format or by Accept', async () => {
    const json = await get('/v1/query/stage-periods', reader);
    expect(json.json()).toMatchObject({
      query: 'stage-periods',
      rows: [],
      nextCursor: null,
      meta: { policyVersion: 'retail@1' },
    });
    const header = 'customerId,identifier,cycle,stage,phase,enteredAt,leftAt\n';
    expect((await get('/v1/query/stage-periods?format=csv', reader)).body).toBe(header);
    const csv = await get('/v1/query/stage-periods', reader, { accept: 'text/csv' });
    expect([csv.body, csv.headers['content-type']]).toEqual([header, expect.stringContaining('text/csv')]);
    const ndjson = await get('/v1/query/stage-periods', reader, { accept: 'application/x-ndjson' });
    expect([ndjson.body, ndjson.headers['content-type']]).toEqual(['', 'application/x-ndjson']);
  });

  it.each([
    ['a customer id that is none', `/v1/customers/jane`, 400],
    ['an unknown customer', `/v1/customers/${CUSTOMER}`, 404],
    ['an unknown customer, by an identifier', '/v1/query/stage?identifier=userId:1', 404],
    ['no customer', '/v1/query/stage', 400],
    ['a customer named twice', `/v1/query/stage?customer=${CUSTOMER}&identifier=userId:1`, 400],
    ['an identifier without a namespace', '/v1/query/stage?identifier=1', 400],
    ['a NUL in a path', '/v1/customers/%00', 400],
    ['a NUL in a parameter', '/v1/query/outcomes?source=a%00b', 400],
    ['bytes that are no UTF-8 in a path', '/v1/customers/%ff%fe', 400],
    ['a percent sign that encodes nothing', '/v1/customers/%zz', 400],
    ['a cursor that was never given', '/v1/query/stage-periods?cursor=AAAA', 400],
    ['a cursor of no alphabet', '/v1/query/stage-periods?cursor=%22', 400],
    ['a limit beyond all pages', '/v1/query/stage-periods?limit=1000000000000000000000', 400],
    ['a limit of none', '/v1/query/stage-periods?limit=0', 400],
    ['a day that is none', '/v1/query/stage-periods?as-of=2021-02-29', 400],
    ['an instant in the future', '/v1/query/stage-periods?as-of=8000-01-01', 400],
    ['belief about a population', '/v1/query/stage-periods?known-at=2020-01-01', 400],
    ['a parameter of another query', '/v1/query/stage-periods?period=day', 400],
    ['a parameter said twice', '/v1/query/stage-periods?limit=1&limit=2', 400],
    ['a format that does not exist', '/v1/query/stage-periods?format=xml', 400],
    ['a period that ends before it begins', '/v1/query/stage-counts?from=2020-02-01&to=2020-01-01', 400],
    ['a query that does not exist', '/v1/query/weather', 404],
  ])('answers %s with a problem', async (_, url, status) => {
    const response = await get(url, auditor);
    expect([response.statusCode, response.headers['content-type']]).toEqual([status, 'application/problem+json']);
    expect(response.json()).toMatchObject({ status });
  });

  it('gives each issue with a parameter its pointer, its detail and its hint', async () => {
    const { errors } = (await get('/v1/query/stage-periods?limit=none&as-of=never', reader)).json<{
      errors: unknown[];
    }>();
    expect(errors).toEqual(
      ['#/as-of', '#/limit'].map((pointer) => ({ pointer, detail: expect.any(String), hint: expect.any(String) })),
    );
  });

  it('never answers 500, whatever the parameters, and lets no NUL through to the database', async () => {
    // Requests of data subjects, and what is to be erased, are for another role.
    const routes = operations().filter(([path]) => !/subject-requests|retention/.test(path));
    const value = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 40 }),
      fc.constantFrom(CUSTOMER, '2020-01-01', '2020-01-01T00:00:00Z', '1', 'true', 'csv', 'ndjson', 'day', 'open'),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(fc.tuple(fc.nat(), value), { maxLength: 4 }), value, async (at, said, id) => {
        const [path, { parameters = [] }] = routes[at % routes.length] as [string, Operation];
        const query = said.map(([index, text]): [string, string] => [
          parameters[index % parameters.length]?.name ?? 'x',
          text.toWellFormed(),
        ]);
        const url = `${path.replace('{customer}', encodeURIComponent(id.toWellFormed()))}?${new URLSearchParams(query).toString()}`;
        const { statusCode } = await get(url, auditor);
        expect([200, 400, 404]).toContain(statusCode);
        expect(database.seen.filter((param) => typeof param === 'string' && param.includes('\0'))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('shows an operator how far the read models are, and releases a parked customer', async () => {
    const operator = keyWith('operate');
    const status = await get('/v1/projections/status', operator);
    expect(status.json()).toMatchObject({ position: 7, parked: 1, clock: '1970-01-01T00:00:00Z', nextWake: null });
    expect((await get('/v1/projections/status', reader)).statusCode).toBe(403);
    const release = async (id: string, key: string) => {
      const headers = { authorization: `Bearer ${key}` };
      return (await app.inject({ method: 'POST', url: `/v1/parked/${id}/release`, headers })).statusCode;
    };
    expect(await release(CUSTOMER, reader)).toBe(403);
    expect(await release(CUSTOMER, operator)).toBe(200);
    expect(await release('f'.repeat(32), operator)).toBe(404);
    expect(await release('%00', operator)).toBe(400);
  });

  it('rebuilds and verifies beside everything else, one at a time, and shows its progress', async () => {
    const operator = keyWith('operate');
    const begin = async (what: string) => {
      const headers = { authorization: `Bearer ${operator}` };
      const { statusCode, body } = await app.inject({ method: 'POST', url: `/v1/projections/${what}`, headers });
      return [statusCode, JSON.parse(body)] as [number, Record<string, unknown>];
    };
    const work = async () => (await get('/v1/projections/jobs/current', operator)).json<Record<string, unknown>>();
    expect(await work()).toMatchObject({ status: 404 });
    expect((await begin('rebuild'))[0]).toBe(202);
    expect(await begin('rebuild')).toMatchObject([202, { kind: 'rebuild', state: 'running', progress: { done: 1 } }]);
    expect(await begin('verify')).toMatchObject([409, { detail: expect.stringMatching(/is running/) }]);
    finishRebuild(2);
    await new Promise(setImmediate);
    expect(await work()).toMatchObject({ state: 'done', result: { version: 2, digest: 'd1' } });
    await begin('verify');
    expect(await work()).toMatchObject({ kind: 'verify', state: 'failed', failure: 'the disk is gone' });
  });

  it('tries a rebuild out, and goes back to an older version where there is one', async () => {
    const operator = keyWith('operate');
    const begin = async (what: string) => {
      const headers = { authorization: `Bearer ${operator}` };
      const { statusCode } = await app.inject({ method: 'POST', url: `/v1/projections/${what}`, headers });
      await new Promise(setImmediate);
      return statusCode;
    };
    const work = async () => (await get('/v1/projections/jobs/current', operator)).json<Record<string, unknown>>();
    expect(await begin('rebuild?dryRun=perhaps')).toBe(400);
    expect(await begin('rebuild?dryRun=true')).toBe(202);
    expect(await work()).toMatchObject({ kind: 'dry-run', state: 'done', result: { equal: true, differences: [] } });
    expect(await begin('rollback')).toBe(409);
    versions = [VERSION];
    expect(await begin('rollback')).toBe(202);
    expect(await work()).toMatchObject({ kind: 'rollback', state: 'done', result: { version: 1, digest: 'd1' } });
  });

  it('serves its document without a key', async () => {
    expect((await get('/docs-json')).json()).toMatchObject({ openapi: '3.0.0' });
    expect((await get('/docs')).statusCode).toBe(200);
  });

  it('has a page at / that leads on, and the same links for programs', async () => {
    const answer = await get('/');
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
    const links = [...answer.body.matchAll(/href="(\/[^"]*)"/g)].map(([, path = '']) => path);
    expect(links).toEqual(expect.arrayContaining(['/docs', '/docs-json', '/health/ready', '/health/live']));
    for (const path of links) expect([path, (await get(path)).statusCode]).toEqual([path, 200]);
    const json = await app.inject({ method: 'GET', url: '/', headers: { accept: 'application/json' } });
    expect(json.json()).toMatchObject({ links: { documentation: '/docs', types: '/v1/types' } });
    const odd = await app.inject({ method: 'GET', url: '/', headers: { host: '"><script>alert(1)</script>' } });
    expect(odd.body).not.toContain('<script>');
  });
});
