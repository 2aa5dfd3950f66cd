import type { EventLog } from '#event-log';
import { PersonSearch, type Identities } from '#ingestion';
import type { KeyStore, Sealer } from '#keys';
import type { Queryable } from '#database';
import type { Clock } from '#platform';
import { PersonFinder, type FoundPerson, type NamedPerson } from '../erasure/find-person.js';
import { QuarantinedBodies } from '../erasure/quarantined-bodies.js';
import {
  holdIdOf,
  holdLiftedEvent,
  holdPlacedEvent,
  reasonKeyName,
  recordPrivacyFact,
  type HoldMeta,
} from './hold-facts.js';
import { keptHold, type Hold, type HoldRegister } from './hold-register.js';
import { sealedIdentifiers } from './sealed-identifiers.js';

/** Place a legal hold on a person. */
export class PlaceHold {
  constructor(
    readonly person: NamedPerson,
    /** The reference of the case. */
    readonly caseName: string,
    /** Free text; null where none is given. */
    readonly reason: string | null,
    /** Who does it, as the log records it. */
    readonly by: string,
  ) {}
}

/** Lift a legal hold. */
export class LiftHold {
  constructor(
    readonly holdId: string,
    readonly reason: string | null,
    readonly by: string,
  ) {}
}

export type HoldVerdict =
  /** `erased`: subjects of the person that were erased before. Their data cannot be kept any more. */
  | { readonly outcome: 'placed'; readonly hold: Hold; readonly erased: number }
  | Exclude<FoundPerson, { readonly outcome: 'found' }>
  | { readonly outcome: 'erased' };

export type LiftVerdict = { readonly outcome: 'lifted'; readonly hold: Hold } | { readonly outcome: 'unknown' };

export interface HoldDependencies {
  readonly log: EventLog;
  readonly keys: KeyStore;
  readonly identities: Pick<Identities, 'of'>;
  readonly sealer: Sealer;
  /** Null in a process without read models: then only the subjects of the request are held, and no body is searched. */
  readonly database: Pick<Queryable, 'query'> | null;
  readonly clock: Clock;
  readonly register: HoldRegister;
}

/**
 * Places and lifts legal holds. A hold is recorded in the log and then kept in the key store: it is acknowledged when both have it. Lifting takes the same
 * order, so that in between the data are still kept.
 */
export class ManageHolds {
  private readonly finder: PersonFinder;
  private readonly bodies: QuarantinedBodies | null;

  constructor(private readonly dependencies: HoldDependencies) {
    const { database, log, sealer } = dependencies;
    this.finder = new PersonFinder(dependencies);
    this.bodies = database === null ? null : new QuarantinedBodies(database, log, sealer);
  }

  /** Where the same case holds the person already, that hold is the answer. */
  async place({ person: named, caseName, reason, by }: PlaceHold): Promise<HoldVerdict> {
    const { log, keys, register, clock } = this.dependencies;
    const found = await this.finder.find(named);
    if (found.outcome !== 'found') return found;
    const subjectIds = [...new Set(found.person.subjectIds)].sort();
    const states = await keys.keysFor(subjectIds);
    const erased = subjectIds.filter((id) => states.get(id) === 'erased').length;
    if (erased === subjectIds.length) return { outcome: 'erased' };
    await register.load();
    const sameCase = [...register.holds.values()].filter(
      (hold) => hold.case === caseName && hold.subjectIds.join() === subjectIds.join(),
    );
    const known = sameCase.find(({ lifted }) => lifted === null);
    if (known !== undefined) {
      await keys.placeHold(keptHold(known));
      return { outcome: 'placed', hold: known, erased };
    }
    const holdId = holdIdOf(caseName, subjectIds, sameCase.length);
    const now = clock.now();
    const bodies = await this.bodies?.naming(new PersonSearch(found.person.identifiers), 0);
    const identifiers = await sealedIdentifiers(this.dependencies, found.person.identifiers);
    const meta: HoldMeta = { by, identifiers, ...(await this.sealedReason(holdId, 'placed', reason, subjectIds)) };
    const quarantineIds = bodies?.quarantineIds ?? [];
    const data = { holdId, case: caseName, subjectIds, customerId: found.person.customerId, quarantineIds };
    await recordPrivacyFact(log, holdPlacedEvent(data, meta, now));
    await keys.placeHold(keptHold(data));
    const hold = (await register.load()).holds.get(holdId) as Hold;
    return { outcome: 'placed', hold, erased };
  }

  /** Lifting a hold twice is the same as once. Erasures that waited for it are executed by `HoldKeeper`. */
  async lift({ holdId, reason, by }: LiftHold): Promise<LiftVerdict> {
    const { log, keys, register, clock } = this.dependencies;
    const { holds } = await register.load();
    const hold = holds.get(holdId);
    if (hold === undefined) return { outcome: 'unknown' };
    if (hold.lifted === null) {
      const meta: HoldMeta = { by, ...(await this.sealedReason(holdId, 'lifted', reason, hold.subjectIds)) };
      await recordPrivacyFact(log, holdLiftedEvent(holdId, meta, clock.now()));
    }
    await keys.liftHold(holdId);
    await register.load();
    return { outcome: 'lifted', hold: holds.get(holdId) as Hold };
  }

  private async sealedReason(
    holdId: string,
    what: 'placed' | 'lifted',
    reason: string | null,
    subjectIds: readonly string[],
  ): Promise<{ readonly sealed?: string }> {
    if (reason === null) return {};
    const { sealer, keys } = this.dependencies;
    const id = sealer.keyedId(reasonKeyName(holdId, what));
    // Not under subjects that are erased: they had no part in it.
    const states = await keys.keysFor(subjectIds);
    const listedUnder = subjectIds.filter((subjectId) => states.get(subjectId) !== 'erased');
    const [key] = await keys.createListed([{ id, listedUnder }]);
    return key === undefined || key === 'erased' ? {} : { sealed: sealer.seal(key, reason) };
  }
}
