import { EventLogError } from '../port.js';
import type { AppendItem, Expected, Positions, ReceiptDraft, Verdict } from '../port.js';
import type { MovedEvent } from '../moving/moved-event.js';
import { receiptsOf } from '../receipt.js';
import { decideWhole, rejectionOf } from '../append-rules.js';
import { appendOnce, type AppendOutcome, type Place } from './appender.js';
import type { Connection } from './connection.js';
import type { IdTable, KnownId } from './ids.js';
import { foundById, Deduplication, verdictOnKnown } from './deduplication.js';
import { InFlightIds } from './in-flight-ids.js';
import { OrderedImport, type ImportGroup } from './ordered-import.js';
import { APPEND_BYTES_MAX, sendable, sizeRejection, type Sendable } from './stored-event.js';

/** Events of one stream that are sent in one append, at most, and what they may take together. */
const GROUP_MAX = 500;
const GROUP_BYTES_MAX = APPEND_BYTES_MAX / 2;

/** An item with what is sent for it. */
interface Prepared {
  readonly index: number;
  readonly item: AppendItem;
  readonly sendable: Sendable;
}

/** Appends batches: the event ids on record decide first, then the server. */
export class BatchAppender {
  readonly deduplication: Deduplication;
  readonly #inFlight = new InFlightIds();
  readonly #pending = new Set<Promise<unknown>>();
  readonly #imports: OrderedImport;

  constructor(
    private readonly connection: Connection,
    ids: IdTable,
    private readonly prefix: string,
  ) {
    this.deduplication = new Deduplication(connection, ids);
    this.#imports = new OrderedImport(connection, prefix);
  }

  /** All events to one stream, or none. */
  whole(expected: Expected, items: readonly AppendItem[]): Promise<readonly Verdict[]> {
    return this.#counted(this.#whole(expected, items));
  }

  /** Each item by itself; each stream's in their order; then the receipts. */
  each(
    items: readonly AppendItem[],
    drafts: readonly ReceiptDraft[],
    positions: Positions,
  ): Promise<readonly Verdict[]> {
    return this.#counted(this.#eachWithReceipts(items, drafts, positions));
  }

  /** Events of another log, as they were recorded there and in their order. One call at a time. */
  import(events: readonly MovedEvent[]): Promise<void> {
    return this.#counted(this.#import(events));
  }

