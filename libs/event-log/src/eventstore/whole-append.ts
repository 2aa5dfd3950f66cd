import { decideWhole, rejectionOf } from '../append-rules.js';
import type { AppendItem, Expected, Verdict } from '../port.js';
import { foundById, type Deduplication } from './deduplication.js';
import type { GroupAppend } from './group-append.js';
import type { KnownId } from './ids.js';
import type { InFlightIds } from './in-flight-ids.js';
import { tooLargeTogether, uuidsOf, type Prepared } from './prepared.js';
import { sendable } from './stored-event.js';

/** Appends all events to one stream, or none. */
export class WholeAppend {
  constructor(
    private readonly groups: GroupAppend,
    private readonly deduplication: Deduplication,
    private readonly inFlight: InFlightIds,
  ) {}

  async run(expected: Expected, items: readonly AppendItem[]): Promise<readonly Verdict[]> {
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
    const prepared = items.map((item, index): Prepared => ({ index, item, sendable: sendable(item.event) }));
    const tooLarge = tooLargeTogether(prepared);
    if (tooLarge !== null) return tooLarge;
    const uuids = uuidsOf(prepared);
    return this.inFlight.with(uuids, async () => {
      const { known, floor } = await this.deduplication.of(uuids);
      const verdicts = decide(prepared, expected, known);
      if (verdicts !== null) return verdicts;
      // A revision that the server enforces tells whether the events are there.
      const isGuarded = expected !== 'any' && expected !== 'exists';
      if (!isGuarded) this.deduplication.mustHaveCaughtUp();
      const outcome = await this.groups.append(prepared, expected, floor);
      if (outcome.status === 'wrong-revision' && !isGuarded && outcome.actual !== null)
        return this.#partlyThere(prepared, expected, known);
      return prepared.map((one, at) => this.groups.verdictOn(one, outcome, { expected, at, floor }));
    });
  }

  /** The server knew some of the ids, which neither the table nor this process did: another process appended them just now. */
  async #partlyThere(
    prepared: readonly Prepared[],
    expected: Expected,
    known: ReadonlyMap<string, KnownId>,
  ): Promise<readonly Verdict[]> {
    const found = await this.deduplication.inStream(this.groups.streamOf(prepared), uuidsOf(prepared));
    const all = new Map([...found, ...known]);
    for (const [uuid, one] of all) this.deduplication.remember(uuid, one);
    const verdicts = decide(prepared, expected, all);
    if (verdicts !== null) return verdicts;
    return prepared.map(() => ({
      status: 'rejected',
      reason:
        'The server takes some of these events for repetitions, and they cannot be found: append them one by one.',
    }));
  }
}

/** What the known ids decide; null where the server is to decide. */
function decide(
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

/** A last revision that meets the expectation: what the server will find is unknown here. */
function assumed(expected: Expected): number | null {
  return expected === 'exists' ? 0 : typeof expected === 'number' ? expected : null;
}
