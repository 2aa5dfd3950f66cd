import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { eventUuid, MemoryIdTable, NO_MARK, receiptsOf, type AppendItem } from '#event-log';
import { Projector } from '../../processor/projector.js';
import { day, order, touchpoint } from '../../testdata/touchpoints.js';
import { LogWithoutDeduplication } from '../../testdata/log-without-deduplication.js';
import { seededRandom, shuffled, world } from '../../testdata/world.js';
import { openIdTable, type DatabaseIdTable } from './id-table.js';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';

jest.setTimeout(120_000);

const NOW = day(600);

describeOnEachStore('event ids on a log that does not deduplicate', (name) => {
  let store: OpenedStore;
  let ids: DatabaseIdTable;
  let log: LogWithoutDeduplication;
  let now: number;

  beforeAll(async () => {
    store = await openStore(name);
  });
  afterAll(() => store.stop());
  beforeEach(async () => {
    now = NOW;
    ids = await openIdTable(store.database);
    log = new LogWithoutDeduplication(ids, () => now);
  });
  afterEach(() => store.wipe());

  const open = (pageSize = 7): Promise<Projector> =>
    Projector.open({
      database: store.database,
      log: log.asLog(),
      clock: { now: () => NOW },
      pageSize,
      ids,
    });

  /** The digest of a log without duplicates, in tables of its own that are wiped afterwards. */
  const digestOf = async (items: readonly AppendItem[]): Promise<string> => {
    const clean = new LogWithoutDeduplication(new MemoryIdTable(), () => NOW);
    clean.store(items);
    const projector = await Projector.open({
      database: store.database,
      log: clean.asLog(),
      clock: { now: () => NOW },
    });
    const { overall } = await projector.digest();
    await store.wipe();
    ids = await openIdTable(store.database);
    log = new LogWithoutDeduplication(ids, () => now);
    return overall;
  };
  const receipt = (source: string, items: readonly AppendItem[]): AppendItem[] =>
    receiptsOf(
      {
        stream: 'receipts-1',
        id: `receipt-${Math.random()}`,
        source,
        receivedAt: day(10),
        items: items.map((_, index) => ({ index, outcome: 'accepted' })),
        suppressed: {},
      },
      items,
      items.map(() => ({ status: 'accepted', position: 1, revision: 0 })),
    );

  it('keep the lower of two events that two processes stored at one moment in two streams, and fold the other nowhere', async () => {
    const ann = order({ userId: 'ann' }, day(10), 'raced', 5_000);
    const ben = { ...order({ userId: 'ben' }, day(10), 'raced', 9_000) };
    const others = [order({ userId: 'ann' }, day(5), 'a'), order({ userId: 'ben' }, day(6), 'b')];
    const expected = await digestOf([...others, ann]);
    log.store([...others, ann, ben]);
    const [first, duplicate] = log.events.slice(-2);
    const projector = await open();
    const { overall } = await projector.digest();
    expect(overall).toBe(expected);
    expect(await ids.duplicates(0)).toEqual([duplicate?.position]);
    expect((await ids.lookup([eventUuid(ann.event)])).known).toEqual([
      { position: first?.position, contentHash: Buffer.from(ann.event.contentHash) },
    ]);
    const [row] = await store.database.query('SELECT repeats, same_content, source FROM perennial.duplicates');
    expect(row).toEqual({ repeats: first?.position, same_content: false, source: 'shop' });
    await projector.rebuild();
    expect((await projector.digest()).overall).toBe(overall);
    expect((await projector.verify()).equal).toBe(true);
  });

  it('count every event once, however often and wherever it is repeated, for any page size', async () => {
    const items = world(11, 12, 12);
    const random = seededRandom(11);
    // Events of other customers under ids that exist already.
    const strays = items.flatMap(({ event }): AppendItem[] => {
      const other = items[Math.floor(random() * items.length)];
      return other === undefined || random() < 0.7
        ? []
        : [{ ...other, event: { ...other.event, id: event.id, source: event.source } }];
    });
    const stored = shuffled([...items, ...strays], 5);
    // The first copy of an event is the one that counts.
    const first = new Map<string, AppendItem>();
    for (const item of stored) if (!first.has(item.event.id)) first.set(item.event.id, item);
    const expected = await digestOf([...first.values()]);
    log.store(stored);
    const projector = await open(5);
    expect((await projector.digest()).overall).toBe(expected);
    expect((await ids.duplicates(0)).length).toBe(stored.length - first.size);
    await projector.rebuild();
    expect((await projector.digest()).overall).toBe(expected);
  });

  it('keep received = accepted + duplicate + …, for either order of event and receipt', async () => {
    const [ann, ben] = [
      order({ userId: 'ann' }, day(10), 'x'),
      touchpoint({ who: { userId: 'b' }, at: day(10), type: 'site-visited' }),
    ];
    log.store([ann, ben, ...receipt('shop', [ann, ben])]);
    const projector = await open(1);
    await projector.catchUp();
    // The same event from another process that did not know of it: its receipt also says accepted.
    log.store([ann, ...receipt('shop', [ann])]);
    await projector.catchUp();
    const outcomes = () =>
      store.database.query(
        `SELECT received, accepted, duplicate, quarantined, suppressed
           FROM rm_1.ingest_outcomes`,
      );
    const counted = { received: 3, accepted: 2, duplicate: 1, quarantined: 0, suppressed: 0 };
    expect(await outcomes()).toEqual([counted]);
    const { version } = await projector.rebuild();
    const [rebuilt] = await store.database.query(
      `SELECT received, accepted, duplicate, quarantined, suppressed FROM rm_${version}.ingest_outcomes`,
    );
    expect(rebuilt).toEqual(counted);
  });

  it('deduplicate what was indexed before the id table existed', async () => {
    const ann = order({ userId: 'ann' }, day(10), 'x');
    const expected = await digestOf([ann]);
    log.store([ann]);
    const before = await Projector.open({
      database: store.database,
      log: log.asLog(),
      clock: { now: () => NOW },
    });
    await before.catchUp();
    log.store([order({ userId: 'ben' }, day(10), 'x', 2_000)]);
    const after = await open();
    expect((await after.digest()).overall).toBe(expected);
  });

  it('are looked up, with the position up to which they are known, as in the memory log', async () => {
    const model = new MemoryIdTable();
    const projector = await open(10);
    expect(await ids.lookup([])).toEqual({ known: [], upTo: 0 });
    expect(await ids.markAt(1_000)).toEqual(NO_MARK);
    for (const item of world(3, 10, 10)) {
      // Instants that go back, as with the clocks of several machines.
      now += Math.round(seededRandom(now)() * 2_000) - 300;
      log.store([item]);
    }
    await projector.catchUp();
    model.index(log.events);
    const known = await ids.lookup(log.uuids);
    expect(known).toEqual(await model.lookup(log.uuids));
    expect((await ids.lookup(['00000000-0000-5000-8000-000000000000'])).known).toEqual([null]);
    // A mark may lie further back than necessary, never ahead, and holds the running maximum at its position.
    const maximumAt = (position: number): number =>
      Math.max(...log.events.filter((event) => event.position <= position).map((event) => event.recordedAt));
    for (const { position, recordedAt } of log.events) {
      const mark = await ids.markAt(position);
      expect(mark.position).toBeLessThanOrEqual(position);
      if (mark.position > 0) expect(mark.recordedAt).toBe(maximumAt(mark.position));
      const by = await ids.markBy(recordedAt);
      expect(by.recordedAt).toBeLessThanOrEqual(recordedAt);
    }
    expect((await ids.markAt(known.upTo)).position).toBeGreaterThan(0);
  });
});
