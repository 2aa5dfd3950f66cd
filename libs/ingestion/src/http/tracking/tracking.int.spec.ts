import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManageSources, SetSourceStatus } from '../../sources/manage-sources.js';
import { TrackingApp } from '../../testdata/tracking-app.js';

let app: TrackingApp;
let key: string;
beforeAll(async () => {
  app = await TrackingApp.start();
  key = await app.source('shop', { currency: 'EUR', origins: ['https://shop.example'] });
});
afterAll(() => app.stop());

let count = 0;
const call = (fields: object = {}) => ({
  type: 'track',
  event: 'E',
  userId: 'u1',
  messageId: `m${(count += 1)}`,
  ...fields,
});

describe('a request of an analytics library', () => {
  it.each([
    'application/json',
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    'none',
    '',
  ])('is read as JSON whatever it says: %s', async (type) => {
    const text = JSON.stringify({ batch: [call()] });
    for (const [body, encoding] of [
      [text, {}],
      [gzipSync(text.replace(`m${count}`, `m${(count += 1)}`)), { 'content-encoding': 'gzip' }],
    ] as const) {
      const headers = { ...encoding, 'content-type': type };
      expect(await app.send({ url: '/v1/batch', key, body, headers })).toMatchObject({
        status: 200,
        headers: { 'perennial-outcomes': 'accepted=1, duplicate=0, quarantined=0, suppressed=0' },
        body: { success: true, received: 1, accepted: 1, rejected: [] },
      });
    }
  });

  it.each(['identify', 'track', 'page', 'screen', 'group', 'alias'])(
    'has a long and a short path: %s',
    async (kind) => {
      for (const url of [`/v1/${kind}`, `/v1/${kind.charAt(0)}`]) {
        const body = { ...call(), type: undefined, groupId: 'g', previousId: 'before' };
        expect(await app.send({ url, key, body })).toMatchObject({ status: 200, body: { accepted: 1 } });
      }
    },
  );

  it('shows its key in the head or in the body, and the key must be of one source', async () => {
    const body = call();
    expect(await app.send({ url: '/v1/track', body: { ...body, writeKey: key } })).toMatchObject({
      body: { accepted: 1 },
    });
    const bearer = { authorization: `Bearer ${key}` };
    expect(await app.send({ url: '/v1/track', body, headers: bearer })).toMatchObject({ body: { duplicate: 1 } });
    for (const several of [app.key(['shop', 'app']), app.key(['shop/*']), app.engine.key('publish')])
      expect(await app.send({ url: '/v1/track', key: several, body })).toMatchObject({
        ...{ status: 403, body: { code: 'write-key-without-source', hint: expect.stringContaining('sources create') } },
      });
    const reader = app.engine.key('read');
    expect(await app.send({ url: '/v1/track', key: reader, body })).toMatchObject({
      status: 403,
      body: { code: 'not-permitted' },
    });
  });

  it('keeps no write key of a call, accepted or not', async () => {
    await app.send({
      url: '/v1/batch',
      body: {
        batch: [
          { ...call(), writeKey: key },
          { writeKey: key, type: 'track' },
        ],
        writeKey: key,
      },
    });
    let log = '';
    for await (const page of app.engine.log.readAll(0)) log += JSON.stringify(page);
    expect(log).not.toContain(key);
  });

  it('says of each rejected call what is wrong, and keeps it in quarantine', async () => {
    const batch = [
      call(),
      { type: 'track', userId: 'u1' },
      { type: 'track', event: 'E' },
      call({ messageId: 'x'.repeat(100) }),
    ];
    const { status, body } = await app.send({ url: '/v1/batch', key, body: { batch } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ success: false, received: 4, accepted: 1, quarantined: 3 },
      rejected: [
        { index: 1, error: 'envelope-invalid', pointer: '#/event', quarantineId: expect.stringMatching(/^[0-9a-f]+$/) },
        { index: 2, error: 'no_user_anon_id', pointer: '#/userId' },
        { index: 3, pointer: '#/messageId' },
      ],
    });
    const names = (await app.events('perennial/quarantine')).map(({ data }) => data as Record<string, unknown>);
    expect(names.slice(-3).map(({ pointer, source, code }) => [source, code, pointer])).toEqual([
      ['shop', 'envelope-invalid', '#/event'],
      ['shop', 'no-identifier', '#/userId'],
      ['shop', 'envelope-invalid', '#/messageId'],
    ]);
  });

  it('of a paused source is quarantined, and can be released', async () => {
    const paused = await app.source('paused');
    await app.engine.app.get(ManageSources).setStatus(new SetSourceStatus('paused', 'paused', 'local'));
    expect(await app.send({ url: '/v1/track', key: paused, body: call() })).toMatchObject({
      ...{ status: 200, body: { quarantined: 1, rejected: [{ error: 'source-paused' }] } },
    });
  });

  it.each([
    ['{"batch": [', 'invalid-json'],
    ['[]', 'invalid-json'],
    ['{}', 'invalid-json'],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22]), 'not-utf-8'],
    [gzipSync('{}'), 'content-encoding-unsupported'],
  ])('that cannot be read is answered with 400, a code and a message', async (body, code) => {
    expect(await app.send({ url: '/v1/batch', key, body })).toMatchObject({
      ...{ status: 400, headers: { 'content-type': 'application/json' }, body: { code, message: expect.any(String) } },
    });
  });

  it('quarantines a call of its batch in which a key stands twice, and no other', async () => {
    const body = `{"batch":[${JSON.stringify(call())},{"type":"track","userId":"u","event":"a","event":"b"}]}`;
    expect(await app.send({ url: '/v1/batch', key, body })).toMatchObject({
      ...{ status: 200, body: { accepted: 1, quarantined: 1, rejected: [{ index: 1, error: 'duplicate-key' }] } },
    });
  });

  it('keeps the digits of a number that a double does not hold', async () => {
    const own = await app.source('digits');
    const body = '{"type":"track","event":"E","userId":9007199254740993,"messageId":"big"}';
    expect(await app.send({ url: '/v1/track', key: own, body })).toMatchObject({ body: { accepted: 1 } });
    expect((await app.events('digits')).map(({ id }) => id)).toEqual(['big']);
  });

  it('is told to come back where there is no room: 429 with whole seconds', async () => {
    const slow = app.key(['slow'], { events: 6 });
    await app.send({ url: '/v1/batch', key: slow, body: { batch: [call(), call(), call()] } });
    const answer = await app.send({ url: '/v1/batch', key: slow, body: '{' });
    expect(answer).toMatchObject({ status: 429, body: { code: 'rate-limited' } });
    for (const name of ['retry-after', 'x-ratelimit-reset']) expect(answer.headers[name]).toMatch(/^[1-9]\d*$/);
    const inBody = await app.send({ url: '/v1/batch', body: { batch: [call()], writeKey: slow } });
    expect(inBody).toMatchObject({ status: 429, body: { code: 'rate-limited' } });
  });

  it('never fails, whatever it holds', async () => {
    const field = fc.constantFrom(
      'type',
      'batch',
      'userId',
      'event',
      'properties',
      'traits',
      'context',
      'timestamp',
      'messageId',
      'sentAt',
      'distinct_id',
    );
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('track', 'group', 'Order Completed'));
    const inner = fc.dictionary(field, value);
    const body = fc.oneof(fc.jsonValue(), inner, fc.record({ batch: fc.array(inner, { maxLength: 3 }) }));
    const url = fc.constantFrom('/v1/track', '/v1/identify', '/v1/group', '/v1/batch', '/batch/', '/capture');
    await fc.assert(
      fc.asyncProperty(url, body, async (at, payload) => {
        const answer = await app.send({ url: at, key, body: JSON.stringify(payload) });
        expect([200, 400]).toContain(answer.status);
        if (answer.status === 400) return;
        const {
          received = 0,
          accepted = 0,
          duplicate = 0,
          quarantined = 0,
          suppressed = 0,
        } = answer.body as Record<string, number>;
        expect(received).toBe(accepted + duplicate + quarantined + suppressed);
      }),
      { numRuns: 200 },
    );
    expect(app.engine.logged).toEqual([]);
  });
});

