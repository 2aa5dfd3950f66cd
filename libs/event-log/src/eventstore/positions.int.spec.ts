import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { memoryLog } from '#testing';
import { livedInLog } from '../../../../test/services/eventstore/lived-in.js';
import { FakeServer } from '../../../../test/services/eventstore/fake-server.js';
import { appendingCases } from '../../conformance/appending.js';
import { deduplicationCases } from '../../conformance/deduplication.js';
import { collect, contentHash, positionOf, Samples, statuses, type LogFixture } from '../../conformance/fixture.js';
import { modelCases } from '../../conformance/model.js';
import { receiptCases } from '../../conformance/receipts.js';
import { RECEIPT_TYPE } from '../receipt.js';
import type { Receipt } from '../port.js';
import { openIndexedLog } from './testdata/indexed-log.js';
import { lookingUp } from './testdata/looking-up.js';
import { MemoryIdTable } from './memory-ids.js';
import { onFakeServer } from './testdata/on-fake-server.js';

const samples = new Samples();

/** An id table that the indexer never writes, as if it were far behind. */
const neverIndexed = (): MemoryIdTable => Object.assign(new MemoryIdTable(), { index: () => undefined });

describe('a batch whose positions need not be exact', () => {
  const on = onFakeServer();

  it('reads nothing back: one read of the end of the log for three streams with five events each', async () => {
    const server = await on.server();
    const { log } = await on.log(server);
    const streams = [samples.stream(), samples.stream(), samples.stream()];
    const items = streams.flatMap((stream) => samples.items(5, stream));
    const before = { ...server.calls };
    const verdicts = await log.appendMany(items, [], { positions: 'not-below' });
    expect(server.calls.read - before.read).toBe(1);
    expect(server.calls.batchAppend - before.batchAppend).toBe(3);
    const stored = new Map((await collect(log.readAll(0))).map((event) => [event.id, event]));
    for (const [at, verdict] of verdicts.entries()) {
      const event = stored.get(items[at]?.event.id ?? '');
      expect(verdict).toMatchObject({ status: 'accepted', revision: event?.revision });
      expect(positionOf(verdict)).toBeGreaterThanOrEqual(event?.position ?? Number.NaN);
      const isLast = at % 5 === 4;
      if (isLast) expect(positionOf(verdict)).toBe(event?.position);
    }
  });

  it('is remembered: what is repeated before it is indexed has the exact position, in verdicts and receipts', async () => {
    const server = await on.server();
    const { log } = await on.log(server, { ids: neverIndexed() });
    const [stream, other] = [samples.stream(), samples.stream()];
    const items = samples.items(4, stream);
    await log.appendMany(items, [], { positions: 'not-below' });
    const stored = (await collect(log.read(stream))).map(({ position }) => position);
    const draft = { stream: samples.stream(), id: samples.id(), source: 'shop', receivedAt: 1, suppressed: {} };
    const all = items.map((_, index) => ({ index, outcome: 'accepted' as const }));
    // Under another stream the server knows none of them again.
    const again = items.map(({ event }) => ({ stream: other, event }));
    const verdicts = await log.appendMany(again, [{ ...draft, items: all }], { positions: 'not-below' });
    expect(verdicts).toEqual(stored.map((position) => ({ status: 'duplicate', position })));
    const [receipt] = (await collect(log.read(draft.stream))).filter(({ type }) => type === RECEIPT_TYPE);
    expect((JSON.parse(receipt?.data ?? '{}') as Receipt).duplicates).toEqual(
      items.map(({ event }, at) => [event.id, stored[at]]),
    );
    const changed = { ...items[1], stream, event: { ...items[1]!.event, contentHash: contentHash('other') } };
    expect(await log.appendMany([changed])).toEqual([{ status: 'id-reused', position: stored[1] }]);
    expect((await log.find(items.map(({ event }) => event))).map((event) => event?.position)).toEqual(stored);
  });

  it('is decided by what the server knew before: events that another process appended and no table holds are duplicates', async () => {
    const server = await on.server();
    const name = 'shared';
    const first = await on.log(server, { name });
    const second = await on.log(server, { name, ids: neverIndexed() });
    const stream = samples.stream();
    const items = samples.items(3, stream);
    const [one, two, three] = items as [(typeof items)[0], (typeof items)[0], (typeof items)[0]];
    // One by one, and others between them: they do not stand side by side.
    for (const item of [one, two, three]) await first.log.appendMany([item, ...samples.items(1, stream)]);
    const stored = await first.log.find(items.map(({ event }) => event));
    expect(await second.log.appendMany(items, [], { positions: 'not-below' })).toEqual(
      stored.map((event) => ({ status: 'duplicate', position: event?.position })),
    );
    expect(await collect(first.log.read(stream))).toHaveLength(6);
  });

  it('names the exact position of an event that a later item of the batch repeats', async () => {
    const server = await on.server();
    const { log } = await on.log(server);
    const stream = samples.stream();
    const items = samples.items(3, stream);
    const verdicts = await log.appendMany([...items, ...items.slice(0, 1)], [], { positions: 'not-below' });
    expect(statuses(verdicts)).toEqual(['accepted', 'accepted', 'accepted', 'duplicate']);
    const [stored] = await collect(log.read(stream));
    expect(positionOf(verdicts[3])).toBe(stored?.position);
  });
});

describe('batches whose positions are looked up afterwards', () => {
  let fakeServer: FakeServer;
  let fixture: LogFixture;
  beforeAll(async () => {
    fakeServer = await FakeServer.start({ log: livedInLog() });
    const indexed = await openIndexedLog({ connectionString: fakeServer.connectionString });
    fixture = { ...indexed, log: lookingUp(indexed.log) };
  });
  afterAll(async () => {
    await fixture.close();
    await fakeServer.stop();
  });
  const given = () => fixture;

  describe('appending', () => appendingCases(given));
  describe('deduplication', () => deduplicationCases(given));
  describe('receipts', () => receiptCases(given));
  describe('against a model', () => modelCases(given, () => memoryLog()));
});
