import { STREAMS } from '#contracts';
import type { EventLog, MovedEvent, MoveTarget } from '#event-log';
import {
  compareRekeyed,
  KeyChange,
  type ClearTextSealer,
  KeyMapping,
  mustBeKeysOf,
  Rekeying,
  type HashKeyChanged,
} from '#privacy';
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

/** Which keys are replaced by which, and who is responsible. */
export interface RekeyPlan {
  readonly oldKeys: KeysLocation;
  readonly newKeys: KeysLocation;
  /** Null where they are not kept apart from the keys. */
  readonly oldHashKey: Uint8Array | null;
  readonly newHashKey: Uint8Array | null;
  /** Who is responsible, for the record. */
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

/** The plan of the options; null where the hash key stays. Throws before anything is written. */
export function rekeyPlan(options: RekeyOptions, from: LogLocation, to: LogLocation): RekeyPlan | null {
  if (options.rekey !== true) {
    for (const [name, option] of Object.entries({
      ...{ 'new-keys': options.newKeys, 'new-hash-key': options.newHashKey, by: options.by },
    }))
      if (option !== undefined) throw usage(`--${name} is only allowed with --rekey: add --rekey, or leave it out.`);
    return null;
  }
  if (options.keys === true)
    throw usage('--keys copies the old keys and --rekey creates new ones: give only one of them.');
  const by = options.by ?? 'local';
  if (by === '' || by.length > 512) throw usage('--by must be text of 1 to 512 characters: give a name or a ticket.');
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

/** The folders of keys, to be locked in the meantime; databases have locks of their own. */
export const foldersOf = ({ oldKeys, newKeys }: RekeyPlan): string[] =>
  [oldKeys, newKeys].flatMap((place) => (place.kind === 'folder' ? [place.folder] : []));

/** Moving a log under another hash key, with both key stores open. */
export class RekeyedMove {
  /** The new id of each subject by its old one, filled by `compare`. */
  readonly mapping = new KeyMapping();
  /** The same of restrictions, suppressions and decisions, and of subjects that they name, which may have no event of their own. */
  private readonly named = new Map<string, string>();
  /** Whether any event was imported into the new log under the new keys. */
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
      // These keys were created under the wrong hash key: they would block the right one.
      await newKeys?.discard().catch(() => undefined);
      await newKeys?.store.close();
      await oldKeys.close();
      throw error;
    }
  }

  /** @throws RekeyError where the old keys are not those of this log, or are an older copy of them */
  assertKeysMatch(log: EventLog): Promise<void> {
    return mustBeKeysOf(log.read(STREAMS.privacy), this.oldKeys);
  }

  /**
   * Deletes the new keys where this command created them and nothing was imported under them: the next run may use other options. Otherwise
   * they stay, and the same command continues with them.
   */
  async discard(): Promise<void> {
    // Keys that cannot be deleted stay for the next run.
    if (!this.imported) await this.newKeys.discard().catch(() => undefined);
  }

  get clearTexts(): ClearTextSealer['counts'] {
    return this.rekeying.clearTexts;
  }

  map(events: readonly MovedEvent[]): Promise<readonly MovedEvent[]> {
    return this.rekeying.map(events);
  }

  /** The target without what an earlier run added at its end. */
  target(to: MoveTarget): MoveTarget {
    const target = this.change.target(to);
    return {
      readAll: (after, options) => target.readAll(after, options),
      belongTo: (log) => target.belongTo(log),
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
      {
        ...options,
        onPair: (pair) => this.mapping.add(pair),
        onNamed: ({ before: old, after: fresh }) => this.named.set(old, fresh),
      },
    );
  }

  /** The new id of everything in the read models that the hash key gives an id, by its old one; filled by `compare`. */
  *renames(): Generator<readonly [before: string, after: string], void> {
    yield* this.mapping;
    for (const pair of this.named) if (this.mapping.get(pair[0]) === undefined) yield pair;
  }

  /** Records the change in the new log, and activates the new keys. */
  async finish(log: EventLog, events: number, clock: Clock): Promise<HashKeyChanged> {
    const { mapping } = this;
    const change = await this.change.record(log, { events, mapping, by: this.plan.by }, clock.now());
    await this.newKeys.activate();
    return change;
  }

  summary({ subjects, erased: gone, by, mapping }: HashKeyChanged): string {
    const { touchpoints, erased, unhashable, bodiesDropped } = this.rekeying.counts;
    return [
      `  keys         ${this.plan.newKeys.name}: new keys, with a hash key of their own${this.plan.newHashKey === null ? '' : ' that is kept apart'}`,
      `  on record    hash-key-changed, by ${by}: ${pluralize(subjects, 'subject')}${gone === 0 ? '' : `, ${formatNumber(gone)} of them erased`}, mapping ${mapping.slice(0, 16)}…`,
      ...(erased === 0
        ? []
        : [`  erased       ${pluralize(erased, 'touchpoint')} of erased customers, which stay erased`]),
      ...(unhashable === 0
        ? []
        : [
            `  not hashed   ${formatNumber(unhashable)} of ${pluralize(touchpoints, 'touchpoint')}: if they are sent again, they are quarantined as id-reused`,
          ]),
      ...(bodiesDropped === 0
        ? []
        : [`  dropped      ${pluralize(bodiesDropped, 'quarantined body', 'quarantined bodies')} that had been cut`]),
      `The old log and its keys (${this.plan.oldKeys.name}) still belong together: destroy them, and every copy, once the engine runs on the new ones.\n`,
    ].join('\n');
  }

  async close(): Promise<void> {
    await this.newKeys.store.close();
    await this.oldKeys.close();
  }
}
