import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { STREAMS } from '#contracts';
import type { SqliteKeyStore } from '#keys';
import type { Permission } from '#platform';
import { apiOver } from '../testdata/api.js';
import { day, order, specEngine, type SpecEngine } from '../testdata/engine.js';

/** Every query about one customer. */
const ABOUT_ONE = ['customer', 'stage', 'history', 'explain', 'timeline', 'orders', 'events'] as const;

describe('an erased person', () => {
  let engine: SpecEngine;
  let app: NestFastifyApplication;
  let keyWith: (...permissions: Permission[]) => string;
  let erased: string;

  beforeAll(async () => {
    engine = await specEngine();
    engine.now = day(200);
    await engine.tell(
      order({ userId: 'ella', email: 'ella@shop.example' }, day(100), 'E1', 900),
      order({ userId: 'dora' }, day(101), 'D1', 900),
    );
    erased = (await engine.runQuery('customer', { identifier: 'userId:ella' })).rows[0]?.['customerId'] as string;
    const subjectIds = [engine.subjectId('userId', 'ella'), engine.subjectId('email', 'ella@shop.example')];
    await engine.sealer.keys.destroy(subjectIds);
    await engine.log.append(STREAMS.privacy, 'any', [
      {
        ...{ source: 'perennial/privacy', id: 'erasure/1', type: 'person-erased', schemaVersion: 1, meta: '{}' },
        ...{ occurredAt: day(200), contentHash: new Uint8Array(16) },
        data: JSON.stringify({ subjectIds, customerId: erased }),
      },
    ]);
    await engine.catchUp();
    ({ app, keyWith } = await apiOver(
      engine.context.database,
      engine.log,
      {} as never,
      engine.sealer.keys as SqliteKeyStore,
    ));
  }, 120_000);
  afterAll(async () => {
    await app.close();
    await engine.close();
  });

  const get = async (url: string, ...permissions: Permission[]) => {
    const answer = await app.inject({ url, headers: { authorization: `Bearer ${keyWith(...permissions)}` } });
    return { status: answer.statusCode, body: answer.body };
  };

  describe.each(ABOUT_ONE)('in %s', (name) => {
    it.each(['userId:ella', 'email:ELLA@shop.example '])(
      'is not found by %s, exactly as one who never was',
      async (identifier) => {
        const path = `/v1/query/${name}?identifier=`;
        const permissions: Permission[] = name === 'events' ? ['read', 'audit'] : ['read', 'open'];
        const answer = await get(path + encodeURIComponent(identifier), ...permissions);
        if (name === 'events') {
          expect(answer.status).toBe(410);
          return;
        }
        const never = await get(`${path}${encodeURIComponent('userId:never')}`, ...permissions);
        expect(answer).toEqual({ status: 404, body: never.body });
        expect((await get(`/v1/query/${name}?customer=${erased}`, ...permissions)).status).toBe(404);
      },
    );

    it('is named to an auditor with the date, and what is left can be read by the id', async () => {
      const answer = await get(`/v1/query/${name}?identifier=email:ella@shop.example`, 'read', 'audit');
      expect(answer.status).toBe(410);
      expect(JSON.parse(answer.body)).toMatchObject({
        type: 'urn:perennial:problem:erased',
        erasedAt: new Date(day(200)).toISOString().replace('.000', ''),
      });
      expect((await get(`/v1/query/${name}?customer=${erased}`, 'read', 'audit')).status).toBe(200);
    });
  });

  it.each(['customers', 'rfm'])('stands in no list of %s, unless it is wanted', async (name) => {
    const ids = async (params: Record<string, string>) =>
      (await engine.all(name, params)).map((row) => row['customerId']);
    expect(await ids({})).not.toContain(erased);
    expect(await ids({ erased: 'only' })).toEqual([erased]);
    expect(await ids({ erased: 'with' })).toHaveLength(2);
    expect((await get(`/v1/query/${name}?format=csv`, 'read', 'open')).body).not.toContain(erased);
  });

  it('still counts in the figures of all customers', async () => {
    const rows = await engine.all('stage-counts');
    const counts = rows.filter((row) => row['day'] === rows.at(-1)?.['day']);
    expect(counts.reduce((sum, row) => sum + Number(row['customers']), 0)).toBe(2);
  });
});
