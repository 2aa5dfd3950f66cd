import type { Expected, Positions, Verdict } from '../port.js';
import { appendOnce, type AppendOutcome, type Place } from './appender.js';
import type { Connection } from './connection.js';
import { verdictOnKnown, type Deduplication } from './deduplication.js';
import type { Prepared } from './prepared.js';

/** Sends the events of one stream in one append, and remembers where they stand. */
export class GroupAppend {
  constructor(
    private readonly connection: Connection,
    private readonly deduplication: Deduplication,
    private readonly prefix: string,
  ) {}

  /** The stream of a group, as it is called on the server. */
  streamOf(group: readonly Prepared[]): string {
    return `${this.prefix}${group[0]?.item.stream ?? ''}`;
  }

  /** All of them or none. `floor`: a position that the log had before. */
  async append(
    group: readonly Prepared[],
    expected: Expected,
    floor: number,
    positions: Positions = 'exact',
  ): Promise<AppendOutcome> {
    const stream = this.streamOf(group);
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

  /** Each by itself where one of them makes the whole append fail: then only that one fails. */
  async appendApart(
    group: readonly Prepared[],
    floor: number,
    positions: Positions,
  ): Promise<(readonly [Prepared, Verdict])[]> {
    const expected = group[0]?.item.expected ?? 'any';
    const outcome = await this.append(group, expected, floor, positions);
    if (group.length > 1 && outcome.status !== 'stands') {
      const apart: (readonly [Prepared, Verdict])[] = [];
      for (const one of group) apart.push(...(await this.appendApart([one], floor, positions)));
      return apart;
    }
    return group.map((one, at) => [one, this.verdictOn(one, outcome, { expected, at, floor })]);
  }

  /** The verdict on the event that is the `at`th of its append. */
  verdictOn(
    one: Prepared,
    outcome: AppendOutcome,
    { expected, at, floor }: { readonly expected: Expected; readonly at: number; readonly floor: number },
  ): Verdict {
    switch (outcome.status) {
      case 'rejected':
        return { status: 'rejected', reason: outcome.reason };
      case 'wrong-revision':
        return { status: 'wrong-revision', expected, actual: outcome.actual };
      case 'stands': {
        const { position, revision } = outcome.places[at] as Place;
        if (position > floor) return { status: 'accepted', position, revision };
        const known = this.deduplication.remembered(one.sendable.uuid);
        return known === null ? { status: 'duplicate', position } : verdictOnKnown(known, one.item);
      }
    }
  }
}
