import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { STREAMS } from '#contracts';
import { LOCAL_PRINCIPAL } from '#platform';
import { RecordedOpenings, SubjectRequestLedger } from '#privacy';
import { runQuery } from '#queries';
import { orderPlaced } from '#testing';
import { ingestingEngine, type IngestingEngine } from '#testing/stores';
import { ManageSubjectRequests, type RequestVerdict } from './manage-subject-requests.js';
import { showSubjectRequest, type ShownSubjectRequest } from './show-subject-request.js';

const ADA = { namespace: 'email', value: 'ada@shop.example' };

describe('requests of data subjects', () => {
  let now = Date.UTC(2026, 0, 31, 12);
  let engine: IngestingEngine;
  let requests: ManageSubjectRequests;
  beforeAll(async () => {
    engine = await ingestingEngine(() => now);
    const { context, sealer } = engine;
    requests = new ManageSubjectRequests({ context, sealer });
    await engine.take(orderPlaced({ identifiers: [ADA] }));
  }, 120_000);
  afterAll(() => engine.close());

  const opened = async (more: object = {}): Promise<Extract<RequestVerdict, { outcome: 'done' }>['request']> => {
    const document = { kind: 'access', identifier: 'email:Ada@shop.example', askerChecked: 'passport of Ada', ...more };
    const verdict = await requests.open(document, 'key:5f0c');
    if (verdict.outcome !== 'done') throw new Error(JSON.stringify(verdict));
    return verdict.request;
  };
  const sealedOf = async (requestId: string) => {
    const { requests: all } = await new SubjectRequestLedger(engine.context.log).read();
    const { received, extension, answer } = all.get(requestId)?.sealed ?? {};
    const items = [received, extension, answer].map((sealed) => ({ subjectId: requestId, sealed: sealed ?? '' }));
    return (await engine.sealer.openUndamaged(items)).map((text) =>
      text === null ? null : (JSON.parse(text) as unknown),
    );
  };

  const shown = async (requestId: string, purpose: string | null): Promise<ShownSubjectRequest | null> => {
    const { context, sealer } = engine;
    const openings = new RecordedOpenings({ log: context.log, sealer, clock: context.clock });
    const stated = { purpose, ticket: null, reason: null, kind: 'view' as const, requestId: 'answer-1' };
    const request = { principal: LOCAL_PRINCIPAL, ...stated };
    return showSubjectRequest(requestId, request, { requests, sealer, openings });
  };
  const recorded = async (): Promise<unknown[]> => {
    const found: unknown[] = [];
    const day = new Date(now).toISOString().slice(0, 10);
    for await (const page of engine.context.log.read(STREAMS.access(day)))
      found.push(...page.map(({ data }) => JSON.parse(data) as unknown));
    return found;
  };

  it('are due a month after their receipt, extended once by two months, and answered once', async () => {
    const request = await opened({ note: 'by letter' });
    expect(request).toMatchObject({
      kind: 'access',
      state: 'open',
      dueOn: '2026-02-28',
      daysLeft: 28,
      person: 'known',
    });
    const { requestId } = request;
    now = Date.UTC(2026, 1, 25);
    expect(await requests.show(requestId)).toMatchObject({ state: 'due', daysLeft: 3 });
    expect(await requests.extend(requestId, {}, 'local')).toMatchObject({ outcome: 'invalid' });
    expect(await requests.extend(requestId, { reason: 'twelve years' }, 'local')).toMatchObject({
      request: { state: 'open', dueOn: '2026-04-30', extended: true },
    });
    expect(await requests.extend(requestId, { reason: 'more' }, 'local')).toMatchObject({ outcome: 'conflict' });
    expect(await requests.answer(requestId, { outcome: 'handed-over' }, 'local')).toMatchObject({
      errors: [{ pointer: '#/digest' }],
    });
    const answer = { digest: 'ab'.repeat(32), note: 'sent by post' };
    expect(await requests.answer(requestId, answer, 'local')).toMatchObject({
      changed: true,
      request: {
        state: 'answered',
        outcome: 'handed-over',
        digest: 'ab'.repeat(32),
        by: 'key:5f0c',
        answeredBy: 'local',
      },
    });
    expect(await requests.answer(requestId, answer, 'local')).toMatchObject({ changed: false });
    expect(await requests.answer(requestId, { outcome: 'done' }, 'local')).toMatchObject({ outcome: 'conflict' });
    expect(await requests.extend(requestId, { reason: 'late' }, 'local')).toMatchObject({ outcome: 'conflict' });
    expect(await sealedOf(requestId)).toEqual([
      { identifier: 'email:Ada@shop.example', askerChecked: 'passport of Ada', note: 'by letter' },
      { reason: 'twelve years' },
      { note: 'sent by post' },
    ]);
    // What people wrote is shown for a purpose alone, and on record.
    expect(await shown(requestId, null)).toMatchObject({ written: null, personalData: { why: 'no-purpose' } });
    expect(await recorded()).toEqual([]);
    expect(await shown(requestId, 'subject-request')).toMatchObject({
      ...{ requestId, state: 'answered', personalData: { state: 'open', purpose: 'subject-request' } },
      written: {
        ...{ identifier: 'email:Ada@shop.example', askerChecked: 'passport of Ada', note: 'by letter' },
        ...{ extensionReason: 'twelve years', answerNote: 'sent by post' },
      },
    });
    const subjectIds = [engine.sealer.subjectIdOf('email', 'ada@shop.example')];
    expect(await recorded()).toMatchObject([
      { query: 'subject-request', purpose: 'subject-request', columns: ['written'], subjectIds, count: 5 },
    ]);
    expect(await shown('2'.repeat(32), 'subject-request')).toBeNull();
  });

  it('hold nothing in the clear of what people wrote, and nothing of it after an erasure', async () => {
    const { requestId } = await opened();
    const texts: string[] = [];
    for await (const page of engine.context.log.read(STREAMS.dataSubjects))
      for (const { data, meta } of page) texts.push(data, meta);
    expect(texts.join()).not.toMatch(/ada@|passport|twelve|post/i);
    await engine.keys.destroy([engine.sealer.subjectIdOf('email', 'ada@shop.example')]);
    expect(await sealedOf(requestId)).toEqual([null, null, null]);
    expect(await requests.show(requestId)).toMatchObject({ person: 'erased' });
    expect(await shown(requestId, 'subject-request')).toMatchObject({ written: null, person: 'erased' });
    expect(await recorded()).toHaveLength(1);
    // Of an erased person a request is recorded, and nothing that was written about it.
    const later = await opened();
    expect(later).toMatchObject({ person: 'erased' });
    expect(await sealedOf(later.requestId)).toEqual([null, null, null]);
  });

  it('are recorded of a person without an event; the same again is the same request', async () => {
    const requestId = '1'.repeat(32);
    const unknown = { identifier: 'email:stranger@shop.example', kind: 'erasure', requestId };
    expect(await opened(unknown)).toMatchObject({ requestId, person: 'unknown', customerId: null });
    const again = { ...unknown, askerChecked: 'x' };
    expect(await requests.open(again, 'local')).toMatchObject({ outcome: 'done', changed: false });
    expect(await requests.open({ ...again, kind: 'access' }, 'local')).toMatchObject({ outcome: 'conflict' });
  });

  it.each([
    [{}, ['#/kind', '#/askerChecked']],
    [{ kind: 'access', askerChecked: 'x' }, ['#']],
    [{ kind: 'access', askerChecked: 'x', identifier: 'no colon' }, ['#/identifier']],
    [{ kind: 'access', askerChecked: 'x', customer: 'f'.repeat(32) }, ['#/customer']],
    [{ kind: 'access', askerChecked: 'x', identifier: 'a:b', receivedAt: '2099-01-01T00:00:00Z' }, ['#/receivedAt']],
    [[], ['#']],
  ])('are rejected with the reason: %j', async (document, pointers) => {
    const verdict = await requests.open(document, 'local');
    if (verdict.outcome !== 'invalid') throw new Error(verdict.outcome);
    expect(verdict.errors.map(({ pointer }) => pointer)).toEqual(expect.arrayContaining(pointers));
    expect(await requests.answer('2'.repeat(32), { outcome: 'done' }, 'local')).toEqual({ outcome: 'unknown' });
  });

  it('are listed by how they stand, for those who may erase', async () => {
    const list = async (params: Record<string, string>) =>
      (await runQuery(engine.context, 'subject-requests', params)).rows.map(({ kind, state }) => `${kind} ${state}`);
    expect(await list({})).toEqual(['access answered', 'access open', 'access open', 'erasure open']);
    expect(await list({ state: 'open', kind: 'erasure' })).toEqual(['erasure open']);
    now = Date.UTC(2026, 3, 1);
    expect(await list({ state: 'overdue' })).toHaveLength(3);
    expect(await list({ state: 'open' })).toHaveLength(3);
    const acts = await runQuery(engine.context, 'acts', { kind: 'subject-request-received', from: '2026-01-01' });
    expect(acts.rows).toHaveLength(4);
  });
});
