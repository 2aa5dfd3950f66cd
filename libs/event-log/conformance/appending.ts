import { expect, it } from '@jest/globals';
import { LIMITS } from '#event-log';
import type { AppendItem, NewEvent } from '#event-log';
import { ascending, collect, Samples, only, positionOf, statuses, type LogFixture } from './fixture.js';
import { expectNext } from './positions.js';

/** Appending: order, expected revisions, all or nothing, a verdict for each item, what is rejected. */
export function appendingCases(given: () => LogFixture): void {
  const samples = new Samples();
  const log = () => given().log;

  it('gives the first event of a stream revision 0 and the next position', async () => {
    const { position } = await log().head();
    const [verdict] = await log().append(samples.stream(), 'no-stream', [samples.event()]);
    expect(verdict).toMatchObject({ status: 'accepted', revision: 0 });
    expectNext(given(), position, [positionOf(verdict)]);
  });

  it('counts revisions in each stream for itself, and positions over all', async () => {
    const [a, b] = [samples.stream(), samples.stream()];
    const { position } = await log().head();
    const verdicts = await log().appendMany([
      ...samples.items(2, a),
      ...samples.items(1, b),
      ...samples.items(1, a),
      ...samples.items(1, b),
    ]);
    expect(verdicts).toMatchObject([0, 1, 0, 2, 1].map((revision) => ({ status: 'accepted', revision })));
    const positions = verdicts.map(positionOf);
    expectNext(given(), position, given().dense === true ? positions : ascending(positions));
    for (const stream of [
      [0, 1, 3],
      [2, 4],
    ]) {
      const own = stream.map((i) => positions[i] as number);
      expect(own).toEqual(ascending(own));
    }
  });

  it('records every field as it was given', async () => {
    const stream = samples.stream();
    const event = samples.event({ schemaVersion: 7, occurredAt: -1, meta: '{"channel":"shop"}', data: '{"ü":"€"}' });
    await log().append(stream, 'any', [event]);
    const { contentHash: _, ...fields } = event;
    expect(only(await collect(log().read(stream)))).toMatchObject({ ...fields, stream, revision: 0 });
  });

  it('stores nothing for an empty append or an empty batch', async () => {
    const before = await log().head();
    expect(await log().append(samples.stream(), 'exists', [])).toEqual([]);
    expect(await log().appendMany([])).toEqual([]);
    expect(await log().appendMany([], [])).toEqual([]);
    expect(await log().head()).toEqual(before);
  });

  it('appends a whole batch of 5,000 in order', async () => {
    const items = samples.items(5_000);
    const { position } = await log().head();
    const verdicts = await log().appendMany(items);
    expectNext(given(), position, verdicts.map(positionOf));
    expect(verdicts.map((verdict) => 'revision' in verdict && verdict.revision)).toEqual(items.map((_, i) => i));
  });

  it('appends several events to one stream in one go', async () => {
    const stream = samples.stream();
    const events = samples.events(3);
    expect(await log().append(stream, 'no-stream', events)).toMatchObject([
      { status: 'accepted', revision: 0 },
      { status: 'accepted', revision: 1 },
      { status: 'accepted', revision: 2 },
    ]);
    expect((await collect(log().read(stream))).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  });

  // Expected revisions
  it('no-stream: rejects a stream that exists, with its actual revision', async () => {
    const stream = samples.stream();
    await log().append(stream, 'any', samples.events(2));
    expect(await log().append(stream, 'no-stream', [samples.event()])).toEqual([
      { status: 'wrong-revision', expected: 'no-stream', actual: 1 },
    ]);
  });

  it('exists: rejects a stream that does not exist', async () => {
    expect(await log().append(samples.stream(), 'exists', [samples.event()])).toEqual([
      { status: 'wrong-revision', expected: 'exists', actual: null },
    ]);
  });

  it('exists: accepts a stream that exists', async () => {
    const stream = samples.stream();
    await log().append(stream, 'any', [samples.event()]);
    expect(await log().append(stream, 'exists', [samples.event()])).toMatchObject([
      { status: 'accepted', revision: 1 },
    ]);
  });

  it('a revision: accepts a stream at that revision', async () => {
    const stream = samples.stream();
    await log().append(stream, 'any', samples.events(2));
    expect(await log().append(stream, 1, [samples.event()])).toMatchObject([{ status: 'accepted', revision: 2 }]);
  });

  it.each([
    ['behind', 0],
    ['ahead', 2],
  ])('a revision: rejects a stream at another revision (%s)', async (_, expected) => {
    const stream = samples.stream();
    await log().append(stream, 'any', samples.events(2));
    expect(await log().append(stream, expected, [samples.event()])).toEqual([
      { status: 'wrong-revision', expected, actual: 1 },
    ]);
  });

  it('a revision: rejects a stream that does not exist', async () => {
    expect(await log().append(samples.stream(), 0, [samples.event()])).toEqual([
      { status: 'wrong-revision', expected: 0, actual: null },
    ]);
  });

  it('any: accepts a stream whether or not it exists', async () => {
    const stream = samples.stream();
    expect(statuses(await log().append(stream, 'any', [samples.event()]))).toEqual(['accepted']);
    expect(statuses(await log().append(stream, 'any', [samples.event()]))).toEqual(['accepted']);
  });

  it('a wrong revision stores none of the append', async () => {
    const stream = samples.stream();
    await log().append(stream, 'any', [samples.event()]);
    const before = await log().head();
    expect(statuses(await log().append(stream, 'no-stream', samples.events(3)))).toEqual([
      'wrong-revision',
      'wrong-revision',
      'wrong-revision',
    ]);
    expect(await log().head()).toEqual(before);
  });

  it('in a batch, every item has its own expectation, and each sees those before it', async () => {
    const stream = samples.stream();
    const item = (expected: AppendItem['expected']): AppendItem => ({
      stream,
      event: samples.event(),
      ...(expected === undefined ? {} : { expected }),
    });
    const verdicts = await log().appendMany([
      item('exists'),
      item('no-stream'),
      item('no-stream'),
      item(0),
      item(0),
      item('exists'),
      item(undefined),
    ]);
    expect(statuses(verdicts)).toEqual([
      'wrong-revision',
      'accepted',
      'wrong-revision',
      'accepted',
      'wrong-revision',
      'accepted',
      'accepted',
    ]);
    expect(verdicts[4]).toEqual({ status: 'wrong-revision', expected: 0, actual: 1 });
  });

  it('of fifty who create one stream at once, one succeeds', async () => {
    const stream = samples.stream();
    const verdicts = await Promise.all(
      Array.from({ length: 50 }, () => log().append(stream, 'no-stream', [samples.event()])),
    );
    const all = statuses(verdicts.flat());
    expect(all.filter((status) => status === 'accepted')).toHaveLength(1);
    expect(all.filter((status) => status === 'wrong-revision')).toHaveLength(49);
    expect(await collect(log().read(stream))).toHaveLength(1);
  });

  it('of many who append at one revision, one succeeds each round', async () => {
    const stream = samples.stream();
    await log().append(stream, 'no-stream', [samples.event()]);
    for (let revision = 0; revision < 5; revision += 1) {
      const verdicts = await Promise.all(
        Array.from({ length: 8 }, () => log().append(stream, revision, [samples.event()])),
      );
      expect(statuses(verdicts.flat()).filter((status) => status === 'accepted')).toHaveLength(1);
    }
    expect((await collect(log().read(stream))).map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('concurrent batches give every event a position of its own', async () => {
    const { position } = await log().head();
    const verdicts = await Promise.all(Array.from({ length: 40 }, () => log().appendMany(samples.items(25))));
    const positions = verdicts.flat().map(positionOf);
    expect(positions).toHaveLength(1_000);
    expectNext(given(), position, ascending(positions));
  });

  it('one batch keeps the order of each stream in the log', async () => {
    const batches = await Promise.all(
      Array.from({ length: 10 }, () => {
        const streams = [samples.stream(), samples.stream()] as const;
        return log().appendMany(
          Array.from({ length: 20 }, (_, i) => ({ stream: streams[i % 2] as string, event: samples.event() })),
        );
      }),
    );
    for (const verdicts of batches) {
      const positions = verdicts.map(positionOf);
      if (given().dense === true) expect(positions).toEqual(ascending(positions));
      for (const stream of [0, 1]) {
        const own = positions.filter((_, i) => i % 2 === stream);
        expect(own).toEqual(ascending(own));
      }
    }
  });

  // Rejections
  const rejected: [string, (event: NewEvent) => Partial<NewEvent>, RegExp][] = [
    ['an empty id', () => ({ id: '' }), /id is empty/],
    ['an empty source', () => ({ source: '' }), /source is empty/],
    ['an empty type', () => ({ type: '' }), /type is empty/],
    ['an id that is too long', () => ({ id: 'i'.repeat(LIMITS.nameBytes + 1) }), /shorten/],
    ['an id with half a character', () => ({ id: 'a\ud800' }), /lone surrogate/],
    ['data with half a character', () => ({ data: '"\udc00"' }), /lone surrogate/],
    ['a NUL in an id', () => ({ id: 'a\0b' }), /NUL/],
    ['a NUL in data', () => ({ data: '"\0"' }), /NUL/],
    ['data that is not a string', () => ({ data: { n: 1 } as unknown as string }), /serialise/],
    ['a schema version of 0', () => ({ schemaVersion: 0 }), /schemaVersion/],
    ['an invalid instant', () => ({ occurredAt: Number.NaN }), /occurredAt/],
    ['half a millisecond', () => ({ occurredAt: 0.5 }), /occurredAt/],
    ['a content hash of another length', () => ({ contentHash: new Uint8Array(4) }), /contentHash/],
    ['an event above the limit', () => ({ data: `"${'x'.repeat(LIMITS.eventBytes)}"` }), /at most/],
    ['an event above the limit in bytes, not in characters', () => ({ data: `"${'€'.repeat(400_000)}"` }), /at most/],
  ];
  it.each(rejected)('rejects %s, says how to fix it, and stores its neighbours', async (_, change, reason) => {
    const [before, bad, after] = [samples.event(), samples.event(), samples.event()];
    const stream = samples.stream();
    const verdicts = await log().appendMany(
      [before, { ...bad, ...change(bad) }, after].map((event) => ({ stream, event })),
    );
    expect(statuses(verdicts)).toEqual(['accepted', 'rejected', 'accepted']);
    expect(verdicts[1]).toMatchObject({ reason: expect.stringMatching(reason) });
    expect((await collect(log().read(stream))).map(({ id }) => id)).toEqual([before.id, after.id]);
  });

  it('rejects a stream without a name, or with half a character', async () => {
    expect(statuses(await log().append('', 'any', [samples.event()]))).toEqual(['rejected']);
    expect(statuses(await log().append('s\udfff', 'any', [samples.event()]))).toEqual(['rejected']);
  });

  it('accepts an event exactly at the limit', async () => {
    const stream = samples.stream();
    const event = samples.event({ data: '""' });
    const fieldBytes = [stream, event.source, event.id, event.type, event.meta].join('').length;
    const data = `"${'x'.repeat(LIMITS.eventBytes - fieldBytes - 2)}"`;
    expect(statuses(await log().append(stream, 'any', [{ ...event, data }]))).toEqual(['accepted']);
    expect(only(await collect(log().read(stream))).data).toBe(data);
  });

  it('one rejected event rejects an append of all or nothing, and the verdicts of the others say why', async () => {
    const stream = samples.stream();
    const verdicts = await log().append(stream, 'any', [samples.event(), samples.event({ id: '' }), samples.event()]);
    expect(statuses(verdicts)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(verdicts[0]).toMatchObject({ reason: expect.stringContaining('item 1') });
    expect(verdicts[1]).toMatchObject({ reason: expect.stringContaining('id is empty') });
    expect(await collect(log().read(stream))).toEqual([]);
  });

  it('a rejected item leaves its id free for the fixed one', async () => {
    const event = samples.event();
    const stream = samples.stream();
    expect(statuses(await log().appendMany([{ stream, event: { ...event, schemaVersion: -1 } }]))).toEqual([
      'rejected',
    ]);
    expect(statuses(await log().appendMany([{ stream, event }]))).toEqual(['accepted']);
  });

  it.each([
    ['umlauts and emoji', 'Größe-🛍️-é'],
    ['what SQL and paths take for syntax', `a'b"c;--%_\\../*$`],
    ['a newline and a tab', 'a\nb\tc'],
    ['the two ways to write é', 'e\u0301 \u00e9'],
    ['right to left', 'مرحبا'],
  ])('keeps ids and streams with %s', async (_, text) => {
    const stream = `${samples.stream()}${text}`;
    const event = samples.event({ id: `${samples.id()}${text}`, source: `${samples.source()}${text}`, type: text });
    await log().append(stream, 'no-stream', [event]);
    expect(only(await collect(log().read(stream)))).toMatchObject({
      stream,
      id: event.id,
      source: event.source,
      type: text,
    });
    expect(only(await log().find([event]))).toMatchObject({ stream, id: event.id });
  });

  it.each([
    ['a UUID', '0189f7ea-4d3c-7b6a-8c1e-2f3a4b5c6d7e', '0189F7EA-4D3C-7B6A-8C1E-2F3A4B5C6D7E'],
    ['a UUID without its dashes', '0189f7ea-4d3c-7b6a-8c1e-2f3a4b5c6d7f', '0189f7ea4d3c7b6a8c1e2f3a4b5c6d7f'],
    ['hex', 'deadbeefcafe', 'DEADBEEFCAFE'],
    ['digits', '0012345678', '12345678'],
    ['trailing space', 'order-1', 'order-1 '],
    ['case', 'Order-1', 'order-1'],
    ['the two ways to write é', 'e\u0301', '\u00e9'],
  ])('treats ids that differ as different events: %s', async (_, one, other) => {
    const source = samples.source();
    const stream = samples.stream();
    const events = [samples.event({ source, id: one }), samples.event({ source, id: other })];
    expect(statuses(await log().append(stream, 'no-stream', events))).toEqual(['accepted', 'accepted']);
    expect((await collect(log().read(stream))).map(({ id }) => id)).toEqual([one, other]);
  });

  it('treats stream names that differ only in case as different streams', async () => {
    const hex = '00112233445566778899aabbccddee';
    const tail = (await log().head()).position.toString(16).padStart(2, '0').slice(-2);
    const [lower, upper] = [`subject-${hex}${tail}`, `subject-${hex.toUpperCase()}${tail}`];
    await log().append(lower, 'no-stream', [samples.event()]);
    expect(await collect(log().read(upper))).toEqual([]);
    expect(only(await collect(log().read(lower))).stream).toBe(lower);
  });
}
