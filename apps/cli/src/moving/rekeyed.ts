import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EventLog, MovedEvent } from '#event-log';
import { compareRekeyed, mustKnowErasures, Rekeying } from '#intake';
import { openRekeyedKeyStore, openSqliteKeyStore, SETTINGS, type SqliteKeyStore } from '#platform';
import { refused, usage } from '../exit-codes.js';
import { count, counted } from '../terminal/figures.js';
import type { LogPlace } from './place.js';

const KEYS = 'keys.db';
/** The new key store until all is proven: an engine that starts too early does not find it. */
const DRAFT = 'keys.db.new';

/** Which keys are replaced by which. */
export interface RekeyPlan {
  /** Folders. */
  readonly oldKeys: string;
  readonly newKeys: string;
  /** Where they are kept apart from the files. */
  readonly oldHashKey: Uint8Array | null;
  readonly newHashKey: Uint8Array | null;
}

export interface RekeyOptions {
  readonly rekey?: true;
  readonly keys?: true;
  readonly oldKeys?: string;
  readonly newKeys?: string;
  readonly oldHashKey?: string;
  readonly newHashKey?: string;
}

/** What was asked for; null where the hash key stays. Refuses before anything is written. */
export function rekeyPlan(options: RekeyOptions, from: LogPlace, to: LogPlace): RekeyPlan | null {
  if (options.rekey !== true) {
    for (const [name, option] of Object.entries({
      ...{ 'old-keys': options.oldKeys, 'new-keys': options.newKeys },
      ...{ 'old-hash-key': options.oldHashKey, 'new-hash-key': options.newHashKey },
    }))
      if (option !== undefined) throw usage(`--${name} goes with --rekey only.`);
    return null;
  }
  if (options.keys === true) throw usage('--keys copies the old keys, and --rekey makes new ones: give one of them.');
  const plan: RekeyPlan = {
    oldKeys: folderOf('--old-keys', options.oldKeys, from),
    newKeys: folderOf('--new-keys', options.newKeys, to),
    oldHashKey: hashKeyIn('--old-hash-key', options.oldHashKey),
    newHashKey: hashKeyIn('--new-hash-key', options.newHashKey),
  };
  if (plan.oldKeys === plan.newKeys) throw usage('The new keys need a folder of their own: give it with --new-keys.');
  if (!existsSync(join(plan.oldKeys, KEYS)))
    throw refused(`There are no keys in ${plan.oldKeys}: give their folder with --old-keys.`);
  return plan;
}

function folderOf(option: string, given: string | undefined, log: LogPlace): string {
  if (given !== undefined) return resolve(given);
  if (log.kind === 'sqlite') return log.folder;
  throw usage(`The log ${log.name} has no folder in which its keys could lie: give it with ${option}.`);
}

function hashKeyIn(option: string, file: string | undefined): Uint8Array | null {
  if (file === undefined) return null;
  try {
    return SETTINGS.hashKey.read(`file:${file}`);
  } catch (error) {
    throw usage(`${option} ${(error as Error).message}.`);
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

/** A log's move under another hash key, with both key stores open. */
export class Rekeyed {
  /** The new name of each subject, where the read models are to be compared. */
  readonly pairs = new Map<string, string>();
  private readonly rekeying: Rekeying;

  private constructor(
    private readonly plan: RekeyPlan,
    private readonly oldKeys: SqliteKeyStore,
    private readonly newKeys: SqliteKeyStore,
    /** Where the new key store lies until it is put in place; null where it is in place already. */
    private readonly draft: string | null,
  ) {
    this.rekeying = new Rekeying(oldKeys, newKeys);
  }

  static async open(plan: RekeyPlan): Promise<Rekeyed> {
    const oldKeys = openSqliteKeyStore({
      file: join(plan.oldKeys, KEYS),
      ...(plan.oldHashKey === null ? {} : { hashKey: plan.oldHashKey }),
    });
    try {
      mkdirSync(plan.newKeys, { recursive: true, mode: 0o700 });
      // Where the move came to its end before, the keys are in place.
      const done = join(plan.newKeys, KEYS);
      const draft = existsSync(done) ? null : join(plan.newKeys, DRAFT);
      const given = plan.newHashKey === null ? {} : { hashKey: plan.newHashKey };
      return new Rekeyed(plan, oldKeys, openRekeyedKeyStore({ file: draft ?? done, from: oldKeys, ...given }), draft);
    } catch (error) {
      await oldKeys.close();
      throw error;
    }
  }

  /** @throws RekeyError where the keys are an older copy */
  mustFit(log: EventLog): Promise<void> {
    return mustKnowErasures(log.read('privacy'), this.oldKeys);
  }

  map(events: readonly MovedEvent[]): Promise<readonly MovedEvent[]> {
    return this.rekeying.map(events);
  }

  compare(
    before: EventLog,
    after: EventLog,
    options: { readonly onEvents: (events: number) => void; readonly pairs: boolean; readonly signal: AbortSignal },
  ): Promise<{ readonly before: string; readonly after: string } | null> {
    const { onEvents, signal } = options;
    return compareRekeyed(
      { log: before, keys: this.oldKeys },
      { log: after, keys: this.newKeys },
      {
        ...{ onEvents, signal },
        ...(options.pairs ? { onPair: (pair) => this.pairs.set(pair.before, pair.after) } : {}),
      },
    );
  }

  /**
   * Puts the new keys in place, whole: a copy that is one file. The store's own file is not, as long as its -wal file has not been folded
   * into it, which closing does not promise.
   */
  async finish(): Promise<void> {
    if (this.draft === null) return;
    const whole = `${this.draft}.whole`;
    rmSync(whole, { force: true });
    this.newKeys.database.prepare('VACUUM INTO ?').run(whole);
    chmodSync(whole, 0o600);
    sync(whole);
    renameSync(whole, join(this.plan.newKeys, KEYS));
    sync(this.plan.newKeys);
    await this.newKeys.close();
    for (const end of ['', '-wal', '-shm']) rmSync(this.draft + end, { force: true });
  }

  words(): string {
    const { touchpoints, erased, unhashable, bodiesLetGo } = this.rekeying.counts;
    return [
      `  keys         ${join(this.plan.newKeys, KEYS)}: new ones, under a hash key of its own${this.plan.newHashKey === null ? '' : ' that is kept apart'}`,
      ...(erased === 0
        ? []
        : [`  erased       ${counted(erased, 'touchpoint')} of people who were erased, and stay so`]),
      ...(unhashable === 0
        ? []
        : [
            `  not hashed   ${count(unhashable)} of ${counted(touchpoints, 'touchpoint')}: sent again they are quarantined as id-reused`,
          ]),
      ...(bodiesLetGo === 0
        ? []
        : [`  let go       ${counted(bodiesLetGo, 'quarantined body', 'quarantined bodies')} that had been cut`]),
      `The old log and its keys (${this.plan.oldKeys}) still open each other: destroy them, and every copy, once the engine runs on the new ones.\n`,
    ].join('\n');
  }

  async close(): Promise<void> {
    await this.newKeys.close();
    await this.oldKeys.close();
  }
}
