import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseInstant } from '#contracts';
import { ManageSources, SetSourceStatus } from '../../sources/manage-sources.js';
import { TrackingApp, type Tracked } from '../../testdata/tracking-app.js';
import { vectorDocument } from '../../testdata/vectors.js';

/** A case that others published. What it expects is a sentence, or an answer. */
interface Vector {
  readonly id: string;
  readonly given: unknown;
  readonly expected: unknown;
  readonly peer?: unknown;
}

interface IngestVectors {
  readonly vectors: readonly Vector[];
  readonly sdkCaptures: { readonly requests: Readonly<Record<string, readonly Capture[]>> };
}

interface Capture {
  readonly method: 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly batch: readonly Json[] } & Json;
}

interface Examples {
  readonly examples: readonly {
    readonly endpoint: string | null;
    readonly heading: string | null;
    readonly body: Json;
  }[];
  readonly ecommerceTrackCalls: { readonly calls: readonly { readonly event: string; readonly properties: Json }[] };
}

type Json = Readonly<Record<string, unknown>>;

const ingest = vectorDocument<IngestVectors>('tracking-ingest.json');
const published = vectorDocument<Examples>('tracking-examples.json');
const describeCases = (title: string, cases: readonly unknown[] | undefined, body: () => void): void =>
  (cases !== undefined && cases.length > 0 ? describe : describe.skip)(title, body);

let app: TrackingApp;
let key: string;
let now = Date.UTC(2026, 0, 1, 12);
beforeAll(async () => {
  app = await TrackingApp.start({ MAX_TRACKING_BATCH_BYTES: '512000' }, { now: () => now });
  key = await app.source('web', { currency: 'USD' });
});
afterAll(() => app.stop());

const track = (fields: Json = {}): Json => ({ type: 'track', event: 'E', userId: 'u1', ...fields });
let count = 0;
const unique = (): string => `v-${(count += 1)}`;

