import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Database, Transaction } from '#database';
import { OUTPUTS } from '../outputs.js';
import { EVERY_STORE } from '../testdata/stores.js';
import type { EndpointRecord } from './endpoints.js';
import { makeAuthority } from './testdata/certificates.js';
import { Receiver, type Received } from './testdata/receiver.js';
import { carryAll, QUICK, World } from './testdata/world.js';

const FEEDS = OUTPUTS.map(({ name }) => name);
const STAGE_CHANGES = ['perennial.stage-changes'];

/** Whether a receiver that knows the secret would believe it. */
function believable({ id, headers, body }: Received, secret: string): boolean {
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
    const registered = async (url: string, feeds: readonly string[] = FEEDS) => {
      const made = await world.endpoints.register(url, feeds);
      if (made === null) throw new Error('There were too many.');
      return { id: made.endpoint.id, secret: made.secret };
    };
    const seen = async (id: string): Promise<EndpointRecord> => {
      const found = await world.endpoints.find(id);
      if (found === null) throw new Error('It is gone.');
      return found;
    };
    /** What was said since the beginning, a customer's in their order. */
    const said = async () => {
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
      await world.dispatcher().turn();
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

    it('note nothing where nobody registered', async () => {
      await world.lives('nobody-listens');
      const [noted] = await database.query('SELECT count(*)::int AS noted FROM perennial_webhooks.waiting');
      expect(noted).toEqual({ noted: 0 });
    });

    it('bring what is said, signed, as CloudEvents, in its order, whether or not Kafka is there', async () => {
      const channel = await receiver();
      const { id, secret } = await registered(channel.url, STAGE_CHANGES);
      const before = (await said()).length;
      await world.lives('ann', 'ben');
      await carryAll(world.dispatcher(), database);
      expect(idsOf(channel.received)).toEqual((await said()).slice(before).map(({ message_id }) => message_id));
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
        expect(believable(request, secret)).toBe(true);
      }
      expect(await seen(id)).toMatchObject({
        ...{ status: 'active', taken: channel.received.length, waiting: 0, oldestWaitingAt: null, failures: 0 },
        ...{ lastStatus: 204, lastReason: null, nextTryAt: null, deadLetters: 0 },
      });
      // Nobody carried anything to Kafka, and nothing was counted as carried.
      expect(idsOfAll(await said())).toEqual(expect.arrayContaining(idsOf(channel.received)));
    });

    it('are not held up at one endpoint by another that is away; and that one gets all of it once it is back', async () => {
      const [well, ill] = [await receiver(), await receiver()];
      await registered(well.url, STAGE_CHANGES);
      const { id } = await registered(ill.url, STAGE_CHANGES);
      ill.answer = () => 503;
      const dispatcher = world.dispatcher();
      await world.lives('cleo', 'dora');
      await carryAll(dispatcher, database);
      expect(well.taken.length).toBeGreaterThanOrEqual(4);
      expect(ill.received).toHaveLength(1);
      expect(await seen(id)).toMatchObject({
        ...{ waiting: well.taken.length, failures: 1, lastStatus: 503, lastReason: 'answered 503' },
        nextTryAt: world.clock.now() + QUICK.firstWaitMs,
      });
      // Not before its time, though another process begins.
      await carryAll(world.dispatcher(), database);
      expect(ill.received).toHaveLength(1);
      world.time.at += QUICK.firstWaitMs;
      await carryAll(world.dispatcher(), database);
      expect(await seen(id)).toMatchObject({ failures: 2, nextTryAt: world.clock.now() + 2 * QUICK.firstWaitMs });
      ill.answer = () => 200;
      world.time.at += 2 * QUICK.firstWaitMs;
      await carryAll(dispatcher, database);
      expect(idsOf(ill.taken)).toEqual(idsOf(well.taken));
      expect(once(idsOf(ill.received))).toEqual(idsOf(well.taken));
      expect(await seen(id)).toMatchObject({ failures: 0, waiting: 0, lastReason: null });
    });

    it.each([
      ['breaks the connection', 'broken' as const, 'ECONNRESET'],
      ['says nothing', 'silent' as const, 'gave no answer within 1000 ms'],
      ['sends it elsewhere', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'answered 302'],
    ])('wait for an endpoint that %s', async (_, reply, reason) => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      channel.answer = () => reply;
      await world.lives(`erin-${reason}`);
      await carryAll(world.dispatcher(), database);
      expect(channel.received).toHaveLength(1);
      expect(await seen(id)).toMatchObject({ status: 'active', failures: 1, lastReason: reason });
    });

    it('wait for an endpoint that nobody vouches for, and tell an operator why', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'perennial-webhooks-'));
      const server = createServer(makeAuthority(folder)?.vouchFor('localhost') ?? {});
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      const { port } = server.address() as AddressInfo;
      const { id } = await registered(`https://localhost:${port}/`, STAGE_CHANGES);
      await world.lives('uma');
      await carryAll(world.dispatcher(), database);
      // Where there is no openssl it has no certificate to show.
      const lastReason = expect.stringMatching(/^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|ERR_SSL_.+)$/);
      expect(await seen(id)).toMatchObject({ status: 'active', failures: 1, lastReason });
      const [waiting] = (await world.endpoints.deliveries(id, { dead: false, after: 0, limit: 1 })) ?? [];
      expect(waiting).toMatchObject({ attempts: 1, lastStatus: null, lastReason });
      server.close();
      rmSync(folder, { recursive: true });
    });

    it('wait for as long as an endpoint asks', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      channel.answer = () => ({ status: 429, headers: { 'retry-after': '90' } });
      await world.lives('fay');
      await carryAll(world.dispatcher(), database);
      expect(await seen(id)).toMatchObject({ nextTryAt: world.clock.now() + 90_000 });
    });

    it('give up a message that is not wanted after a few tries, go on, and bring it again when it is asked for', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      await world.lives('gil', 'hana');
      let poison: string | null = null;
      channel.answer = (request) => (request.id === (poison ??= request.id) ? 422 : 202);
      const dispatcher = world.dispatcher();
      for (let attempts = 0; attempts < QUICK.rejected; attempts += 1) {
        await carryAll(dispatcher, database);
        world.time.at += QUICK.longestWaitMs;
      }
      expect(idsOf(channel.received).filter((each) => each === poison)).toHaveLength(QUICK.rejected);
      expect(idsOf(channel.taken)).not.toContain(poison);
      expect(channel.taken.length).toBeGreaterThanOrEqual(3);
      expect(await seen(id)).toMatchObject({ status: 'active', failures: 0, waiting: 0, deadLetters: 1 });
      const listed = await world.endpoints.deliveries(id, { dead: true, after: 0, limit: 10 });
      expect(listed).toEqual([
        expect.objectContaining({ id: poison, attempts: QUICK.rejected, lastStatus: 422, lastReason: 'answered 422' }),
      ]);
      // Sent again, it goes before what is younger, under its old name.
      channel.answer = () => 200;
      await world.endpoints.turn(id, 'paused');
      await world.lives('ida');
      await carryAll(dispatcher, database);
      const before = channel.taken.length;
      expect(await world.endpoints.replayDeadLetters(id, ['unknown'])).toBe(0);
      expect(await world.endpoints.replayDeadLetters(id, poison === null ? [] : [poison])).toBe(1);
      await world.endpoints.turn(id, 'active');
      await carryAll(dispatcher, database);
      expect(channel.taken[before]?.id).toBe(poison);
      expect(channel.taken.length).toBeGreaterThan(before + 1);
      expect(await seen(id)).toMatchObject({ waiting: 0, deadLetters: 0 });
    });

    it('give up a message of an endpoint that stays away only after many tries', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      channel.answer = () => 500;
      await world.lives('jo');
      const dispatcher = world.dispatcher();
      for (let attempts = 0; attempts < QUICK.failing; attempts += 1) {
        expect(await seen(id)).toMatchObject({ deadLetters: 0 });
        await carryAll(dispatcher, database);
        world.time.at += QUICK.longestWaitMs;
      }
      expect(once(idsOf(channel.received))).toHaveLength(1);
      expect(await seen(id)).toMatchObject({ status: 'active', deadLetters: 1, failures: QUICK.failing });
    });

    it('give up an endpoint that took nothing for days, keep what it missed, and bring it once a person turns it on', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      channel.answer = () => 500;
      await world.lives('kim');
      const dispatcher = world.dispatcher();
      await carryAll(dispatcher, database);
      world.time.at += QUICK.givenUpAfterMs;
      await carryAll(dispatcher, database);
      const missed = await seen(id);
      expect(missed).toMatchObject({ status: 'failed', waiting: 0 });
      expect(missed.deadLetters).toBeGreaterThanOrEqual(2);
      const tried = channel.received.length;
      await world.lives('lou');
      world.time.at += QUICK.givenUpAfterMs;
      await carryAll(dispatcher, database);
      expect(channel.received).toHaveLength(tried);
      channel.answer = () => 200;
      await world.endpoints.turn(id, 'active');
      await world.endpoints.replayDeadLetters(id, null);
      await carryAll(dispatcher, database);
      expect(channel.taken).toHaveLength(missed.deadLetters);
      expect(await seen(id)).toMatchObject({ status: 'active', deadLetters: 0, failures: 0 });
    });

    it('stop at once at an endpoint that is gone', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      channel.answer = () => 410;
      await world.lives('mia');
      await carryAll(world.dispatcher(), database);
      await world.lives('ned');
      world.time.at += 3_600_000;
      await carryAll(world.dispatcher(), database);
      expect(channel.received).toHaveLength(1);
      expect(await seen(id)).toMatchObject({ status: 'gone', lastStatus: 410, waiting: 0 });
    });

    it('are signed by the old secret too for a day after it was changed', async () => {
      const channel = await receiver();
      const { id, secret } = await registered(channel.url, STAGE_CHANGES);
      const rotated = await world.endpoints.rotate(id);
      await world.lives('ole');
      const dispatcher = world.dispatcher();
      await carryAll(dispatcher, database);
      for (const request of channel.received) {
        expect(believable(request, secret)).toBe(true);
        expect(believable(request, rotated?.secret ?? '')).toBe(true);
      }
      world.time.at += 86_400_000;
      const before = channel.received.length;
      await world.lives('pat');
      await carryAll(dispatcher, database);
      expect(channel.received.length).toBeGreaterThan(before);
      for (const request of channel.received.slice(before)) {
        expect(believable(request, secret)).toBe(false);
        expect(believable(request, rotated?.secret ?? '')).toBe(true);
      }
    });

    it('keep the secret where neither the table nor a list of endpoints shows it', async () => {
      const channel = await receiver();
      const { id, secret } = await registered(channel.url);
      const table = JSON.stringify(await database.query('SELECT * FROM perennial_webhooks.endpoints'));
      expect(table).toContain(id);
      expect(table).not.toContain(secret.slice('whsec_'.length));
      expect(JSON.stringify(await world.endpoints.list())).not.toContain(secret);
    });

    it('come again under the same name when whoever carried them died before it was written down', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      await world.lives('quin');
      const dispatcher = world.dispatcher();
      await dispatcher.turn();
      await dispatcher.settled();
      const first = idsOf(channel.taken);
      channel.taken.length = 0;
      await world.lives('rae');
      // It sends, and dies: what it would have written is lost, and it still holds the endpoint.
      let died = false;
      const dying = world.dispatcher({ database: dyingAfterSending(database, () => (died = true)) });
      await dying.turn();
      await dying.settled();
      expect(died).toBe(true);
      const once = idsOf(channel.taken);
      expect(once.length).toBeGreaterThan(0);
      expect(await seen(id)).toMatchObject({ waiting: once.length });
      // Nobody else sends while it may be alive; then another does.
      await dispatcher.turn();
      await dispatcher.settled();
      expect(idsOf(channel.taken)).toEqual(once);
      await database.query(`UPDATE perennial_webhooks.endpoints SET held_until = now() - interval '1 second'`);
      await carryAll(dispatcher, database);
      expect(idsOf(channel.taken)).toEqual([...once, ...once]);
      expect(first).not.toContain(once[0]);
      expect(await seen(id)).toMatchObject({ waiting: 0 });
    });

    it('are brought once and in their order by several at a time', async () => {
      const channels = [await receiver(), await receiver()];
      for (const { url } of channels) await registered(url, STAGE_CHANGES);
      const before = (await said()).length;
      const dispatchers = Array.from({ length: name === 'PGlite' ? 1 : 3 }, () => world.dispatcher());
      for (const dispatcher of dispatchers) dispatcher.start();
      await world.lives(...Array.from({ length: 15 }, (_, n) => `several-${n}`));
      const expected = (await said()).slice(before).map(({ message_id }) => message_id);
      for (const channel of channels) {
        for (let attempts = 0; attempts < 1_000 && channel.taken.length < expected.length; attempts += 1)
          await sleep(20);
        expect(idsOf(channel.taken)).toEqual(expected);
      }
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.stop()));
    });

    it('tell a profile when it changed, and that it is gone without a body', async () => {
      const channel = await receiver();
      const { secret } = await registered(channel.url, ['perennial.customers', 'perennial.identity']);
      await world.lives('tom');
      await world.happens('site-visited', { anonymousId: 'browser-of-tom' });
      await carryAll(world.dispatcher(), database);
      const customers = new Set(channel.taken.map(({ headers }) => headers['ce-subject']));
      expect(customers.size).toBe(2);
      const before = channel.taken.length;
      await world.happens('site-visited', { userId: 'tom', anonymousId: 'browser-of-tom' });
      await carryAll(world.dispatcher(), database);
      const after = channel.taken.slice(before);
      const [merged] = after.filter(({ headers }) => headers['ce-type'] === 'perennial.identity-changed');
      expect(JSON.parse(merged?.body ?? '')).toMatchObject({ kind: 'merged' });
      const profiles = after.filter(({ headers }) => headers['ce-type'] === 'perennial.customer-profile');
      const [gone] = profiles.filter(({ body }) => body === '');
      expect(gone?.headers).toMatchObject({ 'ce-subject': merged?.headers['ce-subject'], 'content-length': '0' });
      expect(gone?.headers['content-type']).toBeUndefined();
      expect(gone !== undefined && believable(gone, secret)).toBe(true);
      expect(profiles.filter(({ body }) => body !== '')).toHaveLength(1);
    });

    it('say nothing while the read models are rebuilt, but what was never told of a customer', async () => {
      const channel = await receiver();
      await registered(channel.url);
      await world.projector.rebuild();
      await carryAll(world.dispatcher(), database);
      expect(new Set(channel.taken.map(({ headers }) => headers['ce-type']))).toEqual(
        new Set(['perennial.customer-profile']),
      );
      const told = channel.taken.length;
      await world.projector.rebuild();
      await carryAll(world.dispatcher(), database);
      expect(channel.taken).toHaveLength(told);
    });

    it('are told to one endpoint again from a position on, and to no other; what is said in the meantime goes on between', async () => {
      const [asks, other] = [await receiver(), await receiver()];
      const { id, secret } = await registered(asks.url);
      await registered(other.url);
      await world.lives('before-1', 'before-2');
      const dispatcher = world.dispatcher();
      await carryAll(dispatcher, database);
      const first = [...asks.taken];
      const told = other.taken.length;
      // From the position of a message that it had: that one and all later ones, each under its old name.
      const hers = new Set(idsOf(first));
      const position = Math.max(
        ...(await said()).filter(({ message_id }) => hers.has(message_id)).map((row) => row.position),
      );
      for (const [from, least] of [
        [0, first.length],
        [position, 1],
      ] as const) {
        asks.taken.length = 0;
        expect(await dispatcher.replay(id, from)).toBe('begun');
        expect((await seen(id)).replay).toMatchObject({ fromPosition: from, told: 0 });
        await carryAll(dispatcher, database);
        const again = asks.taken.filter(({ headers }) => headers['perennial-replay'] !== undefined);
        expect(again.length).toBeGreaterThanOrEqual(least);
        if (from === 0) expect(idsOf(again)).toEqual(expect.arrayContaining(idsOf(first)));
        else expect(again.length).toBeLessThan(first.length);
        expect(new Set(idsOf(again)).size).toBe(again.length);
        for (const each of again) expect(believable(each, secret)).toBe(true);
        expect((await seen(id)).replay).toBeNull();
      }
      expect(other.taken).toHaveLength(told);
      // Each customer's in their order, and with the very bytes.
      asks.taken.length = 0;
      await dispatcher.replay(id, 0);
      await dispatcher.turn();
      await world.lives('in the meantime');
      await carryAll(dispatcher, database);
      const replayed = asks.taken.filter(({ headers }) => headers['perennial-replay'] !== undefined);
      const live = asks.taken.filter(({ headers }) => headers['perennial-replay'] === undefined);
      expect(idsOf(live)).toEqual(idsOf(other.taken).slice(told));
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

    it('go on being told again where whoever carried them died, and take no more room than a batch or two', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url, STAGE_CHANGES);
      const all = idsOfAll(await said());
      channel.answer = () => 503;
      await world.dispatcher().replay(id, 0);
      for (let round = 0; round < 5; round += 1) await world.dispatcher().turn();
      expect((await seen(id)).waiting).toBeLessThanOrEqual(1_000);
      channel.answer = () => 204;
      world.time.at += 3_600_000;
      await carryAll(world.dispatcher(), database);
      expect(once(idsOf(channel.taken)).sort()).toEqual(all);
    });

    it.each([
      ['too many', { messagesMax: 3, ageMsMax: 365 * 86_400_000 }],
      ['too old', { messagesMax: 1_000_000, ageMsMax: 86_400_000 }],
    ])('that wait for one that rests are kept until they are %s, and then missed and not lost', async (why, bounds) => {
      const [rests, well] = [await receiver(), await receiver()];
      const { id } = await registered(rests.url);
      await registered(well.url);
      await world.endpoints.turn(id, 'paused');
      const dispatcher = world.dispatcher({ bounds });
      await world.lives('kept');
      await carryAll(dispatcher, database);
      const kept = await seen(id);
      expect(kept).toMatchObject({ status: 'paused', missed: 0, missedFrom: null });
      world.time.at += 2 * 86_400_000;
      for (const who of ['missed-1', 'missed-2', 'missed-3']) {
        await world.lives(who);
        await carryAll(dispatcher, database);
      }
      await world.happens('site-visited', { anonymousId: `of ${why}` });
      await carryAll(dispatcher, database);
      await world.happens('site-visited', { userId: 'missed-1', anonymousId: `of ${why}` });
      await carryAll(dispatcher, database);
      const suspended = await seen(id);
      expect(suspended.status).toBe('suspended');
      expect(suspended.waiting).toBe(kept.waiting);
      expect(suspended.missed).toBe(well.taken.length - kept.waiting);
      expect(suspended.missedFrom).toBeGreaterThan(0);
      expect(suspended.missedSince).not.toBeNull();
      expect(rests.received).toEqual([]);
      expect(await dispatcher.replay(id, null)).toBe('begun');
      expect(await seen(id)).toMatchObject({ status: 'active', missed: 0, missedFrom: null, missedSince: null });
      await carryAll(dispatcher, database);
      // Profiles are told as they are now: the newest of each customer.
      const newest = (of: readonly Received[]) =>
        new Map(
          of
            .filter(({ headers }) => headers['ce-type'] === 'perennial.customer-profile')
            .map(({ headers, body }) => [headers['ce-subject'], body]),
        );
      const others = (of: readonly Received[]) =>
        idsOf(of.filter(({ headers }) => headers['ce-type'] !== 'perennial.customer-profile'));
      expect(others(rests.taken)).toEqual(expect.arrayContaining(others(well.taken)));
      const believed = newest(rests.taken);
      for (const [customer, body] of newest(well.taken))
        expect([customer, believed.get(customer)]).toEqual([customer, body]);
    });

    it('forget an endpoint with everything that was on its way to it', async () => {
      const channel = await receiver();
      const { id } = await registered(channel.url);
      await world.endpoints.turn(id, 'paused');
      await world.lives('sue');
      const dispatcher = world.dispatcher();
      await carryAll(dispatcher, database);
      expect((await seen(id)).waiting).toBeGreaterThan(0);
      await world.endpoints.remove(id);
      await carryAll(dispatcher, database);
      expect(await database.query('SELECT * FROM perennial_webhooks.deliveries')).toEqual([]);
      expect(await world.endpoints.find(id)).toBeNull();
      expect(channel.received).toEqual([]);
    });
  });
}

/** The database of a process that ends when it wants to write down how a delivery went. */
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
      // A second process on the same database does not let go of what the first one holds.
      sql.startsWith('UPDATE perennial_webhooks.endpoints SET holder = NULL')
        ? Promise.resolve([])
        : database.query(sql, params),
    exec: (sql) => database.exec(sql),
    batch: (steps) => database.batch(steps),
    copyIn: (table, columns, rows) => database.copyIn(table, columns, rows),
    transaction: (work, options) => database.transaction((tx) => work(dying(tx)), options),
    close: () => database.close(),
  };
}