describe('a page of another origin', () => {
  const from = (origin: string, request: object) => app.send({ url: '/v1/t', ...request, headers: { origin } });
  it('sends for a source that names its origin', async () => {
    const answer = await from('https://shop.example', { body: { ...call(), writeKey: key } });
    expect(answer).toMatchObject({
      ...{ status: 200, headers: { 'access-control-allow-origin': 'https://shop.example', vary: 'origin' } },
    });
    const preflight = await from('https://shop.example', { method: 'OPTIONS' });
    expect(preflight).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': 'https://shop.example',
        'access-control-allow-methods': expect.stringContaining('POST'),
        'access-control-allow-headers': expect.stringContaining('authorization'),
      },
    });
  });

  it('is answered the same where its preflight has a body, which is not read', async () => {
    const preflight = await from('https://shop.example', { method: 'OPTIONS', body: call() });
    expect(preflight).toMatchObject({
      status: 204,
      headers: { 'access-control-allow-origin': 'https://shop.example' },
    });
  });

  it('sends for no other source, and a page that no source names is told nothing', async () => {
    const other = await app.source('other');
    expect(await from('https://shop.example', { key: other, body: call() })).toMatchObject({
      ...{ status: 403, body: { code: 'origin-not-permitted', hint: expect.stringContaining('--origins') } },
    });
    const evil = await from('https://evil.example', { method: 'OPTIONS' });
    expect(evil.headers['access-control-allow-origin']).toBeUndefined();
    expect(await from('https://evil.example', { key, body: call() })).toMatchObject({ status: 403 });
  });

  it('reads the settings of its library', async () => {
    const request = {
      method: 'GET',
      url: `/v1/projects/${key}/settings`,
      headers: { origin: 'https://shop.example' },
    } as const;
    expect(await app.send(request)).toMatchObject({
      status: 200,
      headers: { 'access-control-allow-origin': 'https://shop.example' },
      body: {
        integrations: { 'Segment.io': { apiKey: key, apiHost: expect.stringMatching(/[/]v1$/), protocol: 'http' } },
      },
    });
    expect(await app.send({ method: 'GET', url: '/v1/projects/none/settings' })).toMatchObject({
      ...{ status: 404, body: { code: 'project-unknown' } },
    });
  });
});

