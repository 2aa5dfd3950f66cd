import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  moveLog,
  openSqliteLog,
  SqliteMoveTarget,
  type EventLog,
  type MovedEvent,
  type MoveSource,
  type RecordedEvent,
} from '#event-log';
import {
  openSqliteKeyStore,
  rekeyKeyStore,
  SealBrokenError,
  Sealer,
  type RekeyableKeyStore,
  type SqliteKeyStore,
} from '#keys';
import type { FactName, PersonalDataOpened } from '#contracts';
import { LOCAL_PRINCIPAL } from '#platform';
import { memoryLog, ONE_IS_ENOUGH } from '#testing';
import {
  DiscardQuarantined,
  DiscardQuarantinedHandler,
  factEvent,
  Ingestion,
  IngestTouchpoints,
  IngestTouchpointsHandler,
  OWN_SOURCES,
  plainContentHash,
  prepareLog,
  Quarantine,
  ReleaseQuarantined,
  ReleaseQuarantinedHandler,
  type IngestItem,
  type ItemResult,
} from '#ingestion';
import { EraseCustomer, EraseCustomerHandler } from '../erasure/erase-customer.js';
import { eraseSubjects } from '../erasure/erase-subjects.js';
import { reasonKeyName } from '../holds/hold-facts.js';
import { HoldRegister } from '../holds/hold-register.js';
import { LiftHold, ManageHolds, PlaceHold } from '../holds/manage-holds.js';
import { RecordedOpenings } from '../openings/recorded-openings.js';
import { reconcileKeys } from '../reconciling/reconcile-keys.js';
import { orderPlaced } from '#testing';
import { checkContents } from '../content/check-contents.js';
import { compareRekeyed } from './compare-rekeyed.js';
import { mustBeKeysOf, RekeyError, Rekeying } from './rekeying.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const CLOCK = { now: () => NOW };
const folder = mkdtempSync(join(tmpdir(), 'perennial-rekeying-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);

/** A log, its keys, and intake on both. */
class House {
  readonly ingestion: Ingestion;
  readonly sealer: Sealer;
  readonly quarantine: Quarantine;

  constructor(
    readonly log: EventLog,
    readonly keys: SqliteKeyStore,
  ) {
    this.sealer = new Sealer(keys);
    this.ingestion = new Ingestion({ log, sealer: this.sealer });
    this.quarantine = new Quarantine(log, this.sealer);
  }

  /** What became of each item, without the place that it got. */
  async take(items: readonly IngestItem[]): Promise<Partial<ItemResult>[]> {
    const handler = new IngestTouchpointsHandler(this.ingestion);
    const { results } = await handler.execute(
      new IngestTouchpoints(items, NOW, items.length % 2 === 0 ? 'live' : 'kept'),
    );
    return results.map(({ outcome, code, source, id }) => ({ outcome, code, source, id }) as Partial<ItemResult>);
  }

  release(quarantineId: string, fixed: unknown) {
    return new ReleaseQuarantinedHandler(this.quarantine, this.ingestion, CLOCK).execute(
      new ReleaseQuarantined(quarantineId, fixed, 'me'),
    );
  }

  discard(quarantineId: string) {
    return new DiscardQuarantinedHandler(this.quarantine, CLOCK).execute(
      new DiscardQuarantined(quarantineId, 'no use', 'me'),
    );
  }

  async erase(namespace: string, value: string, quarantineIds: readonly string[] = []): Promise<void> {
    const { subjectId } = this.ingestion.identities.of(namespace, value);
    await eraseSubjects(
      { log: this.log, keys: this.keys },
      { subjectIds: [subjectId], customerId: null, by: 'me', quarantineIds },
      NOW,
    );
  }

  async events(): Promise<MovedEvent[]> {
    const all: RecordedEvent[] = [];
    for await (const page of this.log.readAll(0, { with: 'contentHash' })) all.push(...page);
    return all as MovedEvent[];
  }

  async close(): Promise<void> {
    await this.log.close();
    await this.keys.close();
  }
}

const ofFile = async (file: string, keys: SqliteKeyStore): Promise<House> =>
  new House(await openSqliteLog({ file, clock: { now: () => NOW }, writing: 'here' }), keys);

/** The keys that are to follow others. */
async function freshKeys(from: RekeyableKeyStore, file = newFile()): Promise<SqliteKeyStore> {
  const keys = openSqliteKeyStore({ file });
  await rekeyKeyStore(from, keys, { proven: false });
  return keys;
}

/** The same house under another hash key. */
async function rekeyed(old: House): Promise<House & { readonly rekeying: Rekeying }> {
  const keys = await freshKeys(old.keys);
  const rekeying = new Rekeying(old.keys, keys);
  const file = newFile();
  const target = new SqliteMoveTarget(file);
  await moveLog({ from: old.log, to: target, map: (events) => rekeying.map(events) });
  target.close();
  return Object.assign(await ofFile(file, keys), { rekeying });
}

const PEOPLE = ['ann', 'bob', 'cleo@shop.example', 'dan@shop.example'];
const named = (value: string) => ({ namespace: value.includes('@') ? 'email' : 'userId', value });
const good = fc
  .record({
    ...{ source: fc.constantFrom('shop', 'app'), id: fc.constantFrom('1', '2', '3', '4', '5') },
    people: fc.subarray(PEOPLE, { minLength: 1, maxLength: 2 }),
    others: fc.constantFrom(
      {},
      { schemaVersion: 1 },
      { time: undefined },
      { sentAt: '2026-01-31T11:30:00.250Z' },
      { sentAt: '2026-01-31T11:58:00Z' },
      { actor: { kind: 'employee', id: 'e-1' }, correlationId: 'c "1"', causationId: 'd', test: true },
      { loyaltyTier: 'gold', traceparent: 'x' },
    ),
    role: fc.constantFrom('self', 'referee'),
    data: fc.constantFrom({ totalMinor: 1 }, { totalMinor: 2, note: 'likes blue' }),
    placeholder: fc.boolean(),
  })
  .map(({ source, id, people, others, role, data, placeholder }) =>
    orderPlaced({
      ...{ source, id, data: { orderId: id, currency: 'EUR', ...data } },
      identifiers: [
        ...people.map((value, at) => ({ ...named(value), role: at === 0 ? 'self' : role })),
        ...(placeholder ? [{ namespace: 'phone', value: '0000' }] : []),
      ],
      ...others,
    }),
  );
const bad = fc.oneof(
  good.map((event) => ({ ...event, type: 'nonsense' })),
  good.map((event) => ({ ...event, identifiers: [] })),
  fc.constantFrom(...PEOPLE).map((person) => ({ id: 'x', about: person, userId: person })),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom('a', 'cleo@shop.example ').map((text) => ({ blob: `${text} ${'x'.repeat(300_000)}` })),
);
const document = fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: bad });
const provenance = {
  ...{ topic: 'touchpoints.shop', partition: 1, offset: 7 },
  ...{ key: 'dan@shop.example', headers: { tenant: 'one' } },
};
const item: fc.Arbitrary<IngestItem> = fc.oneof(
  { weight: 3, arbitrary: document.map((each) => ({ document: each })) },
  { weight: 1, arbitrary: document.map((each) => ({ document: each, provenance })) },
  {
    weight: 1,
    arbitrary: document.map((each) => ({ document: each, provenance: { ...provenance, timestamp: NOW - 86_400_000 } })),
  },
  { weight: 1, arbitrary: document.map((each) => ({ document: each, provenance: { ...provenance, headers: null } })) },
  { weight: 1, arbitrary: document.map((each) => ({ document: each, at: { file: 'orders.csv', line: 4 } })) },
);

