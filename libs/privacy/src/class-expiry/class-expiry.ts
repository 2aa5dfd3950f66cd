import type { Instant } from '#contracts';
import type { EventLog } from '#event-log';
import { factEvent, OWN_SOURCES, plainContentHash } from '#ingestion';
import type { ClassYear, KeyStore } from '#keys';
import { classDueAt, policyVersion, type Policy } from '#lifecycle';
import type { Clock } from '#platform';
import { recordPrivacyFact } from '../holds/hold-facts.js';

/** Keys per transaction. */
const BATCH = 1_000;

/** The data of a `personal-fields-expired`. */
export interface PersonalFieldsExpired {
  readonly policyVersion: string;
  readonly classes: readonly {
    readonly class: string;
    readonly year: number;
    readonly keys: number;
    readonly total: number;
    readonly held: number;
  }[];
}

/** When the fields of a class and year are destroyed, and of how many subjects they are. */
export interface ExpiringClass extends ClassYear {
  /** Null where the policy limits their time no more. */
  readonly dueAt: Instant | null;
  readonly keys: number;
  readonly held: number;
}

export interface ClassExpiryDependencies {
  readonly log: Pick<EventLog, 'appendMany'>;
  readonly keys: KeyStore;
  /** The policy in force now. */
  readonly policy: () => Promise<Policy>;
  readonly clock: Clock;
  /** Keys per transaction. */
  readonly batch?: number;
}

/**
 * Destroys personal fields whose time is over by the rules of the policy in force: of each class and year the keys of all subjects that no hold keeps. Nothing
 * in the log changes, and no figure. It can end at any point: what was destroyed and not recorded is recorded by the next run, before it destroys more.
 */
export class ClassExpiry {
  constructor(private readonly dependencies: ClassExpiryDependencies) {}

  /** All classes and years that have keys, with the instant from which they are destroyed. */
  async preview(): Promise<readonly ExpiringClass[]> {
    const { keys, policy } = this.dependencies;
    const counts = await keys.classKeys();
    if (counts.length === 0) return [];
    const inForce = await policy();
    return counts.map((each) => ({ ...each, dueAt: classDueAt(inForce, each) }));
  }

  /** Resolves with what is on record of this run; null where nothing was destroyed. */
  async run(): Promise<PersonalFieldsExpired | null> {
    const { keys, clock, batch = BATCH } = this.dependencies;
    // What a run before destroyed, and did not record since it was ended.
    const before = await this.record();
    const now = clock.now();
    for (const { personalClass, year, dueAt, keys: count, held } of await this.preview()) {
      if (dueAt === null || dueAt > now || count === held) continue;
      while ((await keys.destroyClassKeys({ personalClass, year }, batch)) === batch);
    }
    return (await this.record()) ?? before;
  }

  private async record(): Promise<PersonalFieldsExpired | null> {
    const { log, keys, policy, clock } = this.dependencies;
    const destroyed = (await keys.destroyedClassKeys()).filter((each) => each.keys > 0);
    if (destroyed.length === 0) return null;
    const left = new Map((await keys.classKeys()).map((each) => [`${each.personalClass} ${each.year}`, each.held]));
    const data: PersonalFieldsExpired = {
      policyVersion: policyVersion(await policy()),
      classes: destroyed.map(({ personalClass, year, keys: count, total }) => ({
        ...{ class: personalClass, year, keys: count, total },
        held: left.get(`${personalClass} ${year}`) ?? 0,
      })),
    };
    // The totals only grow: the same state gives the same fact, however often it is recorded.
    const contentHash = contentHashOf(data);
    const event = factEvent({
      ...{ name: 'personal-fields-expired', source: OWN_SOURCES.privacy },
      id: `personal-fields-expired/${Buffer.from(contentHash).toString('hex')}`,
      ...{ occurredAt: clock.now(), contentHash },
      ...{ meta: { by: `retention ${data.policyVersion}` }, data },
    });
    await recordPrivacyFact(log, event);
    await keys.confirmDestroyed(destroyed);
    return data;
  }
}

/** Covers the totals alone: how many a hold kept may differ when the same is recorded again. */
export const contentHashOf = ({ classes }: PersonalFieldsExpired): Uint8Array =>
  plainContentHash(classes.map((each) => [each.class, each.year, each.total]));

/** Applies a `personal-fields-expired` to a key store that does not know of it, since it is an older copy. */
export async function destroyAgain({ classes }: PersonalFieldsExpired, keys: KeyStore): Promise<void> {
  const known = new Map(
    (await keys.destroyedClassKeys()).map(({ personalClass, year, total }) => [`${personalClass} ${year}`, total]),
  );
  for (const { class: personalClass, year, total } of classes) {
    if ((known.get(`${personalClass} ${year}`) ?? 0) >= total) continue;
    while ((await keys.destroyClassKeys({ personalClass, year }, BATCH)) === BATCH);
  }
  // They are on record. The copy may have had fewer of them.
  await keys.confirmDestroyed(
    classes.map(({ class: personalClass, year, total }) => ({ personalClass, year, keys: 0, total })),
  );
}
