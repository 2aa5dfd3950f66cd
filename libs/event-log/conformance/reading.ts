import { expect, it } from '@jest/globals';
import type { NewEvent, RecordedEvent, Verdict } from '#event-log';
import { ascending, collect, followUntil, Samples, only, positionOf, statuses, type LogFixture } from './fixture.js';
import { expectNext } from './positions.js';

/** Reading and following: pages, bounds, order, and that nothing is missed while appends go on. */
export function readingCases(given: () => LogFixture): void {
  const samples = new Samples();
  const log = () => given().log;
  const positions = (events: readonly RecordedEvent[]) => events.map(({ position }) => position);
  const placesOf = (verdicts: readonly Verdict[]) => ascending(verdicts.map(positionOf));
  const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

  it('a missing stream is empty', async () => {
    expect(await collect(log().read(samples.stream()))).toEqual([]);
  });

  it('reads a stream from a revision on, in pages, in order', async () => {
    const stream = samples.stream();
    await log().appendMany(samples.items(25, stream));
    const sizes: number[] = [];
    const revisions: number[] = [];
    for await (const page of log().read(stream, 5, { pageSize: 8 })) {
      sizes.push(page.length);
      revisions.push(...page.map(({ revision }) => revision));
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8);
    expect(revisions).toEqual(from(5, 20));
  });

  it('reads nothing from behind the end of a stream', async () => {
    const stream = samples.stream();
    await log().appendMany(samples.items(2, stream));
    expect(await collect(log().read(stream, 2))).toEqual([]);
  });

  it('reads a stream up to a position', async () => {
    const stream = samples.stream();
    const verdicts = await log().appendMany(samples.items(5, stream));
    const upTo = positionOf(verdicts[2]);
    expect(await collect(log().read(stream, 0, { upTo }))).toHaveLength(3);
  });

  it('reads all events above a position, leaving none out, whatever the page size', async () => {
    const { position } = await log().head();
    const appended = placesOf(await log().appendMany(samples.items(20)));
    expectNext(given(), position, appended);
    for (const pageSize of [1, 7, 20, 1_000]) {
      const pages: number[][] = [];
      for await (const page of log().readAll(position, { pageSize })) pages.push(positions(page));
      expect(pages.flat()).toEqual(appended);
      // A page that is not full says that the head was reached.
      for (const page of pages.slice(0, -1)) expect(page).toHaveLength(pageSize);
    }
  });

  it('reads all events up to a position', async () => {
    const { position } = await log().head();
    const appended = placesOf(await log().appendMany(samples.items(10)));
    const upTo = appended[3] as number;
    expect(positions(await collect(log().readAll(position, { upTo, pageSize: 3 })))).toEqual(appended.slice(0, 4));
  });

  it('reads nothing above the head', async () => {
    const { position } = await log().head();
    expect(await collect(log().readAll(position))).toEqual([]);
    expect(await collect(log().readAll(position + 1_000))).toEqual([]);
  });

  it('rejects a page size that is none', async () => {
    await log().appendMany(samples.items(1));
    for (const pageSize of [0, -1, 1.5, Number.NaN])
      await expect(collect(log().readAll(0, { pageSize }))).rejects.toBeInstanceOf(RangeError);
  });

  it('leaves out data where it is not wanted, and nothing else', async () => {
    const { position } = await log().head();
    await log().appendMany(samples.items(3));
    const whole = await collect(log().readAll(position));
    const without = await collect(log().readAll(position, { without: 'data' }));
    expect(without).toEqual(whole.map((event) => ({ ...event, data: '{}' })));
  });

  it('gives the content hash where it is asked for, and nowhere else', async () => {
    const { position } = await log().head();
    const stream = samples.stream();
    const events = samples.events(2);
    await log().append(stream, 'any', events);
    const hashes = events.map(({ contentHash }) => Buffer.from(contentHash).toString('hex'));
    const hex = (read: readonly RecordedEvent[]) =>
      read.map(({ contentHash }) => (contentHash === undefined ? null : Buffer.from(contentHash).toString('hex')));
    const asked = { with: 'contentHash' } as const;
    expect(hex(await collect(log().readAll(position, asked)))).toEqual(hashes);
    expect(hex(await collect(log().read(stream, 0, asked)))).toEqual(hashes);
    expect(hex(await followUntil(log(), position, 2))).toEqual([null, null]);
    expect(hex(await collect(log().readAll(position)))).toEqual([null, null]);
  });

  it('an aborted reading ends without an error', async () => {
    const { position } = await log().head();
    await log().appendMany(samples.items(10));
    const stop = new AbortController();
    const seen: number[] = [];
    for await (const page of log().readAll(position, { pageSize: 2, signal: stop.signal })) {
      seen.push(...positions(page));
      if (seen.length === 4) stop.abort();
    }
    expect(seen).toHaveLength(4);
  });

  it('the feed of all events has each stream in revision order', async () => {
    const { position } = await log().head();
    const streams = [samples.stream(), samples.stream(), samples.stream()];
    await Promise.all(
      from(0, 30).map((i) => log().append(streams[i % 3] as string, 'any', [samples.event(), samples.event()])),
    );
    const next = new Map<string, number>();
    for (const { stream, revision } of await collect(log().readAll(position))) {
      expect(revision).toBe(next.get(stream) ?? 0);
      next.set(stream, revision + 1);
    }
    expect(streams.map((stream) => next.get(stream))).toEqual([20, 20, 20]);
  });

  // Many streams at once
  it('reads several streams together, in position order', async () => {
    const [a, b, c] = [samples.stream(), samples.stream(), samples.stream()];
    const verdicts = await log().appendMany([a, b, c, a, c, b].map((stream) => ({ stream, event: samples.event() })));
    const read = await log().readStreams([c, a, samples.stream()]);
    expect(positions(read)).toEqual(ascending([0, 2, 3, 4].map((i) => positionOf(verdicts[i]))));
    expect(read.map(({ stream }) => stream).sort()).toEqual([a, a, c, c].sort());
    if (given().dense === true) expect(read.map(({ stream }) => stream)).toEqual([a, c, a, c]);
  });

  it('reads several streams between two positions', async () => {
    const [a, b] = [samples.stream(), samples.stream()];
    const all = placesOf(
      await log().appendMany([a, b, a, b, a, b].map((stream) => ({ stream, event: samples.event() }))),
    ) as [number, number, number, number];
    expect(positions(await log().readStreams([a, b], { after: all[0], upTo: all[3] }))).toEqual(all.slice(1, 4));
  });

  it('reads what of long streams lies above a position, however much it is', async () => {
    const [a, b] = [samples.stream(), samples.stream()];
    const all = placesOf(
      await log().appendMany([...samples.items(70, a), ...samples.items(1, b), ...samples.items(5, a)]),
    );
    for (const behind of [0, 1, 5, 6, 20, 21, 75])
      expect(positions(await log().readStreams([a, b], { after: all[all.length - 1 - behind] ?? 0 }))).toEqual(
        ascending(all.slice(all.length - behind)),
      );
  });

  it('a stream named twice is read once', async () => {
    const stream = samples.stream();
    await log().appendMany(samples.items(2, stream));
    expect(await log().readStreams([stream, stream])).toHaveLength(2);
  });

  it('no streams, or only missing ones, are empty', async () => {
    expect(await log().readStreams([])).toEqual([]);
    expect(await log().readStreams([samples.stream(), samples.stream()])).toEqual([]);
  });

  it('reads two thousand streams together', async () => {
    const streams = from(0, 2_000).map(() => samples.stream());
    await log().appendMany(streams.map((stream) => ({ stream, event: samples.event() })));
    const read = await log().readStreams(streams);
    expect(positions(read)).toEqual(ascending(positions(read)));
    expect(read.map(({ stream }) => stream).sort()).toEqual([...streams].sort());
    if (given().dense === true) expect(read.map(({ stream }) => stream)).toEqual(streams);
  });

  // Head
  it('the head is what was appended last', async () => {
    const items = samples.items(3);
    const verdicts = await log().appendMany(items);
    const [last] = await log().find([items[2]?.event as NewEvent]);
    expect(await log().head()).toEqual({ position: positionOf(verdicts[2]), recordedAt: last?.recordedAt });
  });

  it('what was acknowledged is read at once', async () => {
    for (let i = 0; i < 20; i += 1) {
      const stream = samples.stream();
      const [verdict] = await log().append(stream, 'any', [samples.event()]);
      expect((await log().head()).position).toBeGreaterThanOrEqual(positionOf(verdict));
      expect(await collect(log().read(stream))).toHaveLength(1);
    }
  });

  // Following
  it('a follower sees what is there, and then what comes', async () => {
    const { position } = await log().head();
    const first = await log().appendMany(samples.items(5));
    const following = followUntil(log(), position, 8, 2);
    const then = await log().appendMany(samples.items(3));
    expect(positions(await following)).toEqual(placesOf([...first, ...then]));
  });

  it('a follower at the head waits for the next event', async () => {
    const { position } = await log().head();
    const following = followUntil(log(), position, 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const stream = samples.stream();
    const [verdict] = await log().append(stream, 'any', [samples.event()]);
    expect(only(await following)).toMatchObject({ position: positionOf(verdict), stream });
  });

  it('a follower from the beginning, of a log that may be empty, sees what is appended later', async () => {
    const before = positions(await collect(log().readAll(0)));
    const following = followUntil(log(), 0, before.length + 3);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const then = placesOf(await log().appendMany(samples.items(3)));
    expect(positions(await following)).toEqual([...before, ...then]);
  });

  it('a follower misses nothing and doubles nothing while many append', async () => {
    const { position } = await log().head();
    const following = followUntil(log(), position, 1_500, 37);
    const appends = from(0, 50).map(async (i) => {
      if (i % 3 === 0) await new Promise((resolve) => setTimeout(resolve, i));
      return log().appendMany(samples.items(30));
    });
    const appended = placesOf((await Promise.all(appends)).flat());
    expectNext(given(), position, appended);
    expect(positions(await following)).toEqual(appended);
  });

  it('several followers at different places each see everything', async () => {
    const { position } = await log().head();
    const all = placesOf(await log().appendMany(samples.items(10)));
    const followers = [0, 4, 10].map((skip) => followUntil(log(), all[skip - 1] ?? position, 20 - skip, 3));
    for (let i = 0; i < 10; i += 1)
      all.push(positionOf((await log().append(samples.stream(), 'any', [samples.event()]))[0]));
    const seen = await Promise.all(followers);
    expect(seen.map(positions)).toEqual([all, all.slice(4), all.slice(10)]);
  });

  it('a reader never sees a position before all below it', async () => {
    const { position } = await log().head();
    let appending = true;
    const appends = Promise.all(from(0, 30).map(() => log().appendMany(samples.items(20)))).then(() => {
      appending = false;
    });
    const looks: number[][] = [];
    while (appending) {
      looks.push(positions(await collect(log().readAll(position))));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await appends;
    const all = positions(await collect(log().readAll(position)));
    expect(all).toHaveLength(600);
    expectNext(given(), position, all);
    expect(looks.length).toBeGreaterThan(0);
    for (const seen of looks) expect(seen).toEqual(all.slice(0, seen.length));
  });

  it('an abort ends a follower that waits', async () => {
    const { position } = await log().head();
    const stop = new AbortController();
    const following = collect(log().follow(position, { signal: stop.signal }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort();
    expect(await following).toEqual([]);
  });

  it('a follower that is aborted before it begins sees nothing', async () => {
    await log().appendMany(samples.items(1));
    expect(await collect(log().follow(0, { signal: AbortSignal.abort() }))).toEqual([]);
  });

  it('a follower that leaves its loop does not block appends', async () => {
    const { position } = await log().head();
    await log().appendMany(samples.items(3));
    const stop = new AbortController();
    for await (const page of log().follow(position, { signal: stop.signal, pageSize: 1 })) {
      expect(page).toHaveLength(1);
      break;
    }
    expect(statuses(await log().append(samples.stream(), 'any', [samples.event()]))).toEqual(['accepted']);
  });

  it('a follower ends where it was told to', async () => {
    const { position } = await log().head();
    const appended = placesOf(await log().appendMany(samples.items(5)));
    const { signal } = new AbortController();
    const upTo = appended[2] as number;
    expect(positions(await collect(log().follow(position, { signal, upTo })))).toEqual(appended.slice(0, 3));
  });

  it('a slow follower is not overrun: it reads in its own time', async () => {
    const { position } = await log().head();
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const page of log().follow(position, { signal: stop.signal, pageSize: 10 })) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        seen.push(...positions(page));
        if (seen.length >= 200) stop.abort();
      }
    })();
    const appended: Verdict[] = [];
    for (let i = 0; i < 20; i += 1) appended.push(...(await log().appendMany(samples.items(10))));
    await following;
    expect(seen).toEqual(placesOf(appended));
  });
}