describe('a log under another hash key', () => {
  it('tells the same of the same people, knows what was received, and opens under no old key', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(item, { maxLength: 10 }), { minLength: 1, maxLength: 4 }),
        fc.subarray(PEOPLE, { maxLength: 2 }),
        async (batches, erased) => {
          const keys = openSqliteKeyStore({ file: ':memory:' });
          const old = new House(memoryLog({ clock: { now: () => NOW } }), keys);
          await prepareLog(old.log, keys, { kind: 'built-in', name: 'retail' }, NOW);
          for (const batch of batches) await old.take(batch);
          for (const event of await old.events())
            if (event.type === 'event-quarantined') {
              if (event.position % 3 === 0) await old.discard(event.id);
              else await old.release(event.id, orderPlaced({ id: `fixed-${event.position}` }));
            }
          for (const person of erased) await old.erase(named(person).namespace, person);
          const fresh = await rekeyed(old);

          const pairs = new Map<string, string>();
          const compared = await compareRekeyed(old, fresh, {
            onPair: ({ before, after }) => pairs.set(before, after),
          });
          expect(compared?.after).toBe(compared?.before);
          expect(new Set(pairs.values()).size).toBe(pairs.size);
          expect(fresh.rekeying.counts.unhashable).toBe(0);
          // Every event has the content that was hashed, on both sides.
          for (const { log, sealer } of [old, fresh])
            expect(await checkContents(log, sealer)).toMatchObject({
              refuted: 0,
              unchecked: { withoutKey: 0, unknown: 0 },
            });

          // Nothing of the old names and seals is left, and the old keys open nothing.
          const before = await old.events();
          const after = await fresh.events();
          expect(after.map(({ source, type, recordedAt, revision }) => [source, type, recordedAt, revision])).toEqual(
            before.map(({ source, type, recordedAt, revision }) => [source, type, recordedAt, revision]),
          );
          const written = after.map(({ stream, id, meta, data }) => `${stream} ${id} ${meta} ${data}`).join('\n');
          const names = before.flatMap(({ stream, id, meta }) => [
            ...`${stream} ${id} ${meta}`.matchAll(/\b[0-9a-f]{32}\b|(?<="sealed":")[^"]+/g),
          ]);
          expect(names.map(([name]) => name).filter((name) => leaks(written, name, before))).toEqual([]);
          for (const { meta } of after)
            for (const [sealed] of meta.matchAll(/(?<="sealed":")[^"]+/g))
              for (const id of pairs.keys()) {
                const key = (await old.keys.keysFor([id])).get(id);
                if (key === undefined || key === 'erased') continue;
                expect(() => old.sealer.open(key, sealed)).toThrow(SealBrokenError);
              }

          // What comes again has the outcome that it would have had; who was erased stays so.
          await prepareLog(fresh.log, fresh.keys, { kind: 'built-in', name: 'retail' }, NOW);
          for (const batch of batches) {
            // But for what was too large to be kept whole: it cannot be named as it was.
            const again = batch.filter(({ document: each }) => JSON.stringify(each).length < 256 * 1024);
            expect(await fresh.take(again)).toEqual(await old.take(again));
          }
          for (const person of PEOPLE) {
            const again = [{ document: orderPlaced({ id: `new of ${person}`, identifiers: [named(person)] }) }];
            expect(await fresh.take(again)).toEqual(await old.take(again));
          }
          for (const person of erased) await fresh.erase(named(person).namespace, person);
          expect((await fresh.events()).filter(({ type }) => type === 'person-erased')).toHaveLength(erased.length);
          // Erasing finds the bodies that name them.
          await fresh.erase('email', 'cleo@shop.example');
          await old.erase('email', 'cleo@shop.example');
          expect(await bodies(fresh)).toEqual(await bodies(old));
          await Promise.all([old.close(), fresh.close()]);
        },
      ),
      { numRuns: 20 },
    );
  }, 120_000);

  it('knows the subjects erased under every earlier key, and no other subject as one of them', async () => {
    const house = new House(memoryLog({ clock: { now: () => NOW } }), openSqliteKeyStore({ file: ':memory:' }));
    await house.take(PEOPLE.map((person) => ({ document: orderPlaced({ id: person, identifiers: [named(person)] }) })));
    await house.erase('userId', 'ann');
    const second = await rekeyed(house);
    await second.erase('userId', 'bob');
    const third = await rekeyed(second);
    const outcomes = await third.take(
      [...PEOPLE, 'eve'].map((person) => ({
        document: orderPlaced({ id: `${person}-2`, identifiers: [named(person)] }),
      })),
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      'suppressed',
      'suppressed',
      'accepted',
      'accepted',
      'accepted',
    ]);
    // The streams of the erased are found by who asks for them by name.
    const { subjectId } = third.ingestion.identities.of('userId', 'ann');
    expect((await third.log.readStreams([`subject-${subjectId}`])).map(({ id }) => id)).toEqual(['ann']);
    expect(await compareRekeyed(house, third)).not.toBeNull();
    await Promise.all([house.close(), second.close(), third.close()]);
  });

  it('keeps every fact of an erasure that was repeated, and a repeat under the new key is one of the same erasure', async () => {
    const house = new House(memoryLog({ clock: { now: () => NOW } }), openSqliteKeyStore({ file: ':memory:' }));
    const bodyOf = async (at: House, n: number): Promise<string> => {
      await at.take([{ document: { remark: 'of ann', n } }]);
      return (await at.events()).findLast(({ type }) => type === 'event-quarantined')?.id ?? '';
    };
    await house.take([{ document: orderPlaced({ identifiers: [named('ann')] }) }]);
    await house.erase('userId', 'ann');
    await house.erase('userId', 'ann', [await bodyOf(house, 1)]);
    const moved = await rekeyed(house);
    await moved.erase('userId', 'ann', [await bodyOf(moved, 2)]);
    await moved.erase('userId', 'ann');
    const erasures = async (at: House): Promise<string[]> =>
      (await at.events()).flatMap(({ type, id }) => (type === 'person-erased' ? [id] : []));
    const [first] = await erasures(moved);
    expect(await erasures(moved)).toEqual([first, `${first}/2`, `${first}/3`]);
    expect(await erasures(house)).toHaveLength(2);
    expect(await checkContents(moved.log, moved.sealer)).toMatchObject({ refuted: 0 });
    await Promise.all([house.close(), moved.close()]);
  });

  it('is not made with a key store that lacks a body that an erasure destroyed', async () => {
    const house = new House(memoryLog({ clock: { now: () => NOW } }), openSqliteKeyStore({ file: ':memory:' }));
    await house.erase('userId', 'ann', ['b'.repeat(32)]);
    const older = openSqliteKeyStore({ file: ':memory:', hashKey: house.keys.hashKey });
    await older.destroy([house.ingestion.identities.of('userId', 'ann').subjectId]);
    await older.keysFor(['b'.repeat(32)], { create: true });
    await expect(mustBeKeysOf(house.log.read('privacy'), older)).rejects.toThrow(/older copy/);
    await mustBeKeysOf(house.log.read('privacy'), house.keys);
    await Promise.all([house.close(), older.close()]);
  });

  describe('that is being made', () => {
    let old: House;
    beforeAll(async () => {
      old = new House(memoryLog({ clock: { now: () => NOW } }), openSqliteKeyStore({ file: ':memory:' }));
      const items = Array.from({ length: 3_000 }, (_, n) => ({
        document: orderPlaced({
          id: `o-${n}`,
          identifiers: [named(`user-${n % 700}`)],
          data: { orderId: `o-${n}`, currency: 'EUR', totalMinor: n },
        }),
      }));
      for (let at = 0; at < items.length; at += 500) await old.take(items.slice(at, at + 500));
      await old.erase('userId', 'user-3');
    });
    afterAll(() => old.close());

    it('goes on where it was killed, with other processes’ memory, and is the same as in one go', async () => {
      const [keyFile, file] = [newFile(), newFile()];
      const digests = [];
      for (const attempt of [1, 2, 3]) {
        const keys = await freshKeys(old.keys, keyFile);
        const rekeying = new Rekeying(old.keys, keys);
        const target = new SqliteMoveTarget(file);
        const map = (events: readonly MovedEvent[]) => rekeying.map(events);
        if (attempt === 1) {
          let pages = 0;
          const dying: MoveSource = {
            head: () => old.log.head(),
            identity: () => old.log.identity(),
            async *readAll(after, options) {
              for await (const page of old.log.readAll(after, options)) {
                if ((pages += 1) > 1) throw new Error('killed');
                yield page;
              }
            },
          };
          await expect(moveLog({ from: dying, to: target, map })).rejects.toThrow('killed');
        } else digests.push(await moveLog({ from: old.log, to: target, map }));
        target.close();
        await keys.close();
      }
      const events = (await old.events()).length;
      expect(digests.map(({ copied }) => copied)).toEqual([events - 1_000, 0]);
      expect(digests[1]?.digest).toEqual(digests[0]?.digest);
    });

    it('is rejected with keys that are not those of the log, with an older copy of them, and into keys that are others', async () => {
      const stranger = openSqliteKeyStore({ file: ':memory:' });
      const target = new SqliteMoveTarget(newFile());
      const attempt = async (from: SqliteKeyStore) => {
        const rekeying = new Rekeying(from, await freshKeys(from));
        return moveLog({ from: old.log, to: target, map: (events) => rekeying.map(events) });
      };
      await expect(attempt(stranger)).rejects.toThrow(RekeyError);
      await expect(mustBeKeysOf(old.log.read('privacy'), stranger)).rejects.toThrow('older copy');
      await mustBeKeysOf(old.log.read('privacy'), old.keys);
      target.close();
      const file = newFile();
      const lived = openSqliteKeyStore({ file });
      await lived.keysFor(['0'.repeat(32)], { create: true });
      await lived.close();
      await expect(freshKeys(old.keys, file)).rejects.toThrow('does not belong to this log');
      const same = openSqliteKeyStore({ file: ':memory:', hashKey: old.keys.hashKey });
      await expect(rekeyKeyStore(old.keys, same, { proven: false })).rejects.toThrow('the old one');
      await stranger.close();
    });

    it('shows a difference where one event tells another thing', async () => {
      const fresh = await rekeyed(old);
      const lying = {
        keys: fresh.keys,
        log: {
          async *readAll(after: number, options?: object) {
            for await (const page of fresh.log.readAll(after, options))
              yield page.map((event) =>
                event.id === 'o-77' ? { ...event, data: event.data.replace('77', '78') } : event,
              );
          },
        },
      };
      const compared = await compareRekeyed(old, lying);
      expect(compared?.after).not.toBe(compared?.before);
      await fresh.close();
    });
  });
});

