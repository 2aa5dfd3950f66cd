import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AppendItem, EventLog, Expected, NewEvent, RecordedEvent, Verdict } from '../port.js';
import { collect, contentHash, Names, type LogFixture } from './fixture.js';

/** Random appends give the same verdicts and the same log as the same appends to a model. */
export function modelCases(given: () => LogFixture, model: () => EventLog): void {
  const names = new Names();

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

  it('random appends are judged and stored as the model does it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step('p'), { maxLength: 12 }), async (steps) => {
        const { log } = given();
        const reference = model();
        // A run's own names: the log goes on from run to run, the model begins anew.
        const own = names.stream();
        const rename = (item: AppendItem): AppendItem => ({
          ...item,
          stream: own + item.stream,
          event: { ...item.event, source: own + item.event.source },
        });
        const { position: start } = await log.head();
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
          const [real, ideal] = await Promise.all(verdicts);
          expect(real?.map((verdict) => relative(verdict, start))).toEqual(
            ideal?.map((verdict) => relative(verdict, 0)),
          );
        }
        const [real, ideal] = await Promise.all([collect(log.readAll(start)), collect(reference.readAll(0))]);
        expect(real.map((recorded) => relative(recorded, start))).toEqual(
          ideal.map((recorded) => relative(recorded, 0)),
        );
        const streams = [0, 1, 2].map((i) => `${own}p-${i}`);
        for (const stream of streams)
          expect((await collect(log.read(stream))).map(({ id }) => id)).toEqual(
            (await collect(reference.read(stream))).map(({ id }) => id),
          );
        expect((await log.readStreams(streams)).map(({ id }) => id)).toEqual(
          (await reference.readStreams(streams)).map(({ id }) => id),
        );
      }),
      { numRuns: 150 },
    );
  });
}

/** Counted from where the run began, and without the instant, which is the clock's business. */
function relative(value: Verdict | RecordedEvent, start: number): object {
  const { recordedAt: _, ...rest } = value as Partial<RecordedEvent>;
  return rest.position === undefined ? rest : { ...rest, position: rest.position - start };
}
