import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { collect, Samples, statuses, type LogFixture } from './fixture.js';

/** Closing: what was asked before is stored, what is asked after is rejected. */
export function closingCases(openFixture: () => Promise<LogFixture>): void {
  const samples = new Samples();
  let fixture: LogFixture;
  beforeEach(async () => {
    fixture = await openFixture();
  });
  afterEach(async () => {
    await fixture.log.close();
    await fixture.close();
  });

  it('a closed log answers every call with an error that says so', async () => {
    const { log } = fixture;
    await log.close();
    const closed = { name: 'EventLogError', code: 'closed' };
    await expect(log.append(samples.stream(), 'any', [samples.event()])).rejects.toMatchObject(closed);
    await expect(log.appendMany(samples.items(1))).rejects.toMatchObject(closed);
    await expect(collect(log.read(samples.stream()))).rejects.toMatchObject(closed);
    await expect(log.readStreams([samples.stream()])).rejects.toMatchObject(closed);
    await expect(collect(log.readAll(0))).rejects.toMatchObject(closed);
    await expect(log.find([samples.event()])).rejects.toMatchObject(closed);
    await expect(log.head()).rejects.toMatchObject(closed);
    await expect(log.positionAt(0)).rejects.toMatchObject(closed);
  });

  it('closing twice is closing once', async () => {
    await fixture.log.close();
    await expect(fixture.log.close()).resolves.toBeUndefined();
  });

  it('a follower of a log that closes ends with an error that says so', async () => {
    const { log } = fixture;
    const { position } = await log.head();
    const following = collect(log.follow(position, { signal: new AbortController().signal }));
    const ended = expect(following).rejects.toMatchObject({ code: 'closed' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await log.close();
    await ended;
  });

  it('appends that were asked before closing are stored and answered', async () => {
    const { log } = fixture;
    const asked = Array.from({ length: 10 }, () => log.appendMany(samples.items(10)));
    const closed = log.close();
    expect(statuses((await Promise.all(asked)).flat())).toEqual(Array.from({ length: 100 }, () => 'accepted'));
    await closed;
  });
}