/** Whether a name of the old log stands in the new one; names that no key made (of receipts’ streams, of receipts) may. */
function leaks(written: string, name: string, before: readonly MovedEvent[]): boolean {
  const plain = before.some(({ stream }) => stream === `receipts-${name}`);
  return !plain && written.includes(name);
}

async function bodies({ quarantine, ...house }: House): Promise<(string | null)[]> {
  const all: (string | null)[] = [];
  for await (const page of house.log.readAll(0))
    for (const { id, type, data } of page)
      // A body that was cut may have been let go.
      if (type === 'event-quarantined' && !data.includes('"cut":true')) all.push(await quarantine.body(id));
  return all;
}

describe('legal holds under another hash key', () => {
  it('hold the same persons: their erasures wait, and what was lifted stays lifted', async () => {
    const old = new House(memoryLog({ clock: CLOCK }), openSqliteKeyStore({ file: newFile() }));
    await prepareLog(old.log, old.keys, { kind: 'built-in', name: 'retail' }, NOW);
    const item = (id: string, user: string) => ({ document: orderPlaced({ id, identifiers: [named(user)] }) });
    await old.take([item('1', 'ann'), item('2', 'bob')]);
    const holdsOf = ({ log, keys, sealer, ingestion: { identities } }: House) => {
      const register = new HoldRegister(log);
      const dependencies = { log, keys, sealer, identities, database: null, clock: CLOCK, approvals: ONE_IS_ENOUGH };
      return {
        register,
        manage: new ManageHolds({ ...dependencies, register }),
        eraser: new EraseCustomerHandler(dependencies),
      };
    };
    const person = (user: string) => ({ identifiers: [named(user)], customerId: null });
    const { manage, eraser } = holdsOf(old);
    await manage.place(new PlaceHold(person('ann'), '2026-1', 'a letter', 'me'));
    // Never met in a touchpoint.
    await manage.place(new PlaceHold(person('cleo@shop.example'), '2026-2', null, 'me'));
    const bob = await manage.place(new PlaceHold(person('bob'), '2026-3', null, 'me'));
    await manage.lift(new LiftHold(bob.outcome === 'placed' ? bob.hold.holdId : '', 'over', LOCAL_PRINCIPAL));
    expect(await eraser.execute(new EraseCustomer(person('ann'), LOCAL_PRINCIPAL))).toMatchObject({ outcome: 'held' });

    const fresh = await rekeyed(old);
    await mustBeKeysOf(old.log.read('privacy'), old.keys);
    const compared = await compareRekeyed(old, fresh);
    expect(compared?.after).toBe(compared?.before);
    await reconcileKeys({ log: fresh.log, keys: fresh.keys, now: NOW, announce: () => undefined });
    const { eraser: later, register } = holdsOf(fresh);
    for (const [user, outcome] of [
      ['ann', 'held'],
      ['cleo@shop.example', 'held'],
      ['bob', 'erased'],
    ] as const)
      expect(await later.execute(new EraseCustomer(person(user), LOCAL_PRINCIPAL))).toMatchObject({ outcome });
    const { holds, waiting } = await register.load();
    expect([...holds.values()].map((hold) => [hold.case, hold.lifted === null])).toEqual([
      ['2026-1', true],
      ['2026-2', true],
      ['2026-3', false],
    ]);
    // The request of before and the one of now are the same person's.
    expect(waiting.size).toBe(2);
    const [first] = holds.values();
    const reasonId = fresh.sealer.keyedId(reasonKeyName(first?.holdId ?? '', 'placed'));
    expect(await fresh.sealer.openMany([{ subjectId: reasonId, sealed: first?.reason ?? '' }])).toEqual(['a letter']);
    for (const house of [old, fresh]) await house.close();
  });
});

