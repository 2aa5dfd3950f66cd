import { expect, it } from '@jest/globals';
import { collect, contentHash, Samples, positionOf, statuses, type LogFixture } from './fixture.js';
import { expectNext } from './positions.js';

/** (source, id) identifies an event for ever: what becomes of a second event with a known id. */
export function deduplicationCases(given: () => LogFixture): void {
  const samples = new Samples();
  const log = () => given().log;

  it('the same event again is a duplicate of the first position', async () => {
    const event = samples.event();
    const stream = samples.stream();
    const first = await log().append(stream, 'any', [event]);
    expect(await log().append(stream, 'any', [event])).toEqual([
      { status: 'duplicate', position: positionOf(first[0]) },
    ]);
    expect(await collect(log().read(stream))).toHaveLength(1);
  });

  it('the same id with other content is id-reused, with the position of the first', async () => {
    const event = samples.event();
    const stream = samples.stream();
    const first = await log().append(stream, 'any', [event]);
    const other = { ...event, data: '{"other":1}', contentHash: contentHash('other') };
    const verdict = { status: 'id-reused', position: positionOf(first[0]) };
    expect(await log().append(stream, 'any', [other])).toEqual([verdict]);
    expect(await log().appendMany([{ stream, event: other }])).toEqual([verdict]);
    expect((await log().find([event]))[0]?.data).toBe(event.data);
  });

  it('the content hash decides, not the text: what a retry may change is left out of it by the caller', async () => {
    const event = samples.event();
    const stream = samples.stream();
    await log().append(stream, 'any', [event]);
    const retried = { ...event, meta: '{"receivedAt":2}', data: '{"written":"otherwise"}', occurredAt: 5 };
    expect(statuses(await log().append(stream, 'any', [retried]))).toEqual(['duplicate']);
    expect((await log().find([event]))[0]).toMatchObject({ meta: event.meta, data: event.data });
  });

  it('the same id of another source is another event', async () => {
    const event = samples.event();
    const stream = samples.stream();
    const other = { ...event, source: samples.source() };
    expect(statuses(await log().appendMany([event, other].map((event) => ({ stream, event }))))).toEqual([
      'accepted',
      'accepted',
    ]);
  });

  it('the same event for another stream is a duplicate all the same', async () => {
    const event = samples.event();
    await log().append(samples.stream(), 'any', [event]);
    const elsewhere = samples.stream();
    expect(statuses(await log().append(elsewhere, 'no-stream', [event]))).toEqual(['duplicate']);
    expect(await collect(log().read(elsewhere))).toEqual([]);
    expect(statuses(await log().append(elsewhere, 'no-stream', [samples.event()]))).toEqual(['accepted']);
  });

  it('the same event under another type, with the same content hash, is a duplicate', async () => {
    const event = samples.event();
    const stream = samples.stream();
    await log().append(stream, 'any', [event]);
    expect(statuses(await log().append(stream, 'any', [{ ...event, type: `never-seen-${event.id}` }]))).toEqual([
      'duplicate',
    ]);
  });

  it('within a batch, the second is a duplicate of the first', async () => {
    const event = samples.event();
    const stream = samples.stream();
    const verdicts = await log().appendMany([event, samples.event(), event].map((event) => ({ stream, event })));
    expect(statuses(verdicts)).toEqual(['accepted', 'accepted', 'duplicate']);
    expect(positionOf(verdicts[2])).toBe(positionOf(verdicts[0]));
  });

  it('within a batch, the second with other content is id-reused', async () => {
    const event = samples.event();
    const stream = samples.stream();
    const other = { ...event, contentHash: contentHash('other') };
    const verdicts = await log().appendMany([event, other, event].map((event) => ({ stream, event })));
    expect(statuses(verdicts)).toEqual(['accepted', 'id-reused', 'duplicate']);
  });

  it('a duplicate takes no position and no revision', async () => {
    const event = samples.event();
    const stream = samples.stream();
    const { position } = await log().head();
    const verdicts = await log().appendMany([event, event, samples.event()].map((event) => ({ stream, event })));
    expect(verdicts[2]).toMatchObject({ status: 'accepted', revision: 1 });
    expectNext(given(), position, [positionOf(verdicts[0]), positionOf(verdicts[2])]);
    expect(await collect(log().readAll(position))).toHaveLength(2);
  });

  it('of fifty who append one event at once, one is accepted and the others are its duplicates', async () => {
    const item = { stream: samples.stream(), event: samples.event() };
    const verdicts = (await Promise.all(Array.from({ length: 50 }, () => log().appendMany([item])))).flat();
    expect(statuses(verdicts).filter((status) => status === 'accepted')).toHaveLength(1);
    expect(statuses(verdicts).filter((status) => status === 'duplicate')).toHaveLength(49);
    expect(new Set(verdicts.map(positionOf)).size).toBe(1);
  });

  it('a whole append again is all duplicates, whatever the expected revision says now', async () => {
    const events = samples.events(3);
    const stream = samples.stream();
    const first = await log().append(stream, 'no-stream', events);
    expect(await log().append(stream, 'no-stream', events)).toEqual(
      first.map((verdict) => ({ status: 'duplicate', position: positionOf(verdict) })),
    );
    expect(await collect(log().read(stream))).toHaveLength(3);
  });

  it('in a batch, what is on record decides before the expected revision', async () => {
    const event = samples.event();
    const stream = samples.stream();
    await log().append(stream, 'no-stream', [event]);
    const reused = { ...event, contentHash: contentHash('other') };
    expect(
      statuses(
        await log().appendMany([
          { stream, event, expected: 'no-stream' },
          { stream, event: reused, expected: 'no-stream' },
        ]),
      ),
    ).toEqual(['duplicate', 'id-reused']);
  });

  it('a partial repeat of an append stores nothing, and says which event stands in the way', async () => {
    const stream = samples.stream();
    const [known, fresh] = [samples.event(), samples.event()];
    await log().append(stream, 'any', [known]);
    const verdicts = await log().append(stream, 'any', [fresh, known]);
    expect(statuses(verdicts)).toEqual(['rejected', 'duplicate']);
    expect(verdicts[0]).toMatchObject({ reason: expect.stringContaining('item 1') });
    expect(await log().find([fresh])).toEqual([null]);
  });

  it('an append with a reused id stores nothing', async () => {
    const stream = samples.stream();
    const [known, fresh] = [samples.event(), samples.event()];
    await log().append(stream, 'any', [known]);
    const reused = { ...known, contentHash: contentHash('other') };
    expect(statuses(await log().append(stream, 'any', [fresh, reused]))).toEqual(['rejected', 'id-reused']);
    expect(await log().find([fresh])).toEqual([null]);
  });

  it('an append that holds one event twice stores nothing', async () => {
    const stream = samples.stream();
    const event = samples.event();
    const verdicts = await log().append(stream, 'any', [event, event]);
    expect(statuses(verdicts)).toEqual(['rejected', 'rejected']);
    expect(verdicts[1]).toMatchObject({ reason: expect.stringContaining('item 0') });
    expect(await log().find([event])).toEqual([null]);
  });

  it('an event that met a wrong revision may come again', async () => {
    const stream = samples.stream();
    const event = samples.event();
    expect(statuses(await log().append(stream, 'exists', [event]))).toEqual(['wrong-revision']);
    expect(statuses(await log().append(stream, 'no-stream', [event]))).toEqual(['accepted']);
  });

  it('a thousand events again are a thousand duplicates', async () => {
    const items = samples.items(1_000);
    const first = await log().appendMany(items);
    const head = await log().head();
    expect(await log().appendMany(items)).toEqual(
      first.map((verdict) => ({ status: 'duplicate', position: positionOf(verdict) })),
    );
    expect(await log().head()).toEqual(head);
  });

  it('source and id are told apart: their joint is not ambiguous', async () => {
    const stream = samples.stream();
    const source = samples.source();
    const events = [
      samples.event({ source: `${source}a`, id: 'bc' }),
      samples.event({ source: `${source}ab`, id: 'c' }),
    ];
    expect(statuses(await log().append(stream, 'any', events))).toEqual(['accepted', 'accepted']);
  });

  it('find returns the recorded event of each id, in the order of the request, and null for an unknown one', async () => {
    const stream = samples.stream();
    const [a, b] = [samples.event(), samples.event()];
    await log().append(stream, 'any', [a, b]);
    const found = await log().find([
      b,
      { source: a.source, id: samples.id() },
      a,
      { source: samples.source(), id: a.id },
    ]);
    expect(found.map((event) => event?.id ?? null)).toEqual([b.id, null, a.id, null]);
    expect(found[0]).toMatchObject({ stream, revision: 1, data: b.data });
  });

  it('find of nothing is nothing', async () => {
    expect(await log().find([])).toEqual([]);
  });
}
