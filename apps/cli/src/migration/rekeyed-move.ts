import { STREAMS } from '#contracts';
import type { EventLog, MovedEvent, MoveTarget } from '#event-log';
import { compareRekeyed, KeyChange, KeyMapping, mustBeKeysOf, Rekeying, type HashKeyChanged } from '#privacy';
import { rekeyKeyStore, type RekeyableKeyStore } from '#keys';
import { type Clock } from '#platform';
import { usage } from '../exit-codes.js';
import { formatNumber, pluralize } from '../terminal/format.js';
import {
  readHashKey,
  parseKeysLocation,
  assertKeysExist,
  openNewKeys,
  openOldKeys,
  type KeysLocation,
  type NewKeys,
} from './keys-location.js';
import type { LogLocation } from './log-location.js';

/** Which keys are replaced by which. */
export interface RekeyPlan {
  readonly oldKeys: KeysLocation;
  readonly newKeys: KeysLocation;
  /** Where they are kept apart from the keys. */
  readonly oldHashKey: Uint8Array | null;
  readonly newHashKey: Uint8Array | null;
  /** Who answers for it. */
  readonly by: string;
}

export interface RekeyOptions {
  readonly rekey?: true;
  readonly keys?: true;
  readonly oldKeys?: string;
  readonly newKeys?: string;
  readonly oldHashKey?: string;
  readonly newHashKey?: string;
  readonly by?: string;
}

/** What was asked for; null where the hash key stays. Rejects before anything is written. */
export function rekeyPlan(options: RekeyOptions, from: LogLocation, to: LogLocation): RekeyPlan | null {
  if (options.rekey !== true) {
    for (const [name, option] of Object.entries({
      ...{ 'old-keys': options.oldKeys, 'new-keys': options.newKeys },
      ...{ 'old-hash-key': options.oldHashKey, 'new-hash-key': options.newHashKey, by: options.by },
    }))
      if (option !== undefined) throw usage(`--${name} goes with --rekey only.`);
    return null;
  }
  if (options.keys === true) throw usage('--keys copies the old keys, and --rekey makes new ones: give one of them.');
  const by = options.by ?? 'local';
  if (by === '' || by.length > 512) throw usage('--by takes 1 to 512 characters.');
  const plan: RekeyPlan = {
    oldKeys: parseKeysLocation('--old-keys', options.oldKeys, from),
    newKeys: parseKeysLocation('--new-keys', options.newKeys, to),
    oldHashKey: readHashKey('--old-hash-key', options.oldHashKey),
    newHashKey: readHashKey('--new-hash-key', options.newHashKey),
    by,
  };
  if (plan.oldKeys.name === plan.newKeys.name)
    throw usage(
      plan.newKeys.kind === 'folder'
        ? 'The new keys need a folder of their own: give it with --new-keys.'
        : 'The new keys need a database of their own: give its address with --new-keys.',
    );
  assertKeysExist('--old-keys', plan.oldKeys);
  return plan;
}

/** The folders of keys, which nobody else may use in the meantime; databases guard themselves. */
export const foldersOf = ({ oldKeys, newKeys }: RekeyPlan): string[] =>
  [oldKeys, newKeys].flatMap((place) => (place.kind === 'folder' ? [place.folder] : []));

/** A log's move under another hash key, with both key stores open. */
export class RekeyedMove {
  /** Filled by `compare`. */
  readonly mapping = new KeyMapping();
  /** Whether anything came into the new log under the new keys. */
  private imported = false;
  private readonly rekeying: Rekeying;
  private readonly change: KeyChange;

  private constructor(
    private readonly plan: RekeyPlan,
    private readonly oldKeys: RekeyableKeyStore,
    private readonly newKeys: NewKeys,
  ) {
    this.rekeying = new Rekeying(oldKeys, newKeys.store);
    this.change = new KeyChange(oldKeys, newKeys.store);
  }