describe('openings and requests of data subjects under another hash key', () => {
  it('name the same persons, and what people wrote opens with the new keys alone', async () => {
    const old = new House(memoryLog({ clock: CLOCK }), openSqliteKeyStore({ file: newFile() }));
    await prepareLog(old.log, old.keys, { kind: 'built-in', name: 'retail' }, NOW);
    const item = (id: string, user: string) => ({ document: orderPlaced({ id, identifiers: [named(user)] }) });
    await old.take([item('1', 'ann'), item('2', 'bob'), item('3', 'dora')]);
    const idOf = ({ sealer }: House, user: string): string => sealer.subjectIdOf(named(user).namespace, user);
    const openings = new RecordedOpenings({ log: old.log, sealer: old.sealer, clock: CLOCK });
    const open = (user: string, reason: string | null) =>
      openings.recordOpening({
        ...{ principal: LOCAL_PRINCIPAL, purpose: 'complaint', ticket: 'C-1', reason, kind: 'view' },
        ...{ query: 'customer', parameters: { identifier: user }, columns: ['identifiers'], requestId: `of-${user}` },
        subjects: new Map([[idOf(old, user), 1]]),
      });
    await open('ann', 'Ann called');
    await open('bob', 'Bob called');
    // A request of a person without an event, named by the identifier alone.
    const requestId = '0'.repeat(32);
    const cleo = named('cleo@shop.example');
    const [key] = await old.keys.createListed([{ id: requestId, listedUnder: [idOf(old, 'cleo@shop.example')] }]);
    const asked = { identifier: `${cleo.namespace}:${cleo.value}`, askerChecked: 'passport', note: null };
    const facts: readonly (readonly [FactName, object])[] = [
      [
        'subject-request-received',
        {
          ...{ requestId, kind: 'access', subjectIds: [idOf(old, 'cleo@shop.example')], customerId: null },
          ...{ receivedAt: NOW, dueOn: '2026-02-28', timeZone: 'UTC' },
          sealed: old.sealer.seal(key as Exclude<typeof key, 'erased' | undefined>, JSON.stringify(asked)),
        },
      ],
      ['subject-request-answered', { requestId, outcome: 'nothing-on-record' }],
    ];
    for (const [at, [name, data]] of facts.entries())
      await old.log.append('data-subjects', 'any', [
        factEvent({
          ...{ name, source: OWN_SOURCES.dataSubjects, id: `r${at}`, occurredAt: NOW },
          ...{ contentHash: plainContentHash(data), meta: { by: 'local' }, data },
        }),
      ]);
    // What an operator decided, and why.
    const decisionId = 'd'.repeat(32);
    const sides = [idOf(old, 'ann'), idOf(old, 'dora')] as const;
    const [reasonKey] = await old.keys.createListed([{ id: decisionId, listedUnder: sides }]);
    const decision = {
      ...{ decisionId, one: [sides[0]], other: [sides[1]] },
      sealed: old.sealer.seal(reasonKey as Exclude<typeof reasonKey, 'erased' | undefined>, 'Ann showed both cards'),
    };
    await old.log.append('identity', 'any', [
      factEvent({
        ...{ name: 'customers-merged', source: OWN_SOURCES.identity, id: 'm1', occurredAt: NOW },
        ...{ contentHash: plainContentHash(decision), meta: { by: 'local' }, data: decision },
      }),
    ]);
    const eraser = new EraseCustomerHandler({
      ...{ log: old.log, keys: old.keys, sealer: old.sealer, identities: old.ingestion.identities },
      ...{ database: null, clock: CLOCK, approvals: ONE_IS_ENOUGH },
    });
    await eraser.execute(new EraseCustomer({ identifiers: [named('bob')], customerId: null }, LOCAL_PRINCIPAL));

    const fresh = await rekeyed(old);
    const compared = await compareRekeyed(old, fresh);
    expect(compared?.after).toBe(compared?.before);
    const events: RecordedEvent[] = [];
    for await (const page of fresh.log.readAll(0)) events.push(...page);
    const recorded = events
      .filter(({ type }) => type === 'personal-data-opened')
      .map(({ id, data }) => ({ id, ...(JSON.parse(data) as PersonalDataOpened) }));
    expect(recorded.map(({ requestId }) => requestId)).toEqual(['of-ann', 'of-bob']);
    const [ofAnn, ofBob] = recorded;
    expect(ofAnn?.subjectIds).toEqual([idOf(fresh, 'ann')]);
    expect(await fresh.sealer.openMany([{ subjectId: ofAnn?.id ?? '', sealed: ofAnn?.sealedReason ?? '' }])).toEqual([
      'Ann called',
    ]);
    // Bob is erased: that it was about Bob cannot be guessed with the old hash key, and the reason is gone.
    expect(ofBob?.subjectIds).not.toContain(idOf(old, 'bob'));
    expect(ofBob?.sealedReason).toBeUndefined();
    const old32 = [idOf(old, 'ann'), idOf(old, 'bob'), idOf(old, 'cleo@shop.example')];
    const text = events.map(({ data, meta, stream }) => `${stream}${meta}${data}`).join('\n');
    expect(old32.filter((id) => text.includes(id))).toEqual([]);
    const request = events.find(({ type }) => type === 'subject-request-received');
    const { subjectIds, sealed } = JSON.parse(request?.data ?? '') as { subjectIds: string[]; sealed: string };
    expect(subjectIds).toEqual([idOf(fresh, 'cleo@shop.example')]);
    expect(await fresh.sealer.openMany([{ subjectId: requestId, sealed }])).toEqual([JSON.stringify(asked)]);
    const merged = JSON.parse(events.find(({ type }) => type === 'customers-merged')?.data ?? '') as typeof decision;
    expect(merged).toMatchObject({ decisionId, one: [idOf(fresh, 'ann')], other: [idOf(fresh, 'dora')] });
    expect(await fresh.sealer.openMany([{ subjectId: decisionId, sealed: merged.sealed }])).toEqual([
      'Ann showed both cards',
    ]);
    // An erasure under the new keys reaches what was written.
    await fresh.keys.destroy([idOf(fresh, 'cleo@shop.example')]);
    expect(await fresh.sealer.openMany([{ subjectId: requestId, sealed }])).toEqual([null]);
    for (const house of [old, fresh]) await house.close();
  });
});