describe('a request of a PostHog library', () => {
  it('sends events with a body key, and people as PostHog knows them', async () => {
    const own = await app.source('posthog');
    const events = [
      {
        event: 'Song Played',
        distinct_id: 'u1',
        properties: { name: 'x', $lib: 'posthog-node' },
        uuid: 'p1',
        timestamp: '2026-01-31T11:00:00Z',
      },
      {
        event: '$identify',
        distinct_id: 'u1',
        properties: { $set: { email: 'jane@shop.example' }, $anon_distinct_id: 'anon-1' },
        uuid: 'p2',
      },
      {
        event: '$pageview',
        distinct_id: 'd1',
        properties: { $device_id: 'd1', $current_url: 'https://shop.example/a?b=c' },
        uuid: 'p3',
      },
      { event: '$create_alias', distinct_id: 'u1', properties: { distinct_id: 'u1', alias: 'd1' }, uuid: 'p4' },
      {
        event: '$groupidentify',
        distinct_id: '$company_5',
        properties: { $group_type: 'company', $group_key: '5' },
        uuid: 'p5',
      },
    ];
    const answer = await app.send({
      url: '/batch/',
      body: { api_key: own, batch: events, sent_at: '2026-01-31T12:00:00Z' },
    });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        status: 'Ok',
        received: 5,
        accepted: 4,
        quarantined: 1,
        rejected: [{ index: 4, error: 'no_user_anon_id' }],
      },
    });
    const single = {
      api_key: own,
      event: 'Order Completed',
      distinct_id: 'u1',
      properties: { order_id: 'o', total: 5, currency: 'EUR' },
      uuid: 'p6',
    };
    expect(await app.send({ url: '/capture', body: single })).toMatchObject({ status: 200, body: { accepted: 1 } });
    const found = (await app.events('posthog')).map(({ id, type, data, meta }) => [
      ...[
        id,
        type,
        (JSON.parse(meta) as { identifiers: { namespace: string }[] }).identifiers.map(({ namespace }) => namespace),
      ],
      ...(type === 'site-visited' ? [(data as { page?: string }).page] : []),
    ]);
    expect(found).toEqual([
      ['p1', 'site-visited', ['userId'], undefined],
      ['p2', 'profile-updated', ['userId', 'anonymousId', 'email']],
      ['p3', 'site-visited', ['anonymousId'], '/a'],
      ['p4', 'profile-updated', ['userId', 'anonymousId']],
      ['p6', 'order-placed', ['userId']],
    ]);
  });
});

describe('the mapping of a source', () => {
  it('is checked as a whole when it is registered', async () => {
    const tracking = {
      events: {
        A: { as: 'Order Complete' },
        B: { type: 'content-view' },
        C: { type: 'content-viewed', data: { title: { colum: 'name' } } },
        D: {},
      },
      others: 'elsewhere',
      extra: 1,
    };
    await expect(app.source('mapped', { tracking })).rejects.toThrow(/did you mean Order Completed/);
    const verdict = await app.source('mapped', { tracking }).catch((error: unknown) => (error as Error).message);
    const { errors } = JSON.parse(verdict) as { errors: { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(
      expect.arrayContaining([
        '#/tracking/events/A/as',
        '#/tracking/events/B/type',
        '#/tracking/events/D',
        '#/tracking/extra',
        '#/tracking/others',
      ]),
    );
    expect(errors.some(({ pointer }) => pointer.startsWith('#/tracking/events/C/data/title'))).toBe(true);
  });
});
