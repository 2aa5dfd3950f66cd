import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Permission } from '#platform';
import { apiOver } from '../testdata/api.js';
import { day, specEngine, type SpecEngine } from '../testdata/engine.js';

/** More than one page of a stream. */
const CUSTOMERS = 1_250;

describe('an answer of many pages', () => {
  let engine: SpecEngine;
  let app: NestFastifyApplication;
  let keyWith: (...permissions: Permission[]) => string;
  const get = (url: string, key: string) =>
    app.inject({ method: 'GET', url, headers: { authorization: `Bearer ${key}`, 'perennial-purpose': 'service' } });

  beforeAll(async () => {
    engine = await specEngine();
    await engine.record(
      ...Array.from({ length: CUSTOMERS }, (_, index) => ({
        // Names that a spreadsheet would compute, and that CSV must quote.
        who: { userId: index === 7 ? '=1+1,"x"' : `u${index}` },
        at: day(index % 300),
        type: 'site-visited',
      })),
    );
    await engine.catchUp();
    ({ app, keyWith } = await apiOver(engine.database, engine.log, engine.projector, engine.keys));
  }, 120_000);
  afterAll(async () => {
    await app.close();
    await engine.close();
  });

  it('is written whole as CSV and as NDJSON, each row once, and the same', async () => {
    const key = keyWith('read', 'open');
    const csv = await get('/v1/query/customers?format=csv', key);
    const ndjson = await get('/v1/query/customers?format=ndjson', key);
    expect(csv.headers['content-disposition']).toBe('attachment; filename="customers.csv"');
    const table = parse(csv.body, { columns: true }) as unknown as { customerId: string; identifier: string }[];
    const lines = ndjson.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { customerId: string; identifier: string });
    expect(table.map(({ customerId }) => customerId)).toEqual(lines.map(({ customerId }) => customerId));
    expect(new Set(table.map(({ customerId }) => customerId)).size).toBe(CUSTOMERS);
    const named = new Set(table.map(({ identifier }) => identifier));
    expect([named.has('u1249'), named.has(`'=1+1,"x"`), named.size]).toEqual([true, true, CUSTOMERS]);
    expect(lines.some(({ identifier }) => identifier === '=1+1,"x"')).toBe(true);
  });

  it('says where the next page begins, in JSON and in a CSV of one page', async () => {
    const key = keyWith('read');
    const first = (await get('/v1/query/stage-periods?limit=1000', key)).json<{
      rows: unknown[];
      nextCursor: string;
    }>();
    const next = await get(`/v1/query/stage-periods?limit=1000&cursor=${first.nextCursor}`, key);
    expect(first.rows).toHaveLength(1000);
    expect(next.json<{ rows: unknown[] }>().rows.length).toBeGreaterThan(0);
    const page = await get('/v1/query/stage-periods?limit=1000&format=csv', key);
    expect(page.body.trimEnd().split('\n')).toHaveLength(1 + 1000);
    expect(page.headers['x-next-cursor']).toEqual(expect.any(String));
    // A cursor belongs to its question and its parameters.
    expect((await get(`/v1/query/customers?cursor=${first.nextCursor}`, key)).statusCode).toBe(400);
    expect((await get(`/v1/query/stage-periods?as-of=2024-05-01&cursor=${first.nextCursor}`, key)).statusCode).toBe(
      400,
    );
  });

  it('shows no name to a key that may not read them', async () => {
    const { body } = await get('/v1/query/customers?format=csv', keyWith('read'));
    expect(body).not.toMatch(/u\d/);
    expect(body.split('\n').length).toBe(CUSTOMERS + 2);
  });
});
