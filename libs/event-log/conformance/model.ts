import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AppendItem, EventLog, Expected, NewEvent, RecordedEvent, Verdict } from '#event-log';
import { collect, contentHash, Samples, type LogFixture } from './fixture.js';
import { expectNext } from './positions.js';

/** Random appends give the same verdicts and the same log as the same appends to a model. */
export function modelCases(given: () => LogFixture, model: () => EventLog): void {
  const samples = new Samples();

  const event = (prefix: string) =>
    fc
      .record({
        id: fc.integer({ min: 0, max: 12 }),
        source: fc.integer({ min: 0, max: 1 }),
        content: fc.integer({ min: 0, max: 2 }),
        bad: fc.integer({ min: 0, max: 20 }),
      })
      .map(({ id, source, content, bad }): NewEvent => ({
        source: `${prefix}/${source}`,
        id: bad === 0 ? '' : `${id}`.repeat(4),
        type: `type-${content}`,
        schemaVersion: 1,
        occurredAt: content,
        contentHash: contentHash(`${content}`),
        meta: '{}',
        data: `{"content":${content}}`,
      }));
  const expected: fc.Arbitrary<Expected> = fc.oneof(
    { weight: 4, arbitrary: fc.constant('any' as const) },
    fc.constantFrom('no-stream' as const, 'exists' as const, 0, 1, 2, 3),
  );
  const step = (prefix: string) => {
    const stream = fc.integer({ min: 0, max: 2 }).map((i) => `${prefix}-${i}`);
    const item: fc.Arbitrary<AppendItem> = fc.record({ stream, event: event(prefix), expected });
    return fc.oneof(
      fc.record({ kind: fc.constant('each' as const), items: fc.array(item, { maxLength: 8 }) }),
      fc.record({
        kind: fc.constant('whole' as const),
        stream,
        expected,
        events: fc.array(event(prefix), { maxLength: 4 }),
      }),
    );
  };

  it('random appends get the verdicts of the model, and are stored as the model stores them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step('p'), { maxLength: 12 }), async (steps) => {
        const { log } = given();
        const reference = model();
        // Streams and sources of this run alone: the log goes on from run to run, the model begins again.
        const own = samples.stream();
        const rename = (item: AppendItem): AppendItem => ({
          ...item,
          stream: own + item.stream,
          event: { ...item.event, source: own + item.event.source },
        });
        const { position: start } = await log.head();
        const compared: (readonly [readonly Verdict[], readonly Verdict[]])[] = [];
        for (const one of steps) {
          const verdicts = [log, reference].map((target) => {
            if (one.kind === 'each') return target.appendMany(one.items.map(rename));
            const items = one.events.map((event) => rename({ stream: one.stream, event }));
            return target.append(
              own + one.stream,
              one.expected,
              items.map((item) => item.event),
            );
          });
          const [real = [], ideal = []] = await Promise.all(verdicts);
          compared.push([real, ideal]);
        }
        const [real, ideal] = await Promise.all([collect(log.readAll(start)), collect(reference.readAll(0))]);
        for (const [verdicts, idealVerdicts] of compared)
          expect(verdicts.map((verdict) => placed(verdict, real))).toEqual(
            idealVerdicts.map((verdict) => placed(verdict, ideal)),
          );
        expectNext(given(), start, positions(real));
        const order = given().dense === true ? (all: readonly RecordedEvent[]) => all : byStream;
        expect(order(real).map((recorded) => placed(recorded, real))).toEqual(
          order(ideal).map((recorded) => placed(recorded, ideal)),
        );
        const streams = [0, 1, 2].map((i) => `${own}p-${i}`);
        for (const stream of streams)
          expect((await collect(log.read(stream))).map(({ id }) => id)).toEqual(
            (await collect(reference.read(stream))).map(({ id }) => id),
          );
        expect(order(await log.readStreams(streams)).map(({ id }) => id)).toEqual(
          order(await reference.readStreams(streams)).map(({ id }) => id),
        );
      }),
      { numRuns: 150 },
    );
    // A thousand appends one after the other: on a server that syncs its disk for each they take their time.
  }, 600_000);
}

const positions = (events: readonly RecordedEvent[]) => events.map(({ position }) => position);

/** The order of each stream, without that between streams. */
function byStream(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  return [...events].sort((a, b) => (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : a.revision - b.revision));
}

/**
 * With the event that stands at its position instead of the number, which each log counts in its own way, and without the
 * instant, which is the clock's business.
 */
function placed(value: Verdict | RecordedEvent, events: readonly RecordedEvent[]): object {
  const { recordedAt: _, position, ...rest } = value as Partial<RecordedEvent>;
  if (position === undefined) return rest;
  const there = events.find((event) => event.position === position);
  return { ...rest, at: there === undefined ? null : `${there.stream}@${there.revision}` };
}