  static async open(plan: RekeyPlan): Promise<RekeyedMove> {
    const oldKeys = await openOldKeys(plan.oldKeys, plan.oldHashKey);
    let newKeys: NewKeys | null = null;
    try {
      newKeys = await openNewKeys(plan.newKeys, plan.newHashKey);
      await rekeyKeyStore(oldKeys, newKeys.store, newKeys);
      return new RekeyedMove(plan, oldKeys, newKeys);
    } catch (error) {
      // Keys that did not become the new ones were made under the wrong hash key: they would be in the way of the right one.
      await newKeys?.discard().catch(() => undefined);
      await newKeys?.store.close();
      await oldKeys.close();
      throw error;
    }
  }

  /** @throws RekeyError where the old keys are not those of this log, or an older copy of them */
  assertKeysMatch(log: EventLog): Promise<void> {
    return mustBeKeysOf(log.read(STREAMS.privacy), this.oldKeys);
  }

  /**
   * Leaves no new keys behind where these were made just now and nothing came into the new log under them: it can be begun again in any way. Otherwise
   * they stay for the same command, which goes on with them.
   */
  async discard(): Promise<void> {
    // What cannot be taken away either is gone on with.
    if (!this.imported) await this.newKeys.discard().catch(() => undefined);
  }

  map(events: readonly MovedEvent[]): Promise<readonly MovedEvent[]> {
    return this.rekeying.map(events);
  }

  /** What the move may see of its target: what an earlier end of it added is not in its way. */
  target(to: MoveTarget): MoveTarget {
    const target = this.change.target(to);
    return {
      readAll: (after, options) => target.readAll(after, options),
      importEvents: (events) => {
        this.imported = true;
        return target.importEvents(events);
      },
    };
  }

  compare(
    before: EventLog,
    after: EventLog,
    options: { readonly onEvents: (events: number) => void; readonly signal: AbortSignal },
  ): Promise<{ readonly before: string; readonly after: string } | null> {
    return compareRekeyed(
      { log: before, keys: this.oldKeys },
      { log: this.change.without(after), keys: this.newKeys.store },
      { ...options, onPair: (pair) => this.mapping.add(pair) },
    );
  }

  /** Says so in the new log, and puts the new keys in place. */
  async finish(log: EventLog, events: number, clock: Clock): Promise<HashKeyChanged> {
    const { mapping } = this;
    const change = await this.change.record(log, { events, mapping, by: this.plan.by }, clock.now());
    await this.newKeys.putInPlace();
    return change;
  }

  summary({ subjects, erased: gone, by, mapping }: HashKeyChanged): string {
    const { touchpoints, erased, unhashable, bodiesLetGo } = this.rekeying.counts;
    return [
      `  keys         ${this.plan.newKeys.name}: new ones, under a hash key of its own${this.plan.newHashKey === null ? '' : ' that is kept apart'}`,
      `  on record    hash-key-changed, by ${by}: ${pluralize(subjects, 'subject')}${gone === 0 ? '' : `, ${formatNumber(gone)} of them erased`}, mapping ${mapping.slice(0, 16)}…`,
      ...(erased === 0
        ? []
        : [`  erased       ${pluralize(erased, 'touchpoint')} of people who were erased, and stay so`]),
      ...(unhashable === 0
        ? []
        : [
            `  not hashed   ${formatNumber(unhashable)} of ${pluralize(touchpoints, 'touchpoint')}: sent again they are quarantined as id-reused`,
          ]),
      ...(bodiesLetGo === 0
        ? []
        : [`  let go       ${pluralize(bodiesLetGo, 'quarantined body', 'quarantined bodies')} that had been cut`]),
      `The old log and its keys (${this.plan.oldKeys.name}) still open each other: destroy them, and every copy, once the engine runs on the new ones.\n`,
    ].join('\n');
  }

  async close(): Promise<void> {
    await this.newKeys.store.close();
    await this.oldKeys.close();
  }
}
