import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { DAY } from '#contracts';
import type { Database, Transaction } from '#database';
import { ApiKeys, KeyExpiryWatch } from '#keys';
import { FEEDS } from '../registry.js';
import { EVERY_STORE } from '../testdata/stores.js';
import type { EndpointRecord } from './endpoints.js';
import { KEY_EXPIRES_SCHEMA, keyNotices, NOTICES } from './notices.js';
import { makeAuthority } from './testdata/certificates.js';
import { Receiver, type Received } from './testdata/receiver.js';
import { drainAll, QUICK, World } from './testdata/world.js';

const FEED_NAMES = FEEDS.map(({ name }) => name);
const STAGE_CHANGES = ['perennial.stage-changes'];

/** Whether a receiver that knows the secret accepts the signature. */
function isAuthentic({ id, headers, body }: Received, secret: string): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const text = `${id}.${String(headers['webhook-timestamp'])}.${body}`;
  const expected = `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
  return String(headers['webhook-signature']).split(' ').includes(expected);
}

const idsOf = (requests: readonly Received[]) => requests.map(({ id }) => id);
const hashed = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);
const millis = (column: string) => `(extract(epoch FROM ${column}) * 1000)::bigint`;
const idsOfAll = (rows: readonly { readonly message_id: string }[]) => rows.map(({ message_id }) => message_id).sort();
const once = (ids: readonly string[]) => [...new Set(ids)];

for (const { name, missing, open, stop } of EVERY_STORE) {
  const title = `webhooks from ${name}${missing === null ? '' : ` (skipped: ${missing})`}`;
  (missing === null ? describe : describe.skip)(title, () => {
    let database: Database;
    let world: World;
    const receivers: Receiver[] = [];
    const receiver = async () => {
      const one = await Receiver.open();
      receivers.push(one);
      return one;
    };
    const registered = async (url: string, feeds: readonly string[] = FEED_NAMES) => {
      const made = await world.endpoints.register(url, feeds);
      if (made === null) throw new Error('The number of webhooks has reached its limit.');
      return { id: made.endpoint.id, secret: made.secret };
    };
    const endpoint = async (id: string): Promise<EndpointRecord> => {
      const found = await world.endpoints.find(id);
      if (found === null) throw new Error('There is no such endpoint.');
      return found;
    };
    /** The stage changes published since the beginning, each customer's in order. */
    const published = async () => {
      const rows = await database.query<{ position: number; facts: unknown[] }>(
        `SELECT p.position, jsonb_build_array(p.customer_id, cycle, stage, phase, ${millis('entered_at')}, ${millis('at')}, kind, publication) AS facts
           FROM perennial.outbox o JOIN perennial.published p USING (customer_id, publication)
          ORDER BY o.created_at, customer_id, publication`,
      );
      return rows.map(({ position, facts }) => ({ position, message_id: hashed(JSON.stringify(facts)) }));
    };

    beforeAll(async () => {
      database = await open();
      world = await World.open(database);
      await world.dispatcher().poll();
    });
    afterEach(async () => {
      for (const { id } of await world.endpoints.list()) await world.endpoints.remove(id);
      for (const one of receivers.splice(0)) await one.close();
    });
    afterAll(async () => {
      await world?.close();
      await database?.close();
      await stop();
    });

    it('enqueue nothing where no endpoint is registered', async () => {
      await world.lives('before-any-endpoint');
      const [found] = await database.query('SELECT count(*)::int AS pending FROM perennial_webhooks.pending');
      expect(found).toEqual({ pending: 0 });
    });

    it('warn of a key that expires: signed, once for each of 30, 7 and 1 days, also over restarts', async () => {
      const [operator, channel] = [await receiver(), await receiver()];
      const { secret } = await registered(operator.url, [NOTICES]);
      await registered(channel.url);
      const { record } = (await ApiKeys.open(world.keys.apiKeys, world.clock)).create('web shop', ['read'], {
        ...{ role: 'channel', expiresAt: world.clock.now() + 31 * DAY },
      });
      const run = async (afterDays: number) => {
        world.time.at += afterDays * DAY;
        const keys = await ApiKeys.open(world.keys.apiKeys, world.clock);
        const watch = new KeyExpiryWatch(keys, world.clock, { warn: () => undefined });
        const notices = () => keyNotices(watch.expiring());
        for (const dispatcher of [world.dispatcher({ notices }), world.dispatcher({ notices })])
          await drainAll(dispatcher, database);
        return operator.received.map(({ id }) => id);
      };
      const id = (days: number) => `key-expires-${record.id}-${days}`;
      expect(await run(0)).toEqual([]);
      expect(await run(2)).toEqual([id(30)]);
      expect(await run(1)).toEqual([id(30)]);
      expect(await run(22)).toEqual([id(30), id(7)]);
      expect(await run(5)).toEqual([id(30), id(7), id(1)]);
      expect(await run(2)).toEqual([id(30), id(7), id(1)]);
      const [first] = operator.received;
      expect(isAuthentic(first!, secret)).toBe(true);
      expect(first!.headers).toMatchObject({ 'ce-type': 'perennial.key-expires', 'ce-subject': `key:${record.id}` });
      const data = JSON.parse(first!.body) as object;
      expect(data).toMatchObject({ keyId: record.id, name: 'web shop', role: 'channel', withinDays: 30 });
      expect([new Ajv({ strict: false, validateFormats: false }).validate(KEY_EXPIRES_SCHEMA, data)]).toEqual([true]);
      // An endpoint that names no feed may be a channel's.
      expect(channel.received.filter(({ headers }) => headers['ce-type'] === 'perennial.key-expires')).toEqual([]);
    });

    it('deliver what is published, signed, as CloudEvents, in order, without Kafka', async () => {
      const channel = await receiver();
      const { id, secret } = await registered(channel.url, STAGE_CHANGES);
      const before = (await published()).length;
      await world.lives('ann', 'ben');
      await drainAll(world.dispatcher(), database);
      expect(idsOf(channel.received)).toEqual((await published()).slice(before).map(({ message_id }) => message_id));
      expect(channel.received.length).toBeGreaterThanOrEqual(4);
      for (const request of channel.received) {
        const { headers, body } = request;
        expect(headers).toMatchObject({
          'ce-specversion': '1.0',
          'ce-id': request.id,
          'ce-source': 'perennial',
          'ce-type': 'perennial.stage-changed',
          'content-type': 'application/json',
        });
        expect(headers['webhook-timestamp']).toBe(String(Math.floor(world.clock.now() / 1_000)));
        expect((JSON.parse(body) as { customerId: string }).customerId).toBe(headers['ce-subject']);
        expect(isAuthentic(request, secret)).toBe(true);
      }
      expect(await endpoint(id)).toMatchObject({
        ...{ status: 'active', delivered: channel.received.length, pending: 0, oldestPendingAt: null, failures: 0 },
        ...{ lastStatus: 204, lastReason: null, nextAttemptAt: null, deadLetters: 0 },
      });
      // The relay did not run: for Kafka, all of it is still pending.
      expect(idsOfAll(await published())).toEqual(expect.arrayContaining(idsOf(channel.received)));
    });

    it('send nothing while the clock is not to be trusted, and everything after it', async () => {
      const channel = await receiver();
      await registered(channel.url, STAGE_CHANGES);
      let paused = true;
      const dispatcher = world.dispatcher({ paused: () => paused });
      await world.lives('paul');
      for (let polls = 0; polls < 3; polls += 1) {
        await dispatcher.poll();
        await dispatcher.settled();
      }
      expect(channel.received).toEqual([]);
      paused = false;
      await drainAll(dispatcher, database);
      expect(channel.received.length).toBeGreaterThanOrEqual(2);
    });

    it('are not held up at one endpoint by another that fails; and that one gets all of them once it works again', async () => {
      const [healthy, failing] = [await receiver(), await receiver()];
      await registered(healthy.url, STAGE_CHANGES);
      const { id } = await registered(failing.url, STAGE_CHANGES);
      failing.answer = () => 503;
      const dispatcher = world.dispatcher();
      await world.lives('cleo', 'dora');
      await drainAll(dispatcher, database);
      expect(healthy.accepted.length).toBeGreaterThanOrEqual(4);
      expect(failing.received).toHaveLength(1);
      expect(await endpoint(id)).toMatchObject({
        ...{ pending: healthy.accepted.length, failures: 1, lastStatus: 503, lastReason: 'answered 503' },
        nextAttemptAt: world.clock.now() + QUICK.firstWaitMs,
      });
      // Not before it is due, though another process starts.
      await drainAll(world.dispatcher(), database);
      expect(failing.received).toHaveLength(1);
      world.time.at += QUICK.firstWaitMs;
      await drainAll(world.dispatcher(), database);
      expect(await endpoint(id)).toMatchObject({
        failures: 2,
        nextAttemptAt: world.clock.now() + 2 * QUICK.firstWaitMs,
      });
      failing.answer = () => 200;
      world.time.at += 2 * QUICK.firstWaitMs;
      await drainAll(dispatcher, database);
      expect(idsOf(failing.accepted)).toEqual(idsOf(healthy.accepted));
      expect(once(idsOf(failing.received))).toEqual(idsOf(healthy.accepted));
      expect(await endpoint(id)).toMatchObject({ failures: 0, pending: 0, lastReason: null });
    });

    it.each([
      ['breaks the connection', 'broken' as const, 'ECONNRESET'],
      ['says nothing', 'silent' as const, 'gave no answer within 1000 ms'],
      ['redirects', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'answered 302'],
    ])('wait for an endpoint that %s', async (_, reply, reason) => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      channel.answer = () => reply;
      await world.lives(`erin-${reason}`);
      await drainAll(world.dispatcher(), database);
      expect(channel.received).toHaveLength(1);
      expect(await endpoint(id)).toMatchObject({ status: 'active', failures: 1, lastReason: reason });
    });

    it('wait for an endpoint whose certificate no trusted authority signed, and show the reason', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'perennial-webhooks-'));
      const server = createServer(makeAuthority(folder)?.certificateFor('localhost') ?? {});
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      const { port } = server.address() as AddressInfo;
      const { id } = await registered(`https://localhost:${port}/`, STAGE_CHANGES);
      await world.lives('uma');
      await drainAll(world.dispatcher(), database);
      // Without openssl the server has no certificate.
      const lastReason = expect.stringMatching(/^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|ERR_SSL_.+)$/);
      expect(await endpoint(id)).toMatchObject({ status: 'active', failures: 1, lastReason });
      const [pending] = (await world.endpoints.deliveries(id, { dead: false, after: 0, limit: 1 })) ?? [];
      expect(pending).toMatchObject({ attempts: 1, lastStatus: null, lastReason });
      server.close();
      rmSync(folder, { recursive: true });
    });

    it('wait for as long as an endpoint asks', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      channel.answer = () => ({ status: 429, headers: { 'retry-after': '90' } });
      await world.lives('fay');
      await drainAll(world.dispatcher(), database);
      expect(await endpoint(id)).toMatchObject({ nextAttemptAt: world.clock.now() + 90_000 });
    });

    it('give up a rejected message after a few attempts, go on, and send it again on request', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      await world.lives('gil', 'hana');
      let poison: string | null = null;
      channel.answer = (request) => (request.id === (poison ??= request.id) ? 422 : 202);
      const dispatcher = world.dispatcher();
      for (let attempts = 0; attempts < QUICK.rejected; attempts += 1) {
        await drainAll(dispatcher, database);
        world.time.at += QUICK.longestWaitMs;
      }
      expect(idsOf(channel.received).filter((each) => each === poison)).toHaveLength(QUICK.rejected);
      expect(idsOf(channel.accepted)).not.toContain(poison);
      expect(channel.accepted.length).toBeGreaterThanOrEqual(3);
      expect(await endpoint(id)).toMatchObject({ status: 'active', failures: 0, pending: 0, deadLetters: 1 });
      const listed = await world.endpoints.deliveries(id, { dead: true, after: 0, limit: 10 });
      expect(listed).toEqual([
        expect.objectContaining({ id: poison, attempts: QUICK.rejected, lastStatus: 422, lastReason: 'answered 422' }),
      ]);
      // Sent again, it goes before newer messages, with its original id.
      channel.answer = () => 200;
      await world.endpoints.setStatus(id, 'paused');
      await world.lives('ida');
      await drainAll(dispatcher, database);
      const before = channel.accepted.length;
      expect(await world.endpoints.replayDeadLetters(id, ['unknown'])).toBe(0);
      expect(await world.endpoints.replayDeadLetters(id, poison === null ? [] : [poison])).toBe(1);
      await world.endpoints.setStatus(id, 'active');
      await drainAll(dispatcher, database);
      expect(channel.accepted[before]?.id).toBe(poison);
      expect(channel.accepted.length).toBeGreaterThan(before + 1);
      expect(await endpoint(id)).toMatchObject({ pending: 0, deadLetters: 0 });
    });

    it('give up a message to a failing endpoint only after many attempts', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      channel.answer = () => 500;
      await world.lives('jo');
      const dispatcher = world.dispatcher();
      for (let attempts = 0; attempts < QUICK.failing; attempts += 1) {
        expect(await endpoint(id)).toMatchObject({ deadLetters: 0 });
        await drainAll(dispatcher, database);
        world.time.at += QUICK.longestWaitMs;
      }
      expect(once(idsOf(channel.received))).toHaveLength(1);
      expect(await endpoint(id)).toMatchObject({ status: 'active', deadLetters: 1, failures: QUICK.failing });
    });

    it('give up an endpoint that accepted nothing for days, keep its messages, and send them once an operator activates it', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      channel.answer = () => 500;
      await world.lives('kim');
      const dispatcher = world.dispatcher();
      await drainAll(dispatcher, database);
      world.time.at += QUICK.givenUpAfterMs;
      await drainAll(dispatcher, database);
      const missed = await endpoint(id);
      expect(missed).toMatchObject({ status: 'failed', pending: 0 });
      expect(missed.deadLetters).toBeGreaterThanOrEqual(2);
      const received = channel.received.length;
      await world.lives('lou');
      world.time.at += QUICK.givenUpAfterMs;
      await drainAll(dispatcher, database);
      expect(channel.received).toHaveLength(received);
      channel.answer = () => 200;
      await world.endpoints.setStatus(id, 'active');
      await world.endpoints.replayDeadLetters(id, null);
      await drainAll(dispatcher, database);
      expect(channel.accepted).toHaveLength(missed.deadLetters);
      expect(await endpoint(id)).toMatchObject({ status: 'active', deadLetters: 0, failures: 0 });
    });

    it('stop at once for an endpoint that is gone', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      channel.answer = () => 410;
      await world.lives('mia');
      await drainAll(world.dispatcher(), database);
      await world.lives('ned');
      world.time.at += 3_600_000;
      await drainAll(world.dispatcher(), database);
      expect(channel.received).toHaveLength(1);
      expect(await endpoint(id)).toMatchObject({ status: 'gone', lastStatus: 410, pending: 0 });
    });

    it('are signed by the former secret too for a day after a change', async () => {
      const channel = await receiver();
      const { id, secret } = await registered(channel.url, STAGE_CHANGES);
      const rotated = await world.endpoints.rotate(id);
      await world.lives('ole');
      const dispatcher = world.dispatcher();
      await drainAll(dispatcher, database);
      for (const request of channel.received) {
        expect(isAuthentic(request, secret)).toBe(true);
        expect(isAuthentic(request, rotated?.secret ?? '')).toBe(true);
      }
      world.time.at += 86_400_000;
      const before = channel.received.length;
      await world.lives('pat');
      await drainAll(dispatcher, database);
      expect(channel.received.length).toBeGreaterThan(before);
      for (const request of channel.received.slice(before)) {
        expect(isAuthentic(request, secret)).toBe(false);
        expect(isAuthentic(request, rotated?.secret ?? '')).toBe(true);
      }
    });

    it('keep the secret out of the table and of the list of endpoints', async () => {
      const channel = await receiver();
      const { id, secret } = await registered(channel.url);
      const table = JSON.stringify(await database.query('SELECT * FROM perennial_webhooks.endpoints'));
      expect(table).toContain(id);
      expect(table).not.toContain(secret.slice('whsec_'.length));
      expect(JSON.stringify(await world.endpoints.list())).not.toContain(secret);
    });

    it('come again with the same id when the dispatcher died before it stored the result', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      await world.lives('quin');
      const dispatcher = world.dispatcher();
      await dispatcher.poll();
      await dispatcher.settled();
      const first = idsOf(channel.accepted);
      channel.accepted.length = 0;
      await world.lives('rae');
      // It sends, and dies: the result is lost, and it still has the lease of the endpoint.
      let died = false;
      const dying = world.dispatcher({ database: dyingAfterSending(database, () => (died = true)) });
      await dying.poll();
      await dying.settled();
      expect(died).toBe(true);
      const once = idsOf(channel.accepted);
      expect(once.length).toBeGreaterThan(0);
      expect(await endpoint(id)).toMatchObject({ pending: once.length });
      // Another dispatcher sends nothing until the lease expires.
      await dispatcher.poll();
      await dispatcher.settled();
      expect(idsOf(channel.accepted)).toEqual(once);
      await database.query(`UPDATE perennial_webhooks.endpoints SET lease_expires_at = now() - interval '1 second'`);
      await drainAll(dispatcher, database);
      expect(idsOf(channel.accepted)).toEqual([...once, ...once]);
      expect(first).not.toContain(once[0]);
      expect(await endpoint(id)).toMatchObject({ pending: 0 });
    });

    it('are delivered once and in order by several dispatchers', async () => {
      const channels = [await receiver(), await receiver()];
      for (const { url } of channels) await registered(url, STAGE_CHANGES);
      const before = (await published()).length;
      const dispatchers = Array.from({ length: name === 'PGlite' ? 1 : 3 }, () => world.dispatcher());
      for (const dispatcher of dispatchers) dispatcher.start();
      await world.lives(...Array.from({ length: 15 }, (_, n) => `several-${n}`));
      const expected = (await published()).slice(before).map(({ message_id }) => message_id);
      for (const channel of channels) {
        for (let attempts = 0; attempts < 1_000 && channel.accepted.length < expected.length; attempts += 1)
          await sleep(20);
        expect(idsOf(channel.accepted)).toEqual(expected);
      }
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.stop()));
    });

    it('deliver a profile when it changed, and its deletion without a body', async () => {
      const channel = await receiver();
      const { secret } = await registered(channel.url, ['perennial.customers', 'perennial.identity']);
      await world.lives('tom');
      await world.happens('site-visited', { anonymousId: 'browser-of-tom' });
      await drainAll(world.dispatcher(), database);
      const customers = new Set(channel.accepted.map(({ headers }) => headers['ce-subject']));
      expect(customers.size).toBe(2);
      const before = channel.accepted.length;
      await world.happens('site-visited', { userId: 'tom', anonymousId: 'browser-of-tom' });
      await drainAll(world.dispatcher(), database);
      const after = channel.accepted.slice(before);
      const [merged] = after.filter(({ headers }) => headers['ce-type'] === 'perennial.identity-changed');
      expect(JSON.parse(merged?.body ?? '')).toMatchObject({ kind: 'merged' });
      const profiles = after.filter(({ headers }) => headers['ce-type'] === 'perennial.customer-profile');
      const [gone] = profiles.filter(({ body }) => body === '');
      expect(gone?.headers).toMatchObject({ 'ce-subject': merged?.headers['ce-subject'], 'content-length': '0' });
      expect(gone?.headers['content-type']).toBeUndefined();
      expect(gone !== undefined && isAuthentic(gone, secret)).toBe(true);
      expect(profiles.filter(({ body }) => body !== '')).toHaveLength(1);
    });

    it('deliver nothing because of a rebuild, except profiles that were never delivered', async () => {
      const channel = await receiver();
      await registered(channel.url);
      await world.projector.rebuild();
      await drainAll(world.dispatcher(), database);
      expect(new Set(channel.accepted.map(({ headers }) => headers['ce-type']))).toEqual(
        new Set(['perennial.customer-profile']),
      );
      const delivered = channel.accepted.length;
      await world.projector.rebuild();
      await drainAll(world.dispatcher(), database);
      expect(channel.accepted).toHaveLength(delivered);
    });

    it('are replayed to one endpoint from a position on, and to no other; live messages go on in between', async () => {
      const [replaying, other] = [await receiver(), await receiver()];
      const { id, secret } = await registered(replaying.url);
      await registered(other.url);
      await world.lives('before-1', 'before-2');
      const dispatcher = world.dispatcher();
      await drainAll(dispatcher, database);
      const first = [...replaying.accepted];
      const toOther = other.accepted.length;
      // From the position of a delivered message: that one and all later ones, each with its original id.
      const ids = new Set(idsOf(first));
      const position = Math.max(
        ...(await published()).filter(({ message_id }) => ids.has(message_id)).map((row) => row.position),
      );
      for (const [from, least] of [
        [0, first.length],
        [position, 1],
      ] as const) {
        replaying.accepted.length = 0;
        expect(await dispatcher.replay(id, from)).toBe('begun');
        expect((await endpoint(id)).replay).toMatchObject({ fromPosition: from, enqueued: 0 });
        await drainAll(dispatcher, database);
        const again = replaying.accepted.filter(({ headers }) => headers['perennial-replay'] !== undefined);
        expect(again.length).toBeGreaterThanOrEqual(least);
        if (from === 0) expect(idsOf(again)).toEqual(expect.arrayContaining(idsOf(first)));
        else expect(again.length).toBeLessThan(first.length);
        expect(new Set(idsOf(again)).size).toBe(again.length);
        for (const each of again) expect(isAuthentic(each, secret)).toBe(true);
        expect((await endpoint(id)).replay).toBeNull();
      }
      expect(other.accepted).toHaveLength(toOther);
      // Each customer's in order, and with the same bytes.
      replaying.accepted.length = 0;
      await dispatcher.replay(id, 0);
      await dispatcher.poll();
      await world.lives('in the meantime');
      await drainAll(dispatcher, database);
      const replayed = replaying.accepted.filter(({ headers }) => headers['perennial-replay'] !== undefined);
      const live = replaying.accepted.filter(({ headers }) => headers['perennial-replay'] === undefined);
      expect(idsOf(live)).toEqual(idsOf(other.accepted).slice(toOther));
      for (const each of first) expect(replayed.find((one) => one.id === each.id)?.body).toBe(each.body);
      const changes = (of: readonly Received[]) =>
        of
          .filter(({ headers }) => headers['ce-type'] === 'perennial.stage-changed')
          .map(({ body }) => JSON.parse(body) as { customerId: string; publication: number });
      const last = new Map<string, number>();
      for (const { customerId, publication } of changes(replayed)) {
        expect(publication).toBeGreaterThan(last.get(customerId) ?? 0);
        last.set(customerId, publication);
      }
      expect(await dispatcher.replay('0'.repeat(32), 0)).toBe('unknown');
      expect(await dispatcher.replay(id, null)).toBe('nothing-missed');
    });

    it('go on with a replay after the dispatcher died, and have no more than two batches pending', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      const all = idsOfAll(await published());
      channel.answer = () => 503;
      await world.dispatcher().replay(id, 0);
      for (let round = 0; round < 5; round += 1) await world.dispatcher().poll();
      expect((await endpoint(id)).pending).toBeLessThanOrEqual(1_000);
      channel.answer = () => 204;
      world.time.at += 3_600_000;
      await drainAll(world.dispatcher(), database);
      expect(once(idsOf(channel.accepted)).sort()).toEqual(all);
    });

    it.each([
      ['too many', { messagesMax: 3, ageMsMax: 365 * 86_400_000 }],
      ['too old', { messagesMax: 1_000_000, ageMsMax: 86_400_000 }],
    ])(
      'stay pending for a paused endpoint until they are %s; the next ones are missed, and a replay sends them',
      async (why, limits) => {
        const [paused, healthy] = [await receiver(), await receiver()];
        const { id } = await registered(paused.url);
        await registered(healthy.url);
        await world.endpoints.setStatus(id, 'paused');
        const dispatcher = world.dispatcher({ limits });
        await world.lives('kept');
        await drainAll(dispatcher, database);
        const kept = await endpoint(id);
        expect(kept).toMatchObject({ status: 'paused', missed: 0, missedFrom: null });
        world.time.at += 2 * 86_400_000;
        for (const who of ['missed-1', 'missed-2', 'missed-3']) {
          await world.lives(who);
          await drainAll(dispatcher, database);
        }
        await world.happens('site-visited', { anonymousId: `of ${why}` });
        await drainAll(dispatcher, database);
        await world.happens('site-visited', { userId: 'missed-1', anonymousId: `of ${why}` });
        await drainAll(dispatcher, database);
        const suspended = await endpoint(id);
        expect(suspended.status).toBe('suspended');
        expect(suspended.pending).toBe(kept.pending);
        expect(suspended.missed).toBe(healthy.accepted.length - kept.pending);
        expect(suspended.missedFrom).toBeGreaterThan(0);
        expect(suspended.missedSince).not.toBeNull();
        expect(paused.received).toEqual([]);
        expect(await dispatcher.replay(id, null)).toBe('begun');
        expect(await endpoint(id)).toMatchObject({ status: 'active', missed: 0, missedFrom: null, missedSince: null });
        await drainAll(dispatcher, database);
        // A replay sends the current profile of each customer.
        const newest = (of: readonly Received[]) =>
          new Map(
            of
              .filter(({ headers }) => headers['ce-type'] === 'perennial.customer-profile')
              .map(({ headers, body }) => [headers['ce-subject'], body]),
          );
        const others = (of: readonly Received[]) =>
          idsOf(of.filter(({ headers }) => headers['ce-type'] !== 'perennial.customer-profile'));
        expect(others(paused.accepted)).toEqual(expect.arrayContaining(others(healthy.accepted)));
        const believed = newest(paused.accepted);
        for (const [customer, body] of newest(healthy.accepted))
          expect([customer, believed.get(customer)]).toEqual([customer, body]);
      },
    );

    it('delete an endpoint with its deliveries', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url);
      await world.endpoints.setStatus(id, 'paused');
      await world.lives('sue');
      const dispatcher = world.dispatcher();
      await drainAll(dispatcher, database);
      expect((await endpoint(id)).pending).toBeGreaterThan(0);
      await world.endpoints.remove(id);
      await drainAll(dispatcher, database);
      expect(await database.query('SELECT * FROM perennial_webhooks.deliveries')).toEqual([]);
      expect(await world.endpoints.find(id)).toBeNull();
      expect(channel.received).toEqual([]);
    });
  });
}

/** The database of a process that dies when it stores the result of a delivery. */
function dyingAfterSending(database: Database, onDeath: () => void): Database {
  const dying = (tx: Transaction): Transaction => ({
    ...tx,
    query: (sql: string, params?: readonly unknown[]) => {
      if (sql.startsWith('DELETE FROM perennial_webhooks.deliveries')) {
        onDeath();
        return Promise.reject(new Error('killed'));
      }
      return tx.query(sql, params);
    },
    exec: (sql) => tx.exec(sql),
    batch: (steps) => tx.batch(steps),
    copyIn: (table, columns, rows) => tx.copyIn(table, columns, rows),
  });
  return {
    kind: database.kind,
    query: (sql, params) =>
      // A second process on the same database does not release the leases of the first one.
      sql.startsWith('UPDATE perennial_webhooks.endpoints SET lease_owner = NULL')
        ? Promise.resolve([])
        : database.query(sql, params),
    exec: (sql) => database.exec(sql),
    batch: (steps) => database.batch(steps),
    copyIn: (table, columns, rows) => database.copyIn(table, columns, rows),
    transaction: (work, options) => database.transaction((tx) => work(dying(tx)), options),
    close: () => database.close(),
  };
}
