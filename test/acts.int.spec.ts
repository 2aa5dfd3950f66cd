import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { DAY, factOf } from '#contracts';
import { EVENT_LOG, lockDataFolder, type DataFolderLock, type EventLog } from '#event-log';
import { ApiKeyAccess, ApiKeys } from '#keys';
import { BUILT_IN_POLICIES } from '#lifecycle';
import { PERMISSIONS, readConfig } from '#platform';
import { configureApp, createHttpAdapter } from '#platform/nest';
import { prepareStoresOf } from '#privacy/nest';
import { setUpOpenApi } from '#queries/nest';
import { orderPlaced } from '#testing';
import { StandaloneModule } from '../apps/standalone/src/standalone.module.js';

/** Facts that tell what came in, and are no act of a principal. */
const NO_ACTS = new Set(['intake-receipt', 'event-quarantined']);

/** Routes that do not succeed in one process without brokers, and why nothing is lost by it. */
const UNREACHED: Readonly<Record<string, string>> = {
  'DELETE /v1/sessions/{id}': 'needs a person who signed in; its spec ends a session',
  'POST /v1/feeds/{feed}/replays': 'needs brokers; records as the clock does, by the same decorator',
  'POST /v1/parked/{customer}/release': 'needs a customer that cannot be folded; its spec releases one',
  'POST /v1/webhooks/{id}/replays': 'needs published messages; records as the clock does, by the same decorator',
};

interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The facts that the log holds since, by the one who asked. */
  readonly acts: readonly string[];
}

