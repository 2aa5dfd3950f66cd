import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { factOf, validateFact } from '#contracts';
import type { Receipt } from '#event-log';
import { openSqliteKeyStore, Sealer } from '#keys';
import { memoryLog } from '#testing';
import { orderPlaced } from '#testing';
import { IngestTouchpoints, IngestTouchpointsHandler } from './ingest-touchpoints.js';
import { UNREADABLE_SOURCE } from './item.js';
import { Ingestion } from './ingestion.js';
import type { OutcomeCounts, ItemResult } from './item.js';

const NOW = Date.UTC(2026, 0, 31, 12);
type OutcomeName = 'accepted' | 'duplicate' | 'quarantined' | 'suppressed';

/** Few sources, ids, people and amounts: so that events repeat, and reuse one another's ids, and name the erased. */
const good = fc
  .record({
    source: fc.constantFrom('shop', 'app'),
    id: fc.constantFrom('1', '2', '3', '4', '5'),
    person: fc.constantFrom('ann', 'bob', 'erased'),
    amount: fc.constantFrom(1, 2),
  })
  .map(({ source, id, person, amount }) =>
    orderPlaced({
      ...{ source, id, data: { orderId: id, currency: 'EUR', totalMinor: amount } },
      identifiers: [{ namespace: 'userId', value: person }],
    }),
  );
const bad = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.record({ source: fc.constantFrom('shop', 'app', ''), id: fc.constantFrom('1', '9', 7) }),
  good.map((event) => ({ ...event, type: 'nonsense' })),
  good.map((event) => ({ ...event, identifiers: [] })),
  good.map((event) => ({ ...event, time: '2099-01-01T00:00:00Z' })),
  good.map((event) => ({ ...event, data: {} })),
  good.map((event) => ({ ...event, data: { orderId: 'x', currency: 'EUR', totalMinor: 1, note: '\u0000' } })),
);
const batches = fc.array(
  fc.array(fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: bad }), { maxLength: 12 }),
  { maxLength: 6 },
);

async function taking(documents: readonly (readonly unknown[])[]) {
  const log = memoryLog({ clock: { now: () => NOW } });
  const keys = openSqliteKeyStore({ file: ':memory:' });
  const sealer = new Sealer(keys);
  await keys.destroy([sealer.subjectIdOf('userId', 'erased')]);
  const handler = new IngestTouchpointsHandler(new Ingestion({ log, sealer }));
  const results: ItemResult[] = [];
  for (const batch of documents) {
    const items = batch.map((document) => ({ document }));
    const taken = await handler.execute(new IngestTouchpoints(items, NOW));
    expect(taken.results.map(({ index }) => index)).toEqual(batch.map((_, index) => index));
    const { received, accepted, duplicate, quarantined, suppressed } = taken.counts;
    expect(received).toBe(batch.length);
    expect(accepted + duplicate + quarantined + suppressed).toBe(received);
    results.push(...taken.results);
  }
  const events = [];
  for await (const page of log.readAll(0)) events.push(...page);
  await keys.close();
  return { results, events };
}

/** The counts by source, as the answers tell them. */
function told(results: readonly ItemResult[]): Map<string, OutcomeCounts> {
  const counts = new Map<string, OutcomeCounts>();
  for (const { source, outcome } of results) add(counts, source ?? UNREADABLE_SOURCE, outcome, 1);
  return counts;
}

function add(counts: Map<string, OutcomeCounts>, source: string, outcome: OutcomeName, count: number): void {
  const of = counts.get(source) ?? { received: 0, accepted: 0, duplicate: 0, quarantined: 0, suppressed: 0 };
  of[outcome] += count;
  of.received += count;
  if (of.received > 0) counts.set(source, of);
}

describe('every event received', () => {
  it('has one outcome, and the log alone tells how many had which, by source', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (documents) => {
        const { results, events } = await taking(documents);
        const recorded = new Map<string, OutcomeCounts>();
        for (const event of events) {
          if (event.type !== 'intake-receipt') continue;
          const { source, received, accepted, duplicates, quarantined, suppressed } = JSON.parse(event.data) as Receipt;
          const erased = Object.values(suppressed).reduce((sum, count) => sum + count, 0);
          expect(accepted + duplicates.length + quarantined + erased).toBe(received);
          add(recorded, source, 'accepted', accepted);
          add(recorded, source, 'duplicate', duplicates.length);
          add(recorded, source, 'quarantined', quarantined);
          add(recorded, source, 'suppressed', erased);
        }
        expect(recorded).toEqual(told(results));
        // What was accepted is there, once; what was quarantined is there, once.
        const count = (outcome: string): number => results.filter((result) => result.outcome === outcome).length;
        expect(events.filter(({ stream }) => stream.startsWith('subject-'))).toHaveLength(count('accepted'));
        expect(events.filter(({ type }) => type === 'event-quarantined')).toHaveLength(count('quarantined'));
        // Receipts are made within the commit, where nothing may fail: that they keep their contract is shown here.
        for (const { type, schemaVersion, data } of events)
          if (factOf(type) !== null)
            expect([data, validateFact(type, schemaVersion, JSON.parse(data))]).toEqual([data, { ok: true }]);
      }),
      { numRuns: 200 },
    );
  });

  it('has nothing new to tell when it comes again', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (documents) => {
        const { results } = await taking([...documents, ...documents]);
        const again = results.slice(results.length / 2);
        expect(again.filter(({ outcome }) => outcome === 'accepted' || outcome === 'quarantined')).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('has the same outcome but for its position in whatever batches it comes', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (documents) => {
        const outcomes = async (split: readonly (readonly unknown[])[]) =>
          (await taking(split)).results.map(({ outcome, code, source, id }) => ({ outcome, code, source, id }));
        expect(await outcomes([documents.flat()])).toEqual(
          await outcomes(documents.flat().map((document) => [document])),
        );
      }),
      { numRuns: 100 },
    );
  });
});
