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