/** How each kind of case is run: what is sent, and what of the answer is compared. */
const RUNS: readonly (readonly [RegExp, (vector: Vector) => Promise<void>])[] = [
  [
    /^auth-basic/,
    async ({ given, expected }) => {
      const { writeKey } = given as { readonly writeKey: string };
      // As the case writes it, a write key is read back; of this engine it is a key of its own.
      const header = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
      expect({ authorization: header }).toEqual(expected);
      expect((await app.send({ url: '/v1/track', key, body: track() })).status).toBe(200);
    },
  ],
  [
    /^auth-in-body/,
    async ({ given }) => {
      const { body } = given as { readonly body: Json };
      const answer = await app.send({ url: '/v1/track', body: { ...body, messageId: unique(), writeKey: key } });
      expect(answer).toMatchObject({ status: 200, body: { accepted: 1 } });
    },
  ],
  [
    /^auth-missing/,
    async ({ expected }) => expectAnswer(await app.send({ url: '/v1/track', body: track() }), expected),
  ],
  [
    /^auth-unknown/,
    async ({ expected }) => expectAnswer(await app.send({ url: '/v1/track', key: 'unknown', body: track() }), expected),
  ],
  [
    /^source-disabled/,
    async ({ expected }) => {
      const name = unique();
      const retired = await app.source(name);
      await app.engine.app.get(ManageSources).setStatus(new SetSourceStatus(name, 'retired', 'local'));
      expectAnswer(await app.send({ url: '/v1/track', key: retired, body: track() }), expected);
    },
  ],
  [
    /^limit-single/,
    async ({ expected }) => {
      const body = track({ properties: { text: 'x'.repeat(33_000) } });
      expectAnswer(await app.send({ url: '/v1/track', key, body }), expected);
    },
  ],
  [
    /^limit-batch-\d+kb/,
    async ({ expected }) => {
      const call = track({ properties: { text: 'x'.repeat(30_000) } });
      expectAnswer(await app.send({ url: '/v1/batch', key, body: { batch: Array(20).fill(call) } }), expected);
    },
  ],
  [
    /^limit-batch-\d+$/,
    async ({ id, expected }) => {
      const limit = Number(/\d+$/.exec(id)?.[0]);
      const batch = Array.from({ length: limit + 1 }, (_, at) => ({
        type: 'track',
        userId: 'u',
        event: 'E',
        messageId: `b${at}`,
      }));
      const answer = await app.send({ url: '/v1/batch', key, body: { batch } });
      const { status, rejected } = expected as { readonly status: number; readonly rejected: boolean };
      expect({ status: answer.status, rejected: answer.body.success === false }).toEqual({ status, rejected });
      expect(answer.body).toMatchObject({ received: limit + 1, accepted: 0, quarantined: limit + 1 });
    },
  ],
  [
    /^limit-message-id/,
    async () => {
      const long = await app.send({ url: '/v1/track', key, body: track({ messageId: 'm'.repeat(100) }) });
      expect(long).toMatchObject({ status: 200, body: { accepted: 0, rejected: [{ pointer: '#/messageId' }] } });
      const short = await app.send({ url: '/v1/track', key, body: track({ messageId: 'm'.repeat(99) }) });
      expect(short).toMatchObject({ status: 200, body: { accepted: 1 } });
    },
  ],
  [
    /^rate-limit/,
    async ({ expected }) => {
      const slow = app.key(['slow'], { events: 6 });
      await app.send({ url: '/v1/track', key: slow, body: track() });
      const { status, headers } = expected as { readonly status: number; readonly headers: readonly string[] };
      const answer = await app.send({ url: '/v1/track', key: slow, body: track() });
      expect(answer.status).toBe(status);
      for (const name of headers) expect(answer.headers[name.toLowerCase()]).toMatch(/^[1-9]\d*$/);
    },
  ],
  [
    /^invalid-json/,
    async ({ expected, peer }) => {
      const answer = await app.send({ url: '/v1/track', key, body: '{"event":' });
      expectAnswer(answer, expected);
      expect(peer === undefined || answer.body.message === (peer as { rudder: Json }).rudder['message']).toBe(true);
    },
  ],
  [
    /^no-identity/,
    async ({ given, expected }) => {
      const { segment } = expected as { readonly segment: { readonly status: number; readonly error: string } };
      const answer = await app.send({ url: '/v1/batch', key, body: { batch: [given] } });
      expect(answer).toMatchObject({
        status: segment.status,
        body: { accepted: 0, rejected: [{ index: 0, error: segment.error }] },
      });
    },
  ],
  [
    /^track-without-event|^batch-item-type-required/,
    async ({ id, given }) => {
      const call = typeof given === 'object' ? given : { userId: 'u', event: 'E' };
      const answer = await app.send({ url: '/v1/batch', key, body: { batch: [call] } });
      const pointer = id.startsWith('track') ? '#/event' : '#/type';
      expect(answer).toMatchObject({ status: 200, body: { accepted: 0, rejected: [{ pointer }] } });
    },
  ],
  [
    /^empty-batch/,
    async ({ given, expected }) => expectAnswer(await app.send({ url: '/v1/batch', key, body: given }), expected),
  ],
  [/^nil-body/, async ({ expected }) => expectAnswer(await app.send({ url: '/v1/batch', key }), expected)],
  [
    /^bad-method/,
    async ({ expected }) => {
      for (const method of ['GET', 'PUT', 'DELETE'] as const)
        expectAnswer(await app.send({ method, url: '/v1/track', key }), expected);
    },
  ],
  [
    /^dedup/,
    async () => {
      const body = track({ messageId: unique() });
      expect(await app.send({ url: '/v1/track', key, body })).toMatchObject({ body: { accepted: 1 } });
      expect(await app.send({ url: '/v1/track', key, body })).toMatchObject({ body: { accepted: 0, duplicate: 1 } });
    },
  ],
  [
    /^batch-context-merged/,
    async () => {
      const name = unique();
      const own = await app.source(name);
      const context = { app: { name: 'Initech' }, traits: { email: 'jane@shop.example' } };
      const batch = [track({ messageId: unique(), context: { ip: '10.0.0.1' } })];
      await app.send({ url: '/v1/batch', key: own, body: { batch, context, integrations: { All: false } } });
      const [event] = await app.events(name);
      // The address of the shared context names the customer, and the shared app gives the channel.
      const meta = JSON.parse(event?.meta ?? '') as { channel: string; identifiers: { namespace: string }[] };
      expect(meta.channel).toBe('app');
      expect(meta.identifiers.map(({ namespace }) => namespace)).toEqual(['userId', 'email']);
    },
  ],
  [
    /^clock-skew/,
    async ({ given, expected }) => {
      const { receivedAt, ...times } = given as { readonly receivedAt: string };
      const [name, before] = [unique(), now];
      now = parseInstant(receivedAt) ?? now;
      const own = await app.source(name);
      await app.send({ url: '/v1/track', key: own, body: track({ messageId: unique(), ...times }) });
      // The same where another server received it before, and says so.
      now = Date.UTC(2026, 5, 1);
      await app.send({ url: '/v1/track', key: own, body: track({ messageId: unique(), ...(given as Json) }) });
      now = before;
      const { timestamp } = expected as { readonly timestamp: string };
      const events = await app.events(name);
      expect(events.map(({ occurredAt }) => new Date(occurredAt).toISOString())).toEqual([timestamp, timestamp]);
    },
  ],
  [
    /^missing-timestamp/,
    async () => {
      const name = unique();
      await app.send({ url: '/v1/track', key: await app.source(name), body: track() });
      expect((await app.events(name)).map(({ occurredAt }) => occurredAt)).toEqual([now]);
    },
  ],
];

