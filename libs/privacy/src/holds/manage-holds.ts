import type { EventLog } from '#event-log';
import { PersonSearch, type Identities } from '#ingestion';
import type { KeyStore, Sealer } from '#keys';
import type { Queryable } from '#database';
import { ActImpossible, actorOf, type ApprovedAct, type Approvals, type Clock, type Principal } from '#platform';
import type { FoundPerson, NamedPerson } from '../erasure/find-person.js';
import { PersonsOnRecord } from '../erasure/persons-on-record.js';
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
    /** Who asks for it. */
    readonly by: Principal,
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
  readonly approvals: Approvals;
}

/**
 * Places and lifts legal holds. A hold is recorded in the log and then kept in the key store: it is acknowledged when both have it. Lifting takes the same
 * order, so that in between the data are still kept.
 */
export class ManageHolds {
  private readonly persons: PersonsOnRecord;

  constructor(private readonly dependencies: HoldDependencies) {
    this.persons = new PersonsOnRecord(dependencies);
    dependencies.approvals.onApproved('hold-lift', (act) => this.performLift(act));
  }

  /** Where the same case holds the person already, that hold is the answer. */
  async place({ person: named, caseName, reason, by }: PlaceHold): Promise<HoldVerdict> {
    const { log, keys, register, clock } = this.dependencies;
    const found = await this.persons.find(named);
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
    const { quarantineIds } = await this.persons.bodiesNaming(new PersonSearch(found.person.identifiers), 0);
    const identifiers = await sealedIdentifiers(this.dependencies, found.person.identifiers);
    const meta: HoldMeta = { by, identifiers, ...(await this.sealedReason(holdId, 'placed', reason, subjectIds)) };
    const data = { holdId, case: caseName, subjectIds, customerId: found.person.customerId, quarantineIds };
    await recordPrivacyFact(log, holdPlacedEvent(data, meta, now));
    await keys.placeHold(keptHold(data));
    const hold = (await register.load()).holds.get(holdId) as Hold;
    return { outcome: 'placed', hold, erased };
  }

  /**
   * Lifting a hold twice is the same as once. Erasures that waited for it are executed by `HoldKeeper`.
   * @throws ActRequested where another principal has to approve it
   */
  async lift({ holdId, reason, by }: LiftHold): Promise<LiftVerdict> {
    const { holds } = await this.dependencies.register.load();
    const hold = holds.get(holdId);
    if (hold === undefined) return { outcome: 'unknown' };
    const { case: caseName, subjectIds } = hold;
    if (hold.lifted === null)
      await this.dependencies.approvals.require({
        ...{ acts: ['hold-lift'], by, subjectIds, detail: { holdId, case: caseName, subjectIds } },
        ...(reason === null ? {} : { hidden: { reason } }),
      });
    return { outcome: 'lifted', hold: await this.liftOnRecord(hold, reason, actorOf(by)) };
  }

  /** Lifts the hold of an approved act. Twice is the same as once. */
  private async performLift({ detail, hidden, by }: ApprovedAct): Promise<void> {
    const holdId = String(detail['holdId']);
    const hold = (await this.dependencies.register.load()).holds.get(holdId);
    if (hold === undefined) throw new ActImpossible('No legal hold has this id.');
    const reason = hidden?.['reason'];
    await this.liftOnRecord(hold, typeof reason === 'string' ? reason : null, by);
  }

  private async liftOnRecord({ holdId, lifted, subjectIds }: Hold, reason: string | null, by: string): Promise<Hold> {
    const { log, keys, register, clock } = this.dependencies;
    if (lifted === null) {
      const meta: HoldMeta = { by, ...(await this.sealedReason(holdId, 'lifted', reason, subjectIds)) };
      await recordPrivacyFact(log, holdLiftedEvent(holdId, meta, clock.now()));
    }
    await keys.liftHold(holdId);
    return (await register.load()).holds.get(holdId) as Hold;
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
