import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AppendFault } from '../../../../test/services/eventstore/faults.js';
import { collect, contentHash, Samples } from '../../conformance/fixture.js';
import type { MovedEvent } from '../moving/moved-event.js';
import { eventUuid } from './ids.js';
import { onFakeServer } from './testdata/on-fake-server.js';

const on = onFakeServer();
const samples = new Samples();

/** What happens to the answers of a call, or to the call, without making the server leave one append out. */
const FAULTS: readonly AppendFault[] = [
  'break-before-commit',
  'break-after-commit',
  'break-after-answer',
  'end-silently',
  'lose-acknowledgement',
  'answer-twice',
  'time-out-then-commit',
  { slowMs: 10 },
  { slowMs: 250 },
  { answerAfterMs: 15 },
  { answerAfterMs: 250 },
];

/** Events of an old log, in runs of the same stream now and then, as `plan` says. */
function oldLog(plan: readonly number[]): MovedEvent[] {
  const streams = Array.from({ length: 5 }, () => samples.stream());
  return plan.map((at, index) => {
    const event = samples.event();
    return {
      ...event,
      contentHash: contentHash(event.id),
      stream: streams[at % 5] as string,
      position: index + 1,
      revision: 0,
      recordedAt: 1_000 + index,
    };
  });
}

describe.each([
  ['by BatchAppend', true],
  ['call by call', false],
])('events of another log, taken over %s,', (_, batchAppend) => {
  it('keep the order of the old log wherever the call breaks, and whatever becomes of its answers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 60 }),
        fc.array(fc.tuple(fc.nat({ max: 70 }), fc.constantFrom(...FAULTS)), { maxLength: 5 }),
        fc.integer({ min: 1, max: 60 }),
        async (plan, faults, pageSize) => {
          const server = await on.server({ batchAppend });
          const { log } = await on.log(server, { name: 'moved', timeouts: { attemptMs: 100 } });
          const at = new Map(faults);
          let calls = 0;
          server.faults.append = () => at.get((calls += 1)) ?? null;
          const events = oldLog(plan);
          for (let from = 0; from < events.length; from += pageSize)
            await log.importEvents(events.slice(from, from + pageSize));
          const held = server.log.events.filter(({ stream }) => stream.startsWith('moved.'));
          expect(held.map(({ id }) => id)).toEqual(events.map(eventUuid));
          await log.close();
          await server.stop();
        },
      ),
      { numRuns: 40 },
    );
  }, 300_000);

  it('keep it where the call breaks at each single append, before it, after it, and after its answer', async () => {
    const events = oldLog([0, 1, 1, 2, 0, 3, 3, 3, 4, 0]);
    for (const fault of ['break-before-commit', 'break-after-commit', 'break-after-answer', 'end-silently'] as const)
      for (let broken = 1; broken <= 7; broken += 1) {
        const server = await on.server({ batchAppend });
        const { log } = await on.log(server, { name: 'moved' });
        let calls = 0;
        server.faults.append = () => ((calls += 1) === broken ? fault : null);
        await log.importEvents(events);
        const held = server.log.events.filter(({ stream }) => stream.startsWith('moved.'));
        expect(held.map(({ id }) => id)).toEqual(events.map(eventUuid));
        expect(calls).toBeGreaterThanOrEqual(7);
        await log.close();
        await server.stop();
      }
  }, 120_000);

  it('are rejected where the target holds one of them elsewhere', async () => {
    const server = await on.server({ batchAppend });
    const { log } = await on.log(server, { name: 'moved' });
    const events = oldLog([0, 1, 2]);
    await log.importEvents(events);
    await expect(log.importEvents([...oldLog([0]), ...events.slice(1)])).rejects.toMatchObject({
      code: 'torn',
      message: expect.stringContaining('holds some of them elsewhere'),
    });
  });
});

describe('a server that rejects one append of an import by itself', () => {
  it('and stores later ones is noticed: what is there is not what was sent', async () => {
    const server = await on.server();
    const { log } = await on.log(server, { name: 'moved' });
    const events = oldLog([0, 1, 2, 3, 4]);
    let calls = 0;
    server.faults.append = () => ((calls += 1) === 3 ? 'not-ready' : null);
    await expect(log.importEvents(events)).rejects.toMatchObject({
      code: 'torn',
      message: expect.stringMatching(/without an earlier one.*move again/),
    });
    expect(calls).toBeGreaterThan(3);
  });

  it('is asked with one append alone first: so a node that is not ready yet leaves no gap', async () => {
    const server = await on.server();
    const { log } = await on.log(server, { name: 'moved' });
    const events = oldLog([0, 1, 2, 3, 4]);
    let calls = 0;
    server.faults.append = () => ((calls += 1) <= 2 ? 'not-ready' : null);
    await log.importEvents(events);
    expect((await collect(log.readAll(0))).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  });

  it('names what it rejects for good, and says that the new log must be deleted', async () => {
    const server = await on.server({ eventBytesMax: 10_000 });
    const { log } = await on.log(server, { name: 'moved' });
    const events = oldLog([0, 1, 2]).map((event, at) =>
      at === 1 ? { ...event, data: `"${'x'.repeat(20_000)}"` } : event,
    );
    await expect(log.importEvents(events)).rejects.toMatchObject({
      code: 'torn',
      message: expect.stringMatching(/cannot be taken over: .*MaxAppendEventSize.*delete the new log/),
    });
  });
});