function expectAnswer({ status, body }: Tracked, expected: unknown): void {
  const { status: wanted, message } = expected as { readonly status: number; readonly message?: string };
  expect(status).toBe(wanted);
  if (message !== undefined) expect(body.message).toBe(message);
  expect(Object.keys(body)).toEqual(expect.arrayContaining(['code', 'message']));
}

describeCases('the published rules of ingestion', ingest?.vectors, () => {
  // Segment's expectation counts where the two families of libraries differ.
  const cases = (ingest?.vectors ?? []).filter(({ id }) => !id.startsWith('rudder-validator-'));
  it.each(cases.map((vector) => [vector.id, vector] as const))('%s', async (id, vector) => {
    const run = RUNS.find(([pattern]) => pattern.test(id));
    if (run === undefined) throw new Error(`No run is written for the case ${id}.`);
    await run[1](vector);
  });
});

describeCases('requests that libraries were seen to send', ingest?.vectors, () => {
  const captures = Object.entries(ingest?.sdkCaptures.requests ?? {}).flatMap(([library, requests]) =>
    requests.map((request, at) => [`${library} ${at}`, request] as const),
  );
  it.each(captures)('%s', async (_, { url, headers, body }) => {
    now = Date.UTC(2026, 10, 21, 17, 42, 30);
    const name = unique();
    const own = await app.source(name);
    const text = JSON.stringify({ ...body, ...('writeKey' in body ? { writeKey: own } : {}) });
    const payload = headers['content-encoding'] === 'gzip' ? gzipSync(text) : text;
    const { host: _host, 'content-length': _length, authorization: _key, ...sent } = headers;
    const request = { url, key: own, body: payload, headers: sent };
    expect(await app.send(request)).toMatchObject({
      status: 200,
      body: { success: true, accepted: body.batch.length },
    });
    expect(await app.send(request)).toMatchObject({ status: 200, body: { duplicate: body.batch.length } });
    const events = await app.events(name);
    expect(events.map(({ id }) => id)).toEqual(body.batch.map(({ messageId }) => messageId));
    for (const [at, call] of body.batch.entries())
      expect(events[at]?.occurredAt).toBe(parseInstant(String(call['timestamp'] ?? call['originalTimestamp'])));
  });
});

describeCases('published examples', published?.examples, () => {
  const examples = (published?.examples ?? []).map(
    (example, at) => [`${at} ${example.heading ?? ''}`, example] as const,
  );
  it.each(examples)('%s', async (_, { endpoint, body }) => {
    now = Date.UTC(2026, 0, 1, 12);
    const { writeKey: _key, ...call } = body;
    const isBatch = endpoint === '/v1/batch';
    const own = await app.source(unique());
    const answer = await app.send({
      ...{ url: endpoint ?? '/v1/batch', key: own },
      body: endpoint === null ? { batch: [call] } : call,
    });
    expect(answer.status).toBe(200);
    const calls = isBatch ? (body['batch'] as readonly Json[]) : [call];
    const named = calls.filter(
      ({ userId, anonymousId, user_id: snake }) => (userId ?? anonymousId ?? snake) !== undefined,
    );
    expect(answer.body).toMatchObject({ received: calls.length, accepted: named.length });
    for (const { error } of answer.body.rejected ?? []) expect(error).toBe('no_user_anon_id');
  });
});

/** What each event of the specification becomes. */
const COMMERCE: Readonly<Record<string, string>> = {
  'Products Searched': 'product-searched',
  'Promotion Viewed': 'ad-viewed',
  'Promotion Clicked': 'ad-clicked',
  'Product Viewed': 'product-viewed',
  'Product Added': 'cart-updated',
  'Product Removed': 'cart-updated',
  'Cart Viewed': 'cart-updated',
  'Checkout Started': 'checkout-started',
  'Order Updated': 'order-amended',
  'Order Completed': 'order-placed',
  'Order Refunded': 'order-returned',
  'Order Cancelled': 'order-cancelled',
  'Product Added to Wishlist': 'wish-listed',
  'Wishlist Product Added to Cart': 'cart-updated',
  'Product Shared': 'shared',
  'Cart Shared': 'shared',
  'Product Reviewed': 'review-posted',
};

describeCases('published events of e-commerce', published?.ecommerceTrackCalls.calls, () => {
  const calls = (published?.ecommerceTrackCalls.calls ?? []).map((call) => [call.event, call] as const);
  it.each(calls)('%s', async (event, { properties }) => {
    const name = unique();
    const own = await app.source(name, { currency: 'USD' });
    const answer = await app.send({ url: '/v1/track', key: own, body: { userId: 'u1', event, properties } });
    expect(answer).toMatchObject({ status: 200, body: { success: true, accepted: 1 } });
    expect((await app.events(name)).map(({ type }) => type)).toEqual([COMMERCE[event] ?? 'site-visited']);
  });
});
