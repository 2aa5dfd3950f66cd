import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordedApprovals } from '#approvals';
import { STREAMS, streamOfFact, type PersonalDataOpened } from '#contracts';
import { EventLogError, type EventLog, type RecordedEvent } from '#event-log';
import { ApiKeyAccess, ApiKeys } from '#keys';
import { BUILT_IN_POLICIES, type ApprovalRules } from '#lifecycle';
import { ActRequested, LOCAL_PRINCIPAL, PERMISSIONS } from '#platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { QUERIES } from '../queries/index.js';
import { answerTo, runQuery } from '../running/run-query.js';
import { apiOver } from '../testdata/api.js';
import { day, order, specEngine, type SpecEngine } from '../testdata/engine.js';
import { openApiDocument } from './openapi.js';

const CLEAR = /ann@shop\.example|"ann"|,ann,|Lovely|Ann called|Ann has moved/;

describe('personal data over HTTP', () => {
  let engine: SpecEngine;
  let app: NestFastifyApplication;
  let agent: string;
  let auditor: string;
  let machine: string;
  let marketer: string;
  let ann: string;
  let declined: string;

  const recorded = async (): Promise<(RecordedEvent & { opened: PersonalDataOpened })[]> => {
    const events: RecordedEvent[] = [];
    const today = new Date().toISOString().slice(0, 10);
    for await (const page of engine.log.read(STREAMS.access(today))) events.push(...page);
    return events
      .filter(({ type }) => type === 'personal-data-opened')
      .map((event) => ({ ...event, opened: JSON.parse(event.data) as PersonalDataOpened }));
  };
  const get = async (path: string, key: string, headers: Record<string, string> = {}) => {
    const before = (await recorded()).length;
    const answer = await app.inject({
      ...{ method: 'GET', url: path },
      headers: { authorization: `Bearer ${key}`, ...headers },
    });
    return { ...answer, body: answer.body, records: (await recorded()).slice(before) };
  };
  /** An erasure that waited for a second principal, and was declined for a reason that tells of the customer. */
  const declinedErasure = async (): Promise<string> => {
    const approvals: ApprovalRules = { erase: 'two', 'policy-publish': 'one' };
    const policy = { ...BUILT_IN_POLICIES.retail, version: 2, approvals };
    const data = { version: 'retail@2', policy, effectiveFrom: null, restates: false, reason: null };
    await engine.log.append(streamOfFact('policy-published'), 'any', [
      {
        ...{ source: 'perennial/policies', id: 'retail@2', type: 'policy-published', schemaVersion: 2 },
        ...{ occurredAt: engine.now, contentHash: Buffer.alloc(16, 2), meta: '{"by":"local"}' },
        data: JSON.stringify(data),
      },
    ]);
    const fourEyes = app.get(RecordedApprovals);
    const act = { acts: ['erase' as const], detail: { customerId: ann, subjectIds: [ann] }, subjectIds: [ann] };
    const asked: unknown = await fourEyes.require({ ...act, by: LOCAL_PRINCIPAL }).catch((error: unknown) => error);
    if (!(asked instanceof ActRequested)) throw new Error('It was not requested.');
    await fourEyes.decline(asked.waiting.actId, 'Ann called', LOCAL_PRINCIPAL);
    return asked.waiting.actId;
  };
  const metaOf = ({ body }: { readonly body: string }) =>
    (JSON.parse(body) as { readonly meta: { readonly personalData?: object } }).meta.personalData;

  beforeAll(async () => {
    engine = await specEngine();
    const who = { email: 'ann@shop.example', userId: 'ann' };
    await engine.tell(
      order(who, day(10), 'A1'),
      { who, at: day(20), type: 'review-submitted', personal: { '/text': 'Lovely' }, data: { stars: 5 } },
      order({ userId: 'bob' }, day(30), 'B1'),
      // As an older program stored it: its reason became personal later, and stands in the clear.
      { who, at: day(40), type: 'unsubscribed', data: { purpose: 'marketing', reason: 'Ann has moved' } },
    );
    const api = await apiOver(engine.database, engine.log, engine.projector, engine.keys);
    ({ app } = api);
    ann = engine.subjectId('email', 'ann@shop.example');
    declined = await declinedErasure();
    const keys = app.get(ApiKeys);
    agent = keys.create('help desk', [], { role: 'service-agent' }).key;
    auditor = keys.create('auditor', [], { role: 'auditor' }).key;
    marketer = keys.create('marketer', [], { role: 'marketer' }).key;
    machine = keys.create('crm', ['read', 'open'], {
      ...{ scopes: { purposes: ['service'] }, standingPurpose: 'service' },
    }).key;
  }, 120_000);
  afterAll(async () => {
    await app.close();
    await engine.close();
  });

  it.each([
    ['without a purpose', () => agent, {}, 'no-purpose'],
    ['for a purpose that is not granted', () => agent, { 'perennial-purpose': 'audit' }, 'purpose-not-granted'],
    ['for a purpose that the policy does not have', () => agent, { 'perennial-purpose': 'fun' }, 'unknown-purpose'],
    ['to a key that may not open them', () => marketer, { 'perennial-purpose': 'service' }, 'no-permission'],
    ['to the command line of the machine without a purpose', () => app.get(ApiKeyAccess).localToken, {}, 'no-purpose'],
  ])('stay closed %s, and the answer says so', async (_, key, headers, why) => {
    const answer = await get(`/v1/query/customer?customer=${ann}`, key(), headers);
    expect(answer.statusCode).toBe(200);
    expect(metaOf(answer)).toMatchObject({ state: 'closed', why, hint: expect.any(String) });
    expect(answer.body).not.toMatch(CLEAR);
    expect(answer.records).toEqual([]);
  });

  it('are opened for a purpose that is granted, with who, for what and whose on record', async () => {
    const answer = await get(`/v1/customers/${ann}`, agent, {
      ...{ 'perennial-purpose': 'complaint', 'perennial-ticket': 'C-123', 'perennial-reason': 'Ann%20called' },
    });
    expect(answer.body).toMatch(CLEAR);
    expect(metaOf(answer)).toEqual({ state: 'open', purpose: 'complaint' });
    expect(answer.records).toHaveLength(1);
    expect(answer.records[0]?.opened).toMatchObject({
      ...{ purpose: 'complaint', ticket: 'C-123', kind: 'view', query: 'customer', columns: ['identifiers'], count: 2 },
      sealedReason: expect.any(String),
    });
    expect(answer.records[0]?.opened.subjectIds.sort()).toEqual([ann, engine.subjectId('userId', 'ann')].sort());
    expect(answer.records[0]?.meta).toMatch(/^\{"by":"key:/);
    expect(answer.records[0]?.data).not.toMatch(/Ann called/);
  });

  it('are opened by a machine for its standing purpose', async () => {
    const answer = await get(`/v1/query/customer?customer=${ann}`, machine);
    expect(metaOf(answer)).toEqual({ state: 'open', purpose: 'service' });
    expect(answer.records).toHaveLength(1);
  });

  it.each([
    ['perennial-reason', '%E0%A4%A'],
    ['perennial-ticket', 'two words'],
    ['perennial-purpose', 'Service!'],
    ['perennial-opening-kind', 'pack'],
  ])('are refused with an error that names the header %s where it cannot be read', async (header, value) => {
    const answer = await get(`/v1/query/customer?customer=${ann}`, agent, {
      ...{ 'perennial-purpose': 'service', [header]: value },
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain(header);
    expect(answer.records).toEqual([]);
  });

  it('of several pages share one request, in JSON as in CSV, which is an export', async () => {
    const open = { 'perennial-purpose': 'service' };
    const first = await get('/v1/query/customers?limit=1', agent, open);
    const cursor = (JSON.parse(first.body) as { nextCursor: string }).nextCursor;
    const second = await get(`/v1/query/customers?limit=1&cursor=${cursor}`, agent, open);
    const [a, b] = [first, second].map(({ records }) => records[0]?.opened);
    expect(a?.requestId).toBe(b?.requestId);
    expect(a?.parameters).toBe(b?.parameters);
    expect(a?.subjectIds).not.toEqual(b?.subjectIds);
    // Only customers that a page shows are opened: the row that tells whether a page follows is not.
    expect([a?.count, b?.count]).toEqual([1, 1]);
    const csv = await get('/v1/query/customers?format=csv', agent, open);
    expect(csv.body).toMatch(CLEAR);
    expect(csv.records.map(({ opened }) => opened.kind)).toEqual(['export']);
  });

  it('do not leave where the log does not take the record: 503, with when to try again', async () => {
    const append = engine.log.append.bind(engine.log);
    (engine.log as { append: EventLog['append'] }).append = () =>
      Promise.reject(new EventLogError('unavailable', 'The event log does not answer.'));
    try {
      for (const format of ['json', 'csv', 'ndjson']) {
        const answer = await get(`/v1/query/customers?format=${format}`, agent, { 'perennial-purpose': 'service' });
        expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
        expect(answer.body).not.toMatch(CLEAR);
        // What is not personal is answered all the same.
        expect((await get(`/v1/query/customers?format=${format}`, agent)).statusCode).toBe(200);
      }
    } finally {
      (engine.log as { append: EventLog['append'] }).append = append;
    }
  });

  it('leave no route without a record, and none without a purpose', async () => {
    const everything = app.get(ApiKeys).create('all', PERMISSIONS, {}).key;
    const named = (path: string): string =>
      path
        .replace('{customer}', ann)
        .replace('/acts/{id}', `/acts/${declined}`)
        .replace(/\{[^}]+\}/g, 'x');
    const paths = Object.entries(openApiDocument(app).paths)
      .filter(([, { get: operation }]) => operation !== undefined)
      .map(([path]) => named(path));
    const documented = new Map(
      Object.entries(openApiDocument(app).paths).map(([path, { get: operation }]) => [
        named(path),
        (operation as Record<string, unknown> | undefined)?.['x-opens'] === true,
      ]),
    );
    const shown: string[] = [];
    for (const path of paths)
      for (const format of ['json', 'csv', 'ndjson'])
        for (const more of ['', `&customer=${ann}`]) {
          const url =
            path.startsWith('/v1/query') || path.startsWith('/v1/customers') ? `${path}?format=${format}${more}` : path;
          const closed = await get(url, everything);
          expect([url, CLEAR.test(closed.body), closed.records.length]).toEqual([url, false, 0]);
          const open = await get(url, everything, { 'perennial-purpose': 'service' });
          const isClear = CLEAR.test(open.body);
          // A clear answer has its record; a record belongs to an answer that may be clear, on a route that is marked so.
          if (isClear) expect([url, open.records.length > 0, documented.get(path)]).toEqual([url, true, true]);
          if (open.records.length > 0) expect([url, documented.get(path)]).toEqual([url, true]);
          if (isClear) shown.push(path);
        }
    expect([...new Set(shown)].sort()).toEqual(
      expect.arrayContaining([
        ...['/v1/query/customer', '/v1/query/customers', '/v1/query/timeline', '/v1/query/rfm'],
        ...['/v1/query/events', '/v1/query/recorded', `/v1/acts/${declined}`],
        ...['/v1/query/stage-periods', '/v1/customers', `/v1/customers/${ann}`, `/v1/customers/${ann}/timeline`],
      ]),
    );
  }, 120_000);

  it('are never opened by a query that does not declare it', async () => {
    const orders = QUERIES.find(({ name }) => name === 'orders');
    if (orders === undefined) throw new Error('There is no such query.');
    const hidden = {
      ...orders,
      answer: async ({ personalData }: Parameters<typeof orders.answer>[0]) => ({
        rows: [{ id: (await personalData.open([{ subjectId: ann, sealed: 'x' }]))[0] }],
        ...{ next: null, position: 0 },
      }),
    };
    await expect(answerTo(hidden, engine.context, {})).rejects.toThrow('declares no column that it opens');
  });

  it('are listed with who opened them, by customer, principal, purpose and time; the reason for a purpose only', async () => {
    await engine.catchUp();
    const all = await get(`/v1/query/openings?customer=${ann}`, auditor);
    expect(all.statusCode).toBe(200);
    const rows = (JSON.parse(all.body) as { rows: Record<string, unknown>[] }).rows;
    const complaint = rows.find(({ ticket }) => ticket === 'C-123');
    expect(complaint).toMatchObject({
      purpose: 'complaint',
      kind: 'view',
      query: 'customer',
      subjects: 2,
      reason: null,
    });
    expect(all.records).toEqual([]);
    const by = String(complaint?.['by']);
    const wanted = async (more: string): Promise<number> =>
      (JSON.parse((await get(`/v1/query/openings?${more}`, auditor)).body) as { rows: unknown[] }).rows.length;
    expect(await wanted(`opening-purpose=complaint&by=${by}`)).toBe(1);
    expect(await wanted(`opening-purpose=legal`)).toBe(0);
    expect(await wanted(`opening-purpose=complaint&to=2020-01-01`)).toBe(0);
    expect(await wanted(`opening-ticket=C-123&customer=${engine.subjectId('userId', 'bob')}`)).toBe(0);
    const open = { 'perennial-purpose': 'audit' };
    const reasons = await get('/v1/query/openings?opening-ticket=C-123', auditor, open);
    expect(reasons.body).toContain('Ann called');
    // To read why someone's data were opened is an opening of that person's data.
    expect(reasons.records[0]?.opened).toMatchObject({ purpose: 'audit', query: 'openings', columns: ['reason'] });
    expect(reasons.records[0]?.opened.subjectIds).toContain(ann);
    expect((await get('/v1/query/openings', agent)).statusCode).toBe(403);
  });

  it('have the same list of openings when the read models are built again', async () => {
    await engine.catchUp();
    const before = await runQuery(engine.context, 'openings', {});
    await engine.projector.rebuild();
    expect((await runQuery(engine.context, 'openings', {})).rows).toEqual(before.rows);
    expect(before.rows.length).toBeGreaterThan(3);
  }, 120_000);

  it('are on record with the columns that were asked for, and no other', async () => {
    const asked = await get(`/v1/customers/${ann}?attributes=true`, agent, { 'perennial-purpose': 'complaint' });
    expect(asked.statusCode).toBe(200);
    expect(asked.records[0]?.opened).toMatchObject({ query: 'customer', columns: ['identifiers', 'attributes'] });
    const plain = await get(`/v1/customers/${ann}?attributes=false`, agent, { 'perennial-purpose': 'complaint' });
    expect(plain.records[0]?.opened).toMatchObject({ query: 'customer', columns: ['identifiers'] });
  });

  it('of an erased person leave the list with their subject, and the reason is gone', async () => {
    await engine.keys.destroy([ann]);
    await engine.catchUp();
    const open = { 'perennial-purpose': 'audit' };
    const answer = await get('/v1/query/openings?opening-ticket=C-123', auditor, open);
    const [row] = (JSON.parse(answer.body) as { rows: Record<string, unknown>[] }).rows;
    expect(row).toMatchObject({ purpose: 'complaint', reason: null, subjectIds: expect.arrayContaining([ann]) });
    expect(answer.records).toEqual([]);
  });
});
