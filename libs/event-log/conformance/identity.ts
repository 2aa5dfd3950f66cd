import { expect, it } from '@jest/globals';
import { Samples, only, positionOf, type LogFixture } from './fixture.js';

/** Which log it is, and what stands at a position: what stores beside the log compare themselves with. */
export function identityCases(given: () => LogFixture): void {
  const samples = new Samples();
  const log = () => given().log;

  it('has an identity that stays the same', async () => {
    const identity = await log().identity();
    expect(identity).toEqual({
      logId: expect.stringMatching(/^[0-9a-f]{32}$/),
      copyId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    await log().append(samples.stream(), 'any', [samples.event()]);
    expect(await log().identity()).toEqual(identity);
  });

  it('becomes another copy of the same log', async () => {
    const before = await log().identity();
    const after = await log().becomeAnotherCopy();
    expect(after.logId).toBe(before.logId);
    expect(after.copyId).not.toBe(before.copyId);
    expect(await log().identity()).toEqual(after);
  });

  it('gives the event at a position with its content hash', async () => {
    const event = samples.event();
    const position = positionOf(only(await log().append(samples.stream(), 'any', [event])));
    const found = await log().at(position);
    expect(found).toMatchObject({ position, source: event.source, id: event.id, data: event.data });
    expect(Buffer.from(found?.contentHash ?? [])).toEqual(Buffer.from(event.contentHash));
  });

  it('gives null where no event stands: before the first, and beyond the head', async () => {
    expect(await log().at(0)).toBeNull();
    expect(await log().at((await log().head()).position + 1_000_003)).toBeNull();
  });
}