describe('administrative acts', () => {
  let dataDir: string;
  let lock: DataFolderLock;
  let app: NestFastifyApplication;
  let all: { key: string; by: string };
  let other: { key: string; id: string };
  /** The routes that change something, with what each says that it records. */
  let routes: ReadonlyMap<string, string>;
  const succeeded = new Set<string>();
  const refused = new Set<string>();

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'perennial-acts-'));
    lock = lockDataFolder(dataDir);
    const config = readConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'silent', DEMO: 'off', WEBHOOK_HOSTS: 'loopback' });
    const testing = await Test.createTestingModule({ imports: [StandaloneModule.forRoot(config, lock)] }).compile();
    app = testing.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), { logger: false });
    configureApp(app);
    setUpOpenApi(app);
    await prepareStoresOf(app, config, { ownsFolder: true });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    const keys = app.get(ApiKeys);
    const expiresAt = Date.now() + DAY;
    const one = keys.create('one', PERMISSIONS, { expiresAt });
    const second = keys.create('other', [], { role: 'admin', expiresAt });
    all = { key: one.key, by: `key:${one.record.id}` };
    other = { key: second.key, id: second.record.id };
    const { paths } = (await app.inject({ method: 'GET', url: '/docs-json' })).json<OpenAPIObject>();
    routes = new Map(
      Object.entries(paths).flatMap(([path, operations]) =>
        Object.entries(operations as Record<string, Record<string, string | undefined>>).flatMap(
          ([method, { 'x-permission': permission, 'x-records': records }]) =>
            method === 'get' || permission === 'publish' || permission === 'public'
              ? []
              : [[`${method.toUpperCase()} ${path}`, records ?? ''] as const],
        ),
      ),
    );
  }, 120_000);
  afterAll(async () => {
    await app.close();
    lock.release();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const recordedSince = async (position: number, by: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const page of app.get<EventLog>(EVENT_LOG).readAll(position))
      for (const { type, meta, data } of page) {
        if (factOf(type) === null || NO_ACTS.has(type)) continue;
        const actor = (JSON.parse(meta) as { by?: string }).by ?? (JSON.parse(data) as { by?: string }).by;
        if (actor === by) found.push(type);
      }
    return found;
  };
  const bearers = (): Readonly<Record<string, readonly [key: string, by: string]>> => ({
    one: [all.key, all.by],
    other: [other.key, `key:${other.id}`],
    local: [app.get(ApiKeyAccess).localToken, 'local'],
  });
  /** Sends a request of a route, with its path given as `/v1/keys/{id}` and what stands in the braces. */
  const ask = async (route: string, named = '', payload: unknown = {}, who = 'one'): Promise<Answered> => {
    const [method = '', path = ''] = route.split(' ');
    const [key, by] = bearers()[who] ?? ['', ''];
    const { position } = await app.get<EventLog>(EVENT_LOG).head();
    const answer = await app.inject({
      ...{ method: method as 'POST', url: path.includes('{') ? path.replace(/\{[^}]+\}/, named) : path + named },
      headers: { authorization: `Bearer ${key}` },
      ...(method === 'DELETE' ? {} : { payload: payload as object }),
    });
    const isJson = String(answer.headers['content-type']).includes('json') && !answer.body.includes('}\n{');
    return {
      status: answer.statusCode,
      body: isJson ? (JSON.parse(answer.body) as Record<string, unknown>) : {},
      acts: await recordedSince(position, by),
    };
  };
  /** Does an act, and expects exactly these facts of it on record: by default the first that the route names. */
  const done = async (
    route: string,
    named = '',
    payload: unknown = {},
    more: { kinds?: string[]; who?: string } = {},
  ) => {
    const records = routes.get(route);
    if (records === undefined) throw new Error(`No such route: ${route}`);
    const { status, body, acts } = await ask(route, named, payload, more.who);
    expect([route, status < 300, status < 300 ? '' : body]).toEqual([route, true, '']);
    const [first = ''] = records.split(' or ');
    expect([route, acts]).toEqual([route, more.kinds ?? [first.split(' ')[0]]]);
    succeeded.add(route);
    return body;
  };
  const not = async (route: string, named = '', payload: unknown = {}, who = 'one'): Promise<void> => {
    const { status, acts } = await ask(route, named || (route.includes('{') ? 'x' : ''), payload, who);
    expect([route, status >= 400, status < 500, acts]).toEqual([route, true, true, []]);
    refused.add(route);
  };
  const jobEnded = async (path: string): Promise<void> => {
    for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 50) {
      const [key] = bearers()['local'] ?? [''];
      const answer = await app.inject({ method: 'GET', url: path, headers: { authorization: `Bearer ${key}` } });
      if (answer.json<{ state?: string; status?: string }>().state !== 'running' && !answer.body.includes('"running"'))
        return;
      await sleep(50);
    }
  };
  const quarantined = async (type = 'no-such-type'): Promise<string> => {
    const document = {
      ...orderPlaced({ id: `bad-${Math.random()}`, identifiers: [{ namespace: 'userId', value: 'ann' }] }),
      type,
    };
    const answer = await app.inject({
      ...{ method: 'POST', url: '/v1/touchpoints', payload: document },
      headers: { authorization: `Bearer ${all.key}` },
    });
    const text = /"quarantineId":"([0-9a-f]{32})"/.exec(answer.body)?.[1];
    if (text === undefined) throw new Error(answer.body);
    return text;
  };
  /** Lists of quarantined events come from the read models. */
  const readModelsFollowed = async (): Promise<void> => {
    const { position } = await app.get<EventLog>(EVENT_LOG).head();
    const url = `/v1/query/quarantine?after-position=${position}`;
    const answer = await app.inject({ method: 'GET', url, headers: { authorization: `Bearer ${all.key}` } });
    expect(answer.statusCode).toBe(200);
  };
  const fixed = (id: string) => orderPlaced({ id, identifiers: [{ namespace: 'userId', value: 'ann' }] });

  it('of keys and principals are on record once, and none that was refused', async () => {
    const { id } = (await done('POST /v1/keys', '', { name: 'till', role: 'channel' })) as { id: string };
    await not('POST /v1/keys', '', { name: '' });
    const rotated = (await done('POST /v1/keys/{id}/rotate', id)) as { id: string };
    await not('POST /v1/keys/{id}/rotate');
    await done('DELETE /v1/keys/{id}', rotated.id);
    await not('DELETE /v1/keys/{id}');
    await done('POST /v1/principals/{principal}/block', `key:${id}`);
    await not('POST /v1/principals/{principal}/block', 'no-such');
    await done('DELETE /v1/principals/{principal}/block', `key:${id}`);
    await not('DELETE /v1/principals/{principal}/block', 'no-such');
    await not('DELETE /v1/sessions/{id}');
  });

  it('of sources, types and policies are on record once, and none that was refused', async () => {
    await done('POST /v1/sources', '', { name: 'till', kind: 'api' }, { kinds: ['source-registered', 'key-created'] });
    await not('POST /v1/sources', '', { name: '' });
    await done('PATCH /v1/sources/{name}', 'till', { brand: 'aurora' });
    await not('PATCH /v1/sources/{name}');
    for (const change of ['pause', 'resume', 'retire']) {
      await done(`POST /v1/sources/{name}/${change}`, 'till');
      await not(`POST /v1/sources/{name}/${change}`);
    }
    const type = {
      name: 'campsite-booked',
      version: 1,
      group: 'purchase',
      origin: 'customer',
      description: 'A campsite was booked.',
    };
    await done('POST /v1/types', '', {
      ...type,
      schema: { type: 'object', properties: { nights: { type: 'integer' } } },
    });
    await not('POST /v1/types');
    await done('POST /v1/attributes', '', { name: 'plan', version: 1, profile: { type: 'text' } });
    await not('POST /v1/attributes', '', { name: 'plan', version: 3, profile: { type: 'text' } });
    await done('DELETE /v1/attributes/{name}', 'plan');
    await not('DELETE /v1/attributes/{name}', 'none');
    await done('POST /v1/segments', '', {
      id: 'vip',
      name: 'VIP',
      when: { field: 'orders', op: 'at-least', value: 5 },
    });
    await not('POST /v1/segments', '', { id: 'vip', name: 'VIP', when: { all: [] } });
    await done('DELETE /v1/segments/{id}', 'vip');
    await not('DELETE /v1/segments/{id}', 'none');
    await done('POST /v1/policies', '', { policy: { ...BUILT_IN_POLICIES.retail, name: 'acts' } });
    await not('POST /v1/policies');
  });

  it('of quarantined events are on record once for each event, and none that was refused', async () => {
    await done('POST /v1/quarantine/{quarantineId}/release', await quarantined(), { fixed: fixed('fixed-1') });
    await not('POST /v1/quarantine/{quarantineId}/release');
    await not('POST /v1/quarantine/{quarantineId}/release', await quarantined(), { fixed: { type: 'x' } });
    await done('POST /v1/quarantine/{quarantineId}/discard', await quarantined(), { reason: 'a test' });
    await not('POST /v1/quarantine/{quarantineId}/discard');
    const ids = [await quarantined('tent-pitched'), await quarantined('tent-pitched')];
    const other = await quarantined();
    const type = {
      name: 'tent-pitched',
      version: 1,
      group: 'purchase',
      origin: 'customer',
      schema: { type: 'object' },
    };
    await ask('POST /v1/types', '', type);
    await readModelsFollowed();
    await done('POST /v1/quarantine/release', '', { ids }, { kinds: ['event-released', 'event-released'] });
    await not('POST /v1/quarantine/release', '', { limit: -1 });
    await done('POST /v1/quarantine/discard', '', { ids: [other], reason: 'a test' });
    await not('POST /v1/quarantine/discard');
  });

  it('of webhooks are on record once, and none that was refused', async () => {
    const { id } = (await done('POST /v1/webhooks', '', { url: 'http://127.0.0.1:9/hook' })) as { id: string };
    await not('POST /v1/webhooks', '', { url: 'http://shop.example/hook' });
    await done('PATCH /v1/webhooks/{id}', id, { status: 'paused' });
    await not('PATCH /v1/webhooks/{id}', id, { status: 'x' });
    await done('POST /v1/webhooks/{id}/secrets', id);
    await not('POST /v1/webhooks/{id}/secrets');
    await done('POST /v1/webhooks/{id}/dead-letters/replays', id);
    await not('POST /v1/webhooks/{id}/dead-letters/replays');
    await not('POST /v1/webhooks/{id}/replays');
    await done('DELETE /v1/webhooks/{id}', id);
    await not('DELETE /v1/webhooks/{id}');
  });

  it('about persons are on record once, and none that was refused', async () => {
    const hold = await done('POST /v1/holds', '', { identifier: 'userId:ann', case: '2026-117' });
    await not('POST /v1/holds', '', { identifier: 'userId:ann' });
    await done('POST /v1/holds/{id}/lift', String(hold['holdId']));
    await not('POST /v1/holds/{id}/lift');
    const list = { suppressions: [{ identifier: 'email:robinson@shop.example', reason: 'legal' }] };
    const { suppressions } = await done('POST /v1/suppressions', '', list);
    await not('POST /v1/suppressions', '', { suppressions: [{ identifier: 'email:null', reason: 'legal' }] });
    const [suppression] = suppressions as readonly { readonly suppressionId: string }[];
    await done('POST /v1/suppressions/{id}/lift', String(suppression?.suppressionId));
    await not('POST /v1/suppressions/{id}/lift');
    const asked = { identifier: 'userId:ann', ground: 'accuracy-contested' };
    const restriction = await done('POST /v1/restrictions', '', asked);
    await not('POST /v1/restrictions', '', { identifier: 'userId:ann' });
    await done('POST /v1/restrictions/{id}/lift', String(restriction['restrictionId']));
    await not('POST /v1/restrictions/{id}/lift');
    const request = { kind: 'access', identifier: 'userId:ann', askerChecked: 'passport' };
    const { requestId } = await done('POST /v1/subject-requests', '', request);
    await not('POST /v1/subject-requests');
    await done('POST /v1/subject-requests/{id}/extension', String(requestId), { reason: 'twelve years' });
    await not('POST /v1/subject-requests/{id}/extension', String(requestId), { reason: 'again' });
    await done('POST /v1/subject-requests/{id}/package', String(requestId));
    await not('POST /v1/subject-requests/{id}/package');
    await done('POST /v1/subject-requests/{id}/answer', String(requestId), { outcome: 'nothing-on-record' });
    await not('POST /v1/subject-requests/{id}/answer', String(requestId), { outcome: 'withdrawn' });
    const reason = 'one person, two cards';
    const decided = async (route: string, body: object, id = ''): Promise<string> => {
      const { decision } = await done(route, id, { reason, ...body });
      return (decision as { decisionId: string }).decisionId;
    };
    for (const namespace of ['userId', 'loyaltyCard'])
      await app.inject({
        ...{ method: 'POST', url: '/v1/touchpoints', headers: { authorization: `Bearer ${all.key}` } },
        payload: orderPlaced({ id: `of-${namespace}`, identifiers: [{ namespace, value: 'ann' }] }),
      });
    const two = { one: 'userId:ann', other: 'loyaltyCard:ann' };
    const merge = await decided('POST /v1/identity/merges', two);
    await not('POST /v1/identity/merges', '', two);
    const unmerge = await decided('POST /v1/identity/unmerges', { merge });
    await not('POST /v1/identity/unmerges', '', { merge: 'x' });
    await decided('POST /v1/identity/decisions/{id}/lift', {}, unmerge);
    await not('POST /v1/identity/decisions/{id}/lift', unmerge, {});
    await decided('POST /v1/identity/keep-aparts', two);
    await not('POST /v1/identity/keep-aparts', '', { ...two, other: two.one });
    await done('POST /v1/erasures', '', { identifier: 'userId:ann' });
    await not('POST /v1/erasures');
  });

  it('of operation are on record once, and none that was refused', async () => {
    await done('POST /v1/clock/confirm');
    await not('POST /v1/clock/confirm', '', {}, 'other');
    await not('POST /v1/feeds/{feed}/replays');
    await not('POST /v1/parked/{customer}/release', 'f'.repeat(32));
    await not('POST /v1/projections/rollback');
    await not('DELETE /v1/projections/jobs/current');
    await not('POST /v1/projections/rebuild', '?dryRun=maybe');
    await done('POST /v1/projections/rebuild');
    await done('DELETE /v1/projections/jobs/current');
    await jobEnded('/v1/projections/jobs/current');
    await done('POST /v1/projections/rebuild');
    await jobEnded('/v1/projections/jobs/current');
    await done('POST /v1/projections/rollback');
    await jobEnded('/v1/projections/jobs/current');
    await not('DELETE /v1/backups/current', '', {}, 'local');
    await done(
      'POST /v1/backups',
      '',
      { folder: join(dataDir, '..', `${String(process.pid)}-backup`) },
      { who: 'local' },
    );
    await not('POST /v1/backups', '', {}, 'local');
    await done('DELETE /v1/backups/current', '', {}, { who: 'local' });
    await jobEnded('/v1/backups/current');
    rmSync(join(dataDir, '..', `${String(process.pid)}-backup`), { recursive: true, force: true });
  }, 120_000);

  it('that another principal approves or declines are on record once, and none that was refused', async () => {
    const approvals = { erase: 'two' };
    const second = { ...BUILT_IN_POLICIES.retail, name: 'acts', version: 2, approvals };
    await done('POST /v1/policies', '', { policy: second });
    for (const decision of ['approve', 'decline']) {
      const asked = await ask('POST /v1/erasures', '', { identifier: `userId:${decision}` });
      expect([asked.status, asked.acts]).toEqual([202, ['act-requested']]);
      await not(`POST /v1/acts/{id}/${decision}`, 'x', {}, 'other');
      await done(`POST /v1/acts/{id}/${decision}`, String(asked.body['actId']), {}, { who: 'other' });
      await not(`POST /v1/acts/{id}/${decision}`, String(asked.body['actId']), {}, 'other');
    }
  });

  it('are walked here, each route of the engine that changes something', () => {
    const silent = [...routes].filter(([, records]) => records === '').map(([route]) => route);
    expect(silent).toEqual([]);
    const changing = [...routes].filter(([, records]) => !records.startsWith('nothing')).map(([route]) => route);
    expect(changing.filter((route) => !refused.has(route))).toEqual([]);
    expect(changing.filter((route) => !succeeded.has(route)).sort()).toEqual(Object.keys(UNREACHED).sort());
  });
});
