import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FakeServer } from '../../../../test/services/eventstore/fake-server.js';
import { acquire, release } from './shared-connections.js';
import { TIMEOUTS } from './connection.js';
import { Feed } from './feed.js';
import { positionOf } from './stored-event.js';

const NOWHERE = { commit: 0xffff_ffff_ffff_ffffn, prepare: 0xffff_ffff_ffff_ffffn };

/** One checkpoint that a server adds, as a place relative to what it has just looked at. */
type CheckpointPlace = 'looked-at' | 'between' | 'next' | 'next-with-0' | 'nowhere' | 'earlier';

interface Case {
  readonly version: string;
  /** What is written in turn: so many events of ours, then so many of others. */
  readonly writes: readonly { readonly ours: number; readonly others: number }[];
  /** Added after each event that a subscription looked at, one after the other, from the beginning again. */
  readonly told: readonly (readonly CheckpointPlace[])[];
  /** After so many events a subscription breaks, ends or falls silent; then it works. */
  readonly breaks: readonly { readonly after: number; readonly then: 'break' | 'end' | 'stall' }[];
  readonly limit: number;
}

const cases: fc.Arbitrary<Case> = fc.record({
  version: fc.constantFrom('22.10.5', '23.10.8', '24.6.0', '24.10.14', '25.0.0'),
  writes: fc.array(fc.record({ ours: fc.nat(6), others: fc.oneof(fc.nat(5), fc.constantFrom(31, 32, 64)) }), {
    minLength: 1,
    maxLength: 8,
  }),
  told: fc.array(
    fc.array(fc.constantFrom<CheckpointPlace>('looked-at', 'between', 'next', 'next-with-0', 'nowhere', 'earlier'), {
      maxLength: 3,
    }),
    { minLength: 1, maxLength: 8 },
  ),
  breaks: fc.array(
    fc.record({ after: fc.nat(5), then: fc.constantFrom('break' as const, 'end' as const, 'stall' as const) }),
    { maxLength: 6 },
  ),
  limit: fc.integer({ min: 1, max: 20 }),
});

/** Where they lie. */
function placesOf(told: readonly CheckpointPlace[], lookedAt: bigint, next: bigint) {
  return told.map((kind) => {
    switch (kind) {
      case 'looked-at':
        return { commit: lookedAt, prepare: lookedAt };
      case 'between':
        return { commit: lookedAt + 1n, prepare: lookedAt + 1n };
      case 'next':
        return { commit: next, prepare: next };
      case 'next-with-0':
        return { commit: next, prepare: 0n };
      case 'earlier':
        return { commit: lookedAt - lookedAt / 3n, prepare: 0n };
      default:
        return NOWHERE;
    }
  });
}

describe('a feed', () => {
  const closing: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  it('gives every event once and in order, whatever checkpoints come and wherever its subscriptions break', async () => {
    let moved = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ version, writes, told, breaks, limit }) => {
        const server = await FakeServer.start({ version });
        closing.push(() => server.stop());
        const connection = acquire(server.connectionString, { ...TIMEOUTS, attemptMs: 400, silenceMs: 60 }, {});
        closing.push(() => release(connection));
        const stop = new AbortController();
        const ours = () =>
          server.log.events.filter(({ stream }) => stream === 'ours.one').map(({ position }) => Number(position));
        let looked = 0;
        server.faults.checkpoints = ({ lookedAt, next }) =>
          placesOf(told[(looked += 1) % told.length] as readonly CheckpointPlace[], lookedAt, next);
        let subscriptions = 0;
        server.faults.read = ({ subscription }) => (subscription ? (breaks[(subscriptions += 1) - 1] ?? null) : null);
        const feed = new Feed(connection, 0, {
          prefix: 'ours.',
          signal: stop.signal,
          head: async () => ours().at(-1) ?? 0,
        });
        closing.push(() => feed.close());
        const seen: number[] = [];
        const reading = (async () => {
          for (let events = await feed.take(limit); events.length > 0; events = await feed.take(limit))
            for (const { event } of events) if (event !== undefined) seen.push(positionOf(event));
        })();
        for (const { ours: own, others } of writes) {
          server.writeForeign('ours.one', own);
          server.writeForeign('others', others);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        server.writeForeign('ours.one', 1);
        const until = Date.now() + 60_000;
        while (seen.length < ours().length && Date.now() < until)
          await new Promise((resolve) => setTimeout(resolve, 5));
        stop.abort();
        feed.close();
        await reading;
        expect(seen).toEqual(ours());
        if (server.subscribedFrom.some((from) => from > 0 && !ours().includes(from))) moved += 1;
        for (const close of closing.splice(0).reverse()) await close();
      }),
      { numRuns: 40 },
    );
    // Some began again at a checkpoint, not at an event of ours: else nothing was tried.
    expect(moved).toBeGreaterThan(0);
  });
});
