import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { memoryLog } from '#testing';
import type { EventLog, RecordedEvent } from '#event-log';
import { foldCustomer, policyTimeline, RESOLUTION_RULES, resolveCustomers } from '#lifecycle';
import { DAY, subjectOfStream } from '#contracts';
import type { Database } from '#database';
import { inOrder } from '../folding/fold-one.js';
import { emptyFacts, gather } from '../indexing/page-facts.js';
import { Projector } from '../processor/projector.js';
import { day, appendAll } from '../testdata/touchpoints.js';
import { shuffled, world } from '../testdata/world.js';
import { openStore, type OpenedStore } from '#testing/stores';

interface PublishedRow extends Record<string, unknown> {
  customer_id: string;
  kind: string;
  cycle: number;
  stage: string;
  phase: string;
  entered_at: number;
  at: number;
  position: number;
}

const POLICIES = policyTimeline([]);

/** A customer's state at an instant, as known at a position: by the rules alone, without any table. */
function stateOf(events: readonly RecordedEvent[], customerId: string, asOf: number, position: number) {
  const known = events.filter((event) => event.position <= position);
  const facts = gather(emptyFacts(), known);
  const { customerOf } = resolveCustomers(
    [...facts.subjects.values()],
    facts.links.map((link) => ({ ...link, origin: 'touchpoint' as const })),
    RESOLUTION_RULES,
  );
  const own = known.filter((event) => customerOf.get(subjectOfStream(event.stream) ?? '') === customerId);
  const due = own.filter((event) => event.occurredAt <= asOf);
  return foldCustomer({ events: inOrder(due), policies: POLICIES, asOf }).view;
}

async function allOf(log: EventLog): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for await (const page of log.readAll(0)) all.push(...page);
  return all;
}

describe('published stage changes', () => {
  let store: OpenedStore;
  beforeAll(async () => {
    store = await openStore('pglite');
  });
  afterAll(async () => {
    await store.stop();
  });

  it('equal the customer’s state at their instant, as known at their position, for any order of arrival', async () => {
    const { database } = store as { database: Database };
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer(), fc.integer({ min: 1, max: 40 }), async (seed, order, chunk) => {
        await store.wipe();
        let now = day(300);
        const clock = { now: () => now };
        const log = memoryLog({ clock });
        const projector = await Projector.open({ database, log, clock, snapshotEvery: 3 });
        const items = shuffled(world(seed, 4, 10), order);
        for (let at = 0; at < items.length; at += chunk) {
          await appendAll(log, items.slice(at, at + chunk));
          await projector.catchUp();
          now += 5 * DAY;
        }
        const events = await allOf(log);
        const published = await database.query<PublishedRow>('SELECT * FROM perennial.published');
        expect(published.length).toBeGreaterThan(0);
        for (const row of published) {
          if (row.kind === 'retracted') continue;
          const { customer_id, cycle, stage, phase, entered_at, at, position } = row;
          const view = stateOf(events, customer_id, row.kind === 'entered' ? at : at - 1, position);
          const expected = { customer_id, cycle, stage, phase, enteredAt: entered_at };
          expect({
            ...expected,
            cycle: view?.cycle,
            stage: view?.stage,
            phase: view?.phase,
            enteredAt: view?.enteredAt,
          }).toEqual(expected);
          if (row.kind === 'left') expect(stateOf(events, customer_id, at, position)?.enteredAt).toBe(at);
        }
        // The publications that stand are the stage periods of the tables, no more and no less.
        const standing = await database.query(
          `SELECT customer_id, kind, cycle, phase, at FROM perennial.published WHERE NOT retracted AND kind <> 'retracted'
            ORDER BY customer_id, at, kind`,
        );
        const held = await database.query(
          `SELECT customer_id, 'entered' AS kind, cycle, phase, entered_at AS at FROM rm_1.stage_periods
           UNION ALL SELECT customer_id, 'left', cycle, phase, left_at FROM rm_1.stage_periods WHERE left_at IS NOT NULL
            ORDER BY customer_id, at, kind`,
        );
        expect(standing).toEqual(held);
      }),
      { numRuns: 10 },
    );
  }, 300_000);
});
