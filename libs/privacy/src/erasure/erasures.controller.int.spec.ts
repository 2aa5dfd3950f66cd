import { hash } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ApprovalsModule } from '#approvals/nest';
import { EventLogModule } from '#event-log/nest';
import { Ingestion, IngestTouchpoints, IngestTouchpointsHandler } from '#ingestion';
import { IngestionModule } from '#ingestion/nest';
import { ApiKeys, openSqliteKeyStore, type SqliteKeyStore } from '#keys';
import { KeysModule } from '#keys/nest';
import { readConfig, type Permission } from '#platform';
import { configureApp, createHttpAdapter, createLogger, PlatformModule } from '#platform/nest';
import { memoryLog, orderPlaced } from '#testing';
import { OpeningsModule } from '../openings/openings.module.js';
import { PrivacyModule } from '../privacy.module.js';
import { checkReceipt } from './erasure-receipt.js';

const NOW = Date.UTC(2026, 0, 31, 12);

describe('POST /v1/erasures', () => {
  let app: NestFastifyApplication;
  let keyStore: SqliteKeyStore;
  const logged: string[] = [];
  beforeAll(async () => {
    const clock = { now: () => NOW };
    keyStore = openSqliteKeyStore({ file: ':memory:' });
    const config = readConfig({});
    const logger = createLogger({ level: 'warn', format: 'json', destination: { write: (line) => logged.push(line) } });
    const testing = await Test.createTestingModule({
      imports: [
        PlatformModule.forRoot({ config, logger, clock }),
        KeysModule.forRoot({ keyStore }),
        ApprovalsModule.forRoot(),
        EventLogModule.forRoot({ log: memoryLog({ clock }) }),
        OpeningsModule.forRoot(),
        IngestionModule.forRoot(),
        PrivacyModule.forRoot(),
      ],
    }).compile();
    app = testing.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), { logger: false });
    configureApp(app);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });
  afterAll(async () => {
    await app.close();
    await keyStore.close();
  });

  const keyWith = (...permissions: Permission[]): string => app.get(ApiKeys).create('of a spec', permissions).key;
  const erase = async (payload: unknown, key = keyWith('erase')) => {
    const answer = await app.inject({
      ...{ method: 'POST', url: '/v1/erasures', payload: JSON.stringify(payload) },
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  };
  const ingest = (id: string) =>
    app.get(IngestTouchpointsHandler).execute(new IngestTouchpoints([{ document: orderPlaced({ id }) }], NOW));

  it('erases a person, and answers the same the second time', async () => {
    await ingest('e-1');
    const first = await erase({ identifier: 'email:jane@shop.example' });
    expect(first).toMatchObject({ status: 200, body: { subjects: 1, subjectKeysDestroyed: 1 } });
    const again = await erase({ identifiers: [{ namespace: 'email', value: 'JANE@shop.example' }] });
    expect(again.body).toMatchObject({ erasureId: first.body['erasureId'], position: first.body['position'] });
    expect((await ingest('e-2')).counts).toMatchObject({ suppressed: 1 });
  });

  describe('a legal hold', () => {
    const ask = async (method: 'GET' | 'POST', url: string, payload: unknown = {}, key = keyWith('hold')) => {
      const answer = await app.inject({
        ...{ method, url, ...(method === 'GET' ? {} : { payload: JSON.stringify(payload) }) },
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      });
      return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
    };
    const place = (payload: unknown, key?: string) => ask('POST', '/v1/holds', payload, key);
    const held = { identifier: 'email:held@shop.example', case: '2026-117', reason: 'letter of Ms Miller' };
    const listed = async (status: string): Promise<unknown[]> =>
      (await ask('GET', `/v1/holds?status=${status}`)).body['holds'] as unknown[];

    it('is placed once for a case and a person, and makes an erasure wait until it is lifted', async () => {
      const { status, body } = await place(held);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        case: '2026-117',
        status: 'active',
        subjects: 1,
        subjectsErased: 0,
        liftedAt: null,
      });
      const holdId = String(body['holdId']);
      expect(body['placedBy']).toMatch(/^key:/);
      expect(JSON.stringify(body)).not.toContain('Miller');
      expect((await place({ ...held, reason: 'again' })).body['holdId']).toBe(holdId);
      const second = String((await place({ ...held, case: '2026-118' })).body['holdId']);
      expect(second).not.toBe(holdId);
      const refused = await erase({ identifier: 'email:held@shop.example' });
      expect(refused.status).toBe(409);
      expect(JSON.stringify(refused.body)).toMatch(/2026-117.*2026-118/);
      expect(await listed('active')).toMatchObject([
        { holdId, waitingErasures: 1 },
        { holdId: second, waitingErasures: 1 },
      ]);
      expect((await ask('POST', `/v1/holds/${holdId}/lift`, { reason: 'closed' })).body).toMatchObject({
        ...{ status: 'lifted', erasuresDone: 0, erasuresWaiting: 1 },
      });
      const last = { status: 'lifted', erasuresDone: 1, erasuresWaiting: 0 };
      expect((await ask('POST', `/v1/holds/${second}/lift`)).body).toMatchObject(last);
      // Twice is the same as once, and what was kept is gone.
      expect((await ask('POST', `/v1/holds/${second}/lift`)).body).toMatchObject({ ...last, erasuresDone: 0 });
      expect(await listed('active')).toEqual([]);
      expect(await listed('lifted')).toHaveLength(2);
      expect(await listed('all')).toHaveLength(2);
      expect(await erase({ identifier: 'email:held@shop.example' })).toMatchObject({ status: 200 });
      expect(await place(held)).toMatchObject({ status: 409, body: { type: 'urn:perennial:problem:erased' } });
    });

    it.each([
      ['a person that is not named', { case: '1' }, '#'],
      ['an identifier without a namespace', { identifier: 'jane', case: '1' }, '#/identifier'],
      ['no case', { identifier: 'email:a@b.example' }, '#/case'],
      ['a case of blanks', { identifier: 'email:a@b.example', case: '  ' }, '#/case'],
      ['a customer that is not an id', { customer: 'x', case: '1' }, '#/customer'],
      ['an unknown field', { identifier: 'email:a@b.example', case: '1', until: '2027' }, '#/until'],
    ])('is rejected with %s', async (_, payload, pointer) => {
      const { status, body } = await place(payload);
      expect(status).toBe(422);
      expect((body['errors'] as { pointer: string }[]).map((issue) => issue.pointer)).toContain(pointer);
    });

    it.each(['x', '0'.repeat(32), '%00', '..'])('of the id %s is not known', async (id) => {
      expect((await ask('POST', `/v1/holds/${id}/lift`)).status).toBe(404);
    });

    it('is listed by a status that is known, and needs the permission', async () => {
      const unknown = await ask('GET', '/v1/holds?status=old');
      expect(unknown).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/status' }] } });
      const others = keyWith('erase', 'audit', 'operate', 'administer');
      expect((await place(held, others)).status).toBe(403);
      expect((await ask('GET', '/v1/holds', {}, others)).status).toBe(403);
      expect((await ask('POST', '/v1/holds/x/lift', {}, others)).status).toBe(403);
    });

    it('never fails, whatever is sent', async () => {
      const key = keyWith('hold');
      const field = fc.constantFrom('identifiers', 'identifier', 'customer', 'case', 'reason', 'other');
      const body = fc.oneof(fc.jsonValue(), fc.dictionary(field, fc.jsonValue()));
      await fc.assert(
        fc.asyncProperty(body, async (payload) => {
          expect((await place(payload, key)).status).toBeLessThan(500);
          expect((await ask('POST', '/v1/holds/x/lift', payload, key)).status).toBeLessThan(500);
        }),
        { numRuns: 50 },
      );
    });
  });

  describe('a receipt', () => {
    const check = async (payload: unknown, key = keyWith('audit')) => {
      const answer = await app.inject({
        ...{ method: 'POST', url: '/v1/erasures/receipts/check', payload: JSON.stringify(payload) },
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      });
      return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
    };
    const plainHash = (fields: object): string =>
      hash('sha256', JSON.stringify(fields, Object.keys(fields).sort()), 'hex');

    it('is genuine as it was answered, in any order of its fields', async () => {
      const { body } = await erase({ identifier: 'email:receipt-1@shop.example' });
      expect(await check(body)).toMatchObject({ status: 200, body: { verdict: 'genuine' } });
      expect((await check(Object.fromEntries(Object.entries(body).reverse()))).body['verdict']).toBe('genuine');
      expect((await check(body, keyWith('erase'))).status).toBe(200);
      expect((await check(body, keyWith('publish'))).status).toBe(403);
    });

    it('that was altered and hashed again is recognised', async () => {
      const { body } = await erase({ identifier: 'email:receipt-2@shop.example' });
      const { receiptMac, ...fields } = body;
      const { bodiesSearched: _, ...without } = fields;
      for (const altered of [{ ...fields, bodiesNotSearchable: 7 }, { ...fields, note: 'x' }, without]) {
        const hashed = { ...altered, receiptMac: plainHash(altered) };
        expect((await check(hashed)).body['verdict']).toBe('altered');
        expect((await check({ ...altered, receiptMac })).body['verdict']).toBe('altered');
        expect((await check({ ...altered, receiptHash: plainHash(altered) })).body['verdict']).toBe('without-code');
      }
    });

    it('of a log that lost the erasure is not recorded', async () => {
      const { body } = await erase({ identifier: 'email:receipt-3@shop.example' });
      const log = memoryLog({ clock: { now: () => NOW } });
      const { sealer } = app.get(Ingestion);
      expect(await checkReceipt(body, { sealer, log })).toBe('not-recorded');
    });

    it.each([
      ['nothing', {}, '#/erasureId'],
      ['a list', [], '#'],
      ['another id', { erasureId: 'x' }, '#/erasureId'],
      ['a code that is none', { erasureId: '0'.repeat(32), receiptMac: 5 }, '#/receiptMac'],
    ])('is rejected where it is %s', async (_, payload, pointer) => {
      const { status, body } = await check(payload);
      expect(status).toBe(422);
      expect((body['errors'] as { pointer: string }[]).map((issue) => issue.pointer)).toContain(pointer);
    });
  });

  it.each([
    ['no person', {}, '#'],
    ['an identifier without a namespace', { identifier: 'jane' }, '#/identifier'],
    ['a customer that is not an id', { customer: 'x' }, '#/customer'],
    ['an empty identifier', { identifiers: [{}] }, '#/identifiers/0/namespace'],
    ['identifiers that are not a list', { identifiers: 'x' }, '#/identifiers'],
    ['an unknown field', { identifier: 'email:a@b.example', dryRun: true }, '#/dryRun'],
  ])('rejects %s', async (_, payload, pointer) => {
    const { status, body } = await erase(payload);
    expect(status).toBe(422);
    expect((body['errors'] as { pointer: string }[]).map((issue) => issue.pointer)).toContain(pointer);
  });

  it('needs the permission', async () => {
    expect((await erase({}, keyWith('publish', 'read', 'audit'))).status).toBe(403);
  });

  it('never fails, whatever is sent', async () => {
    const key = keyWith('erase');
    const field = fc.constantFrom('identifiers', 'identifier', 'customer', 'other');
    const body = fc.oneof(fc.jsonValue(), fc.dictionary(field, fc.jsonValue()));
    await fc.assert(
      fc.asyncProperty(body, async (payload) => {
        expect((await erase(payload, key)).status).toBeLessThan(500);
      }),
      { numRuns: 150 },
    );
    expect(logged).toEqual([]);
  });
});
