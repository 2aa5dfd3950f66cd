import { expect, it } from '@jest/globals';
import { collect, Samples, positionOf, type LogFixture } from './fixture.js';

/** recordedAt never decreases along the log, so that "known at" is a position. */
export function timeCases(given: () => LogFixture): void {
  const samples = new Samples();
  const log = () => given().log;

  /** Runs a case only where a clock can be injected: elsewhere it writes that it was skipped. */
  const withClock = (title: string, run: (clock: { at: number }) => Promise<void>) =>
    it(title, async () => {
      const { clock } = given();
      if (clock === undefined) {
        process.stderr.write(`Skipped, because no clock can be injected: ${title}\n`);
        return;
      }
      clock.at = Math.max(clock.at, (await log().head()).recordedAt) + 1_000;
      await run(clock);
    });

  it('recordedAt never decreases along the log', async () => {
    await Promise.all(Array.from({ length: 20 }, () => log().appendMany(samples.items(5))));
    let last = Number.NEGATIVE_INFINITY;
    for await (const page of log().readAll(0))
      for (const { recordedAt } of page) {
        expect(recordedAt).toBeGreaterThanOrEqual(last);
        last = recordedAt;
      }
  });

  it('a verdict with an instant has the one that is read', async () => {
    const stream = samples.stream();
    const [verdict] = await log().append(stream, 'any', [samples.event()]);
    const [event] = await collect(log().read(stream));
    expect(event?.recordedAt).toEqual(expect.any(Number));
    if (verdict?.status === 'accepted' && verdict.recordedAt !== undefined)
      expect(verdict.recordedAt).toBe(event?.recordedAt);
    else expect(verdict).toMatchObject({ status: 'accepted' });
  });

  it('positionAt now is the head, and before everything is 0', async () => {
    await log().appendMany(samples.items(1));
    const head = await log().head();
    expect(await log().positionAt(head.recordedAt)).toBe(head.position);
    expect(await log().positionAt(Number.MAX_SAFE_INTEGER)).toBe(head.position);
    expect(await log().positionAt(-8.64e15)).toBe(0);
  });

  it('positionAt agrees with reading, at the instant of every event', async () => {
    await log().appendMany(samples.items(3));
    const events = await collect(log().readAll(0));
    const instants = [...new Set(events.map(({ recordedAt }) => recordedAt))].slice(-20);
    for (const instant of instants)
      for (const knownAt of [instant - 1, instant]) {
        const known = events.filter(({ recordedAt }) => recordedAt <= knownAt).at(-1)?.position ?? 0;
        expect(await log().positionAt(knownAt)).toBe(known);
      }
  });

  withClock('records the instant of the clock', async (clock) => {
    expect(await log().append(samples.stream(), 'any', [samples.event()])).toMatchObject([{ recordedAt: clock.at }]);
  });

  withClock('a clock that jumps back does not take recordedAt with it', async (clock) => {
    const before = clock.at;
    await log().append(samples.stream(), 'any', [samples.event()]);
    clock.at = before - 3_600_000;
    expect(await log().append(samples.stream(), 'any', [samples.event()])).toMatchObject([{ recordedAt: before }]);
    expect(await log().appendMany(samples.items(1))).toMatchObject([{ recordedAt: before }]);
    clock.at = before + 5;
    expect(await log().append(samples.stream(), 'any', [samples.event()])).toMatchObject([{ recordedAt: before + 5 }]);
  });

  withClock('all events of one batch have one instant', async (clock) => {
    const verdicts = await log().appendMany(samples.items(50));
    expect(new Set(verdicts.map((verdict) => 'recordedAt' in verdict && verdict.recordedAt))).toEqual(
      new Set([clock.at]),
    );
  });

  withClock('positionAt finds the last event at or before an instant', async (clock) => {
    const start = clock.at;
    const { position: before } = await log().head();
    const at: number[] = [];
    for (const wait of [0, 10, 0, 20]) {
      clock.at += wait;
      at.push(positionOf((await log().append(samples.stream(), 'any', [samples.event()]))[0]));
    }
    expect(await log().positionAt(start - 1)).toBe(before);
    expect(await log().positionAt(start)).toBe(at[0]);
    expect(await log().positionAt(start + 9)).toBe(at[0]);
    expect(await log().positionAt(start + 10)).toBe(at[2]);
    expect(await log().positionAt(start + 29)).toBe(at[2]);
    expect(await log().positionAt(start + 30)).toBe(at[3]);
  });
}