  /** Resolves when no append is pending. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  async #counted<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work);
    try {
      return await work;
    } finally {
      this.#pending.delete(work);
    }
  }

  async #whole(expected: Expected, items: readonly AppendItem[]): Promise<readonly Verdict[]> {
    // What cannot be stored is rejected without a request to the server.
    if (items.some((item) => rejectionOf({ ...item, expected }) !== null)) {
      const rejected = decideWhole(
        items,
        expected,
        () => assumed(expected),
        () => null,
      );
      if (rejected !== null) return rejected;
    }
    const prepared = items.map((item, index) => ({ index, item, sendable: sendable(item.event) }));
    const tooLarge = this.#tooLargeTogether(prepared);
    if (tooLarge !== null) return tooLarge;
    const uuids = prepared.map((one) => one.sendable.uuid);
    return this.#inFlight.with(uuids, async () => {
      const { known, floor } = await this.deduplication.of(uuids);
      const verdicts = this.#decideWhole(prepared, expected, known);
      if (verdicts !== null) return verdicts;
      // A revision that the server enforces tells whether the events are there.
      if (expected === 'any' || expected === 'exists') this.deduplication.mustHaveCaughtUp();
      const outcome = await this.#append(prepared, expected, floor);
      if (
        outcome.status === 'wrong-revision' &&
        (expected === 'any' || expected === 'exists') &&
        outcome.actual !== null
      )
        return this.#partlyThere(prepared, expected, known);
      return prepared.map((one, at) => this.#verdictOn(one, outcome, expected, at, floor));
    });
  }

  #decideWhole(
    prepared: readonly Prepared[],
    expected: Expected,
    known: ReadonlyMap<string, KnownId>,
  ): readonly Verdict[] | null {
    const uuidOf = new Map(prepared.map(({ item, sendable: { uuid } }) => [item, uuid]));
    return decideWhole(
      prepared.map(({ item }) => item),
      expected,
      () => assumed(expected),
      (item) => foundById(known.get(uuidOf.get(item) ?? ''), item),
    );
  }

  /** The server knew some of the ids, which neither the table nor this process did: another process appended them just now. */
  async #partlyThere(
    prepared: readonly Prepared[],
    expected: Expected,
    known: ReadonlyMap<string, KnownId>,
  ): Promise<readonly Verdict[]> {
    const stream = `${this.prefix}${prepared[0]?.item.stream ?? ''}`;
    const uuids = prepared.map((one) => one.sendable.uuid);
    const all = new Map([...(await this.deduplication.inStream(stream, uuids)), ...known]);
    for (const [uuid, one] of all) this.deduplication.remember(uuid, one);
    const verdicts = this.#decideWhole(prepared, expected, all);
    if (verdicts !== null) return verdicts;
    return prepared.map(() => ({
      status: 'rejected',
      reason:
        'The server takes some of these events for repetitions, and they cannot be found: append them one by one.',
    }));
  }

  async #import(events: readonly MovedEvent[]): Promise<void> {
    const prepared = events.map((event, index): Prepared => {
      const item = { stream: event.stream, event };
      const one = { index, item, sendable: sendable(event, event) };
      const rejection = rejectionOf(item) ?? sizeRejection(item, one.sendable.bytes);
      if (rejection !== null)
        throw new EventLogError('torn', `The event ${event.id} of ${event.source} cannot be taken over: ${rejection}`);
      return one;
    });
    const groups: ImportGroup[] = [];
    for (let next = 0; next < prepared.length;) {
      const group = this.#group(prepared, next, ({ item }) => item.stream === prepared[next]?.item.stream);
      const { stream } = (group[0] as Prepared).item;
      groups.push({
        request: { stream: `${this.prefix}${stream}`, expected: 'any', events: group.map((one) => one.sendable) },
        events: events.slice(next, next + group.length),
      });
      next += group.length;
    }
    await this.#imports.append(groups, async () => (await this.deduplication.of([])).floor);
  }

  async #eachWithReceipts(
    items: readonly AppendItem[],
    drafts: readonly ReceiptDraft[],
    positions: Positions,
  ): Promise<readonly Verdict[]> {
    const verdicts = await this.#each(items, positions);
    // Behind the events, because no commit of the server spans two streams: a receipt counts what is on record once they are stored.
    const receipts = drafts.flatMap((draft) => receiptsOf(draft, items, verdicts));
    if (receipts.length > 0) await this.#each(receipts, 'not-below');
    return verdicts;
  }

  async #each(items: readonly AppendItem[], positions: Positions): Promise<readonly Verdict[]> {
    const verdicts = new Array<Verdict | undefined>(items.length);
    const prepared: Prepared[] = [];
    items.forEach((item, index) => {
      const reason = rejectionOf(item);
      const one = reason === null ? { index, item, sendable: sendable(item.event) } : null;
      const rejection = one === null ? reason : sizeRejection(item, one.sendable.bytes);
      if (rejection !== null) verdicts[index] = { status: 'rejected', reason: rejection };
      else if (one !== null) prepared.push(one);
    });
    if (prepared.length > 0)
      await this.#inFlight.with(
        prepared.map((one) => one.sendable.uuid),
        () => this.#eachOf(prepared, verdicts, positions),
      );
    return verdicts as Verdict[];
  }

  /** Streams side by side; in each stream one after the other, so that every expectation sees what came before it. */
  async #eachOf(prepared: readonly Prepared[], verdicts: (Verdict | undefined)[], positions: Positions): Promise<void> {
    const { known, floor } = await this.deduplication.of([...new Set(prepared.map((one) => one.sendable.uuid))]);
    if (prepared.some(({ item, sendable: { uuid } }) => isUnguarded(item) && !known.has(uuid)))
      this.deduplication.mustHaveCaughtUp();
    const here = new Map(known);
    // The last item before this one that has the same event id, in whichever stream: its outcome decides on this one.
    const settled = new Map<Prepared, { readonly promise: Promise<void>; resolve(): void }>();
    const twinOf = new Map<Prepared, Prepared>();
    const lastOf = new Map<string, Prepared>();
    const streams = new Map<string, Prepared[]>();
    for (const one of prepared) {
      const twin = lastOf.get(one.sendable.uuid);
      if (twin !== undefined) {
        twinOf.set(one, twin);
        if (!settled.has(twin)) settled.set(twin, deferred());
      }
      lastOf.set(one.sendable.uuid, one);
      const queue = streams.get(one.item.stream);
      if (queue === undefined) streams.set(one.item.stream, [one]);
      else queue.push(one);
    }
    const settle = (one: Prepared, verdict: Verdict) => {
      verdicts[one.index] = verdict;
      if (verdict.status === 'accepted' && !here.has(one.sendable.uuid))
        here.set(one.sendable.uuid, { position: verdict.position, contentHash: one.item.event.contentHash });
      settled.get(one)?.resolve();
    };
    const all = await Promise.allSettled(
      [...streams.values()].map(async (queue) => {
        try {
          for (let next = 0; next < queue.length;) {
            const group = this.#group(queue, next, (one) => !here.has(one.sendable.uuid) && !twinOf.has(one));
            next += group.length;
            const [first] = group as [Prepared];
            const twin = twinOf.get(first);
            if (twin !== undefined) await settled.get(twin)?.promise;
            const stands = here.get(first.sendable.uuid);
            if (group.length === 1 && stands !== undefined) settle(first, verdictOnKnown(stands, first.item));
            else {
              // A later item of the batch repeats one of these: its verdict names the place of the first.
              const needed = group.some((one) => settled.has(one)) ? 'exact' : positions;
              for (const [one, verdict] of await this.#send(group, floor, needed)) settle(one, verdict);
            }
          }
        } finally {
          // An item that waits for one of a queue that failed must not wait for ever.
          for (const one of queue) settled.get(one)?.resolve();
        }
      }),
    );
    for (const one of all) if (one.status === 'rejected') throw one.reason;
  }

  /** The next items of a stream that may go in one append: new ones that expect nothing. At least one item. */
  #group(queue: readonly Prepared[], from: number, fresh: (one: Prepared) => boolean): Prepared[] {
    const group: Prepared[] = [];
    let bytes = 0;
    for (let at = from; at < queue.length && group.length < GROUP_MAX; at += 1) {
      const one = queue[at] as Prepared;
      const joins = (one.item.expected ?? 'any') === 'any' && fresh(one);
      bytes += one.sendable.bytes;
      if (group.length > 0 && (!joins || bytes > GROUP_BYTES_MAX)) break;
      group.push(one);
      if (!joins) break;
    }
    return group;
  }

  async #send(
    group: readonly Prepared[],
    floor: number,
    positions: Positions,
  ): Promise<(readonly [Prepared, Verdict])[]> {
    const expected = group[0]?.item.expected ?? 'any';
    const outcome = await this.#append(group, expected, floor, positions);
    if (group.length > 1 && outcome.status !== 'stands') {
      // One of them made the whole append fail: sent one by one, only that one fails.
      const apart: (readonly [Prepared, Verdict])[] = [];
      for (const one of group) apart.push(...(await this.#send([one], floor, positions)));
      return apart;
    }
    return group.map((one, at) => [one, this.#verdictOn(one, outcome, expected, at, floor)]);
  }

  async #append(
    group: readonly Prepared[],
    expected: Expected,
    floor: number,
    positions: Positions = 'exact',
  ): Promise<AppendOutcome> {
    const stream = `${this.prefix}${group[0]?.item.stream ?? ''}`;
    const sendables = group.map((one) => one.sendable);
    const outcome = await appendOnce(this.connection, stream, expected, sendables, floor, positions);
    if (outcome.status !== 'stands') return outcome;
    for (const [at, one] of group.entries()) {
      const place = outcome.places[at] as Place;
      // At or below the floor it was stored before, and the server recognised its id: the content at that position counts.
      const contentHash =
        place.position > floor
          ? one.item.event.contentHash
          : ((await this.deduplication.contentAt(place.position)) ?? one.item.event.contentHash);
      const bound = place.isBound === true ? { stream, revision: place.revision } : undefined;
      this.deduplication.remember(one.sendable.uuid, { position: place.position, contentHash }, bound);
    }
    return outcome;
  }

  #verdictOn(one: Prepared, outcome: AppendOutcome, expected: Expected, at: number, floor: number): Verdict {
    switch (outcome.status) {
      case 'rejected':
        return { status: 'rejected', reason: outcome.reason };
      case 'wrong-revision':
        return { status: 'wrong-revision', expected, actual: outcome.actual };
      case 'stands': {
        const place = outcome.places[at] as Place;
        const { position, revision } = place;
        if (position > floor) return { status: 'accepted', position, revision };
        const known = this.deduplication.remembered(one.sendable.uuid);
        return known === null ? { status: 'duplicate', position } : verdictOnKnown(known, one.item);
      }
    }
  }

  #tooLargeTogether(prepared: readonly Prepared[]): readonly Verdict[] | null {
    const bytes = prepared.reduce((sum, one) => sum + one.sendable.bytes, 0);
    if (bytes <= APPEND_BYTES_MAX) return null;
    return prepared.map(({ item, sendable: one }) => ({
      status: 'rejected',
      reason:
        sizeRejection(item, one.bytes) ??
        `The ${prepared.length} events of this append take ${bytes} bytes together, at most ${APPEND_BYTES_MAX} go in one: append fewer at once.`,
    }));
  }
}

/** Only its id tells whether it is on record. */
const isUnguarded = ({ expected = 'any' }: AppendItem): boolean => expected === 'any' || expected === 'exists';

/** A last revision that meets the expectation: what the server will find is unknown here. */
function assumed(expected: Expected): number | null {
  return expected === 'exists' ? 0 : typeof expected === 'number' ? expected : null;
}

function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}
