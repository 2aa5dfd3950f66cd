import { afterEach, describe, expect, it } from '@jest/globals';
import type { Channels } from '#platform';
import { openDatabase, type Database } from '#database';
import { fitReadModels, Projector } from '#projections';
import { Relay } from './relay/relay.js';
import { DAY, drainAll, Recording, World, type Read } from './testdata/world.js';

interface Change {
  readonly customerId: string;
  readonly publication: number;
  readonly kind: string;
  readonly retracts: number;
  readonly cycle: number;
  readonly stage: string;
  readonly phase: string;
  readonly at: string;
  readonly resync?: boolean;
  readonly epoch?: number;
}

/**
 * A consumer as docs/channels.md describes it: the epoch decides first; a resync replaces what is held of the customer; what an unknown publication
 * retracts is not there.
 */
class Consumer {
  readonly held = new Map<string, { epoch: number; last: number; changes: Map<number, string> }>();
  acted = 0;

  read({ topic, data }: Read): void {
    if (topic === 'perennial.actions' && data['kind'] === 'proposed') this.acted += 1;
    if (topic !== 'perennial.stage-changes') return;
    const {
      customerId,
      publication,
      kind,
      retracts,
      cycle,
      stage,
      phase,
      at,
      resync,
      epoch = 0,
    } = data as unknown as Change;
    let one = this.held.get(customerId);
    if (one !== undefined && (epoch < one.epoch || (epoch === one.epoch && publication <= one.last))) return;
    if (one === undefined || epoch > one.epoch || resync === true)
      this.held.set(customerId, (one = { epoch, last: 0, changes: new Map() }));
    one.last = publication;
    if (kind === 'retracted') one.changes.delete(retracts);
    else one.changes.set(publication, `${kind} ${cycle} ${stage}/${phase} ${at}`);
  }

  /** The current phase of each customer: the last change that holds. */
  get current(): string[] {
    return [...this.held]
      .flatMap(([id, { changes }]) => {
        const last = [...changes].sort(([a], [b]) => a - b).at(-1)?.[1];
        return last === undefined ? [] : [`${id} ${last}`];
      })
      .sort();
  }
}

describe('what was published, after the read models were lost', () => {
  const open: Database[] = [];
  afterEach(async () => {
    for (const database of open.splice(0)) await database.close();
  });
  const newDatabase = async (): Promise<Database> => {
    const database = await openDatabase({ kind: 'pglite', folder: null });
    open.push(database);
    return database;
  };

  it('goes out once more as the current state of each customer, under ids of a new epoch, and a consumer has the engine’s state', async () => {
    const world = await World.open(await newDatabase());
    const clock = { now: () => world.now };
    await world.lives(7);
    await world.happens(world.now, 'consent-given', { userId: 'u1' }, { purpose: 'marketing', medium: 'email' });
    await world.orders(world.now, { userId: 'u1' });
    await world.projector.catchUp();
    const consumer = new Consumer();
    const before = new Recording();
    await drainAll(new Relay({ database: world.database, channels: before as unknown as Channels, clock }));
    before.sent.forEach((message) => consumer.read(message));
    const state = consumer.current;
    expect(state.length).toBeGreaterThan(3);

    // Lost, and rebuilt in another database.
    const database = await newDatabase();
    const memory = { wereKept: async () => true, noteKept: async () => {} };
    const now = world.now;
    await fitReadModels({ database, log: world.log, now, keeps: true, memory, announce: () => undefined });
    const projector = await Projector.open({ database, log: world.log, clock });
    await projector.catchUp();
    const after = new Recording();
    const relay = new Relay({ database, channels: after as unknown as Channels, clock });
    await drainAll(relay);

    const changes = after.sent.filter(({ topic }) => topic === 'perennial.stage-changes');
    expect(new Set(changes.map(({ key }) => key)).size).toBe(changes.length);
    for (const { data } of changes)
      expect(data).toMatchObject({ kind: 'entered', resync: true, historical: true, epoch: now });
    expect(after.sent.filter(({ topic }) => topic === 'perennial.actions')).toEqual([]);
    const ids = new Set(before.sent.map(({ topic, id }) => `${topic} ${id}`));
    expect(after.sent.filter(({ topic, id }) => ids.has(`${topic} ${id}`))).toEqual([]);
    const revisionOf = ({ topic, gone, data }: Read): number =>
      topic === 'perennial.customers' && !gone ? (data['revision'] as number) : -1;
    const highest = Math.max(...before.sent.map(revisionOf));
    for (const message of after.sent) if (revisionOf(message) > 0) expect(revisionOf(message)).toBeGreaterThan(highest);
    const acted = consumer.acted;
    after.sent.forEach((message) => consumer.read(message));
    expect(consumer.current).toEqual(state);
    expect(consumer.acted).toBe(acted);

    // A late event retracts what only the epoch before had sent; the consumer follows all the same.
    await world.orders(world.now - 300 * DAY, { userId: 'u1' });
    await world.orders(world.now, { userId: 'u2' });
    await projector.catchUp();
    await world.projector.catchUp();
    const later = new Recording();
    await drainAll(new Relay({ database, channels: later as unknown as Channels, clock }));
    later.sent.forEach((message) => consumer.read(message));
    const reference = new Consumer();
    const full = new Recording();
    await drainAll(new Relay({ database: world.database, channels: full as unknown as Channels, clock }));
    [...before.sent, ...full.sent].forEach((message) => reference.read(message));
    expect(consumer.current).toEqual(reference.current);
    await projector.stop();
    await world.close();
  }, 60_000);
});
