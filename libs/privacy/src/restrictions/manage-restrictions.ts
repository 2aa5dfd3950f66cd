import type { RestrictionGround } from '#contracts';
import type { EventLog } from '#event-log';
import { PersonSearch, type Identities } from '#ingestion';
import type { KeyStore, Sealer } from '#keys';
import type { Queryable } from '#database';
import type { Clock } from '#platform';
import type { FoundPerson, NamedPerson } from '../erasure/find-person.js';
import { PersonsOnRecord } from '../erasure/persons-on-record.js';
import { recordPrivacyFact } from '../holds/hold-facts.js';
import { sealedIdentifiers } from '../holds/sealed-identifiers.js';
import { restrictionIdOf, restrictionLiftedEvent, restrictionPlacedEvent } from './restriction-facts.js';
import type { Restriction, RestrictionRegister } from './restriction-register.js';

/** Restrict the processing of a person's data. */
export interface RestrictPerson {
  readonly person: NamedPerson;
  readonly ground: RestrictionGround;
  /** The request of the data subject that it answers; null where there is none on record. */
  readonly requestId: string | null;
  /** Who does it, as the log records it. */
  readonly by: string;
}

export type RestrictVerdict =
  | { readonly outcome: 'placed'; readonly restriction: Restriction }
  | Exclude<FoundPerson, { readonly outcome: 'found' }>
  | { readonly outcome: 'erased' };

export interface RestrictionDependencies {
  readonly log: EventLog;
  readonly keys: KeyStore;
  readonly identities: Pick<Identities, 'of'>;
  readonly sealer: Sealer;
  /** Null in a process without read models: then only the subjects of the request are restricted, and no body is searched. */
  readonly database: Pick<Queryable, 'query'> | null;
  readonly clock: Clock;
  readonly register: RestrictionRegister;
}

/** Places and lifts restrictions of processing (GDPR art. 18). Each is a fact in the log; it holds from then on. */
export class ManageRestrictions {
  private readonly persons: PersonsOnRecord;

  constructor(private readonly dependencies: RestrictionDependencies) {
    this.persons = new PersonsOnRecord(dependencies);
  }

  /** Where the person is restricted on the same ground already, that restriction is the answer. */
  async place({ person: named, ground, requestId, by }: RestrictPerson): Promise<RestrictVerdict> {
    const { log, keys, register, clock } = this.dependencies;
    const found = await this.persons.find(named);
    if (found.outcome !== 'found') return found;
    const subjectIds = [...new Set(found.person.subjectIds)].sort();
    const states = await keys.keysFor(subjectIds);
    if (subjectIds.every((id) => states.get(id) === 'erased')) return { outcome: 'erased' };
    const same = [...(await register.load()).values()].filter(
      (each) => each.ground === ground && each.subjectIds.join() === subjectIds.join(),
    );
    const standing = same.find(({ lifted }) => lifted === null);
    if (standing !== undefined) return { outcome: 'placed', restriction: standing };
    const restrictionId = restrictionIdOf(ground, subjectIds, same.length);
    const { quarantineIds } = await this.persons.bodiesNaming(new PersonSearch(found.person.identifiers), 0);
    const identifiers = await sealedIdentifiers(this.dependencies, found.person.identifiers);
    const data = {
      ...{ restrictionId, ground, subjectIds, customerId: found.person.customerId, quarantineIds },
      ...(requestId === null ? {} : { requestId }),
    };
    await recordPrivacyFact(log, restrictionPlacedEvent(data, { by, identifiers }, clock.now()));
    return { outcome: 'placed', restriction: (await register.load()).get(restrictionId) as Restriction };
  }

  /** Twice is the same as once. Null where no restriction has this id. */
  async lift(restrictionId: string, by: string): Promise<Restriction | null> {
    const { log, register, clock } = this.dependencies;
    const known = (await register.load()).get(restrictionId);
    if (known === undefined) return null;
    const { subjectIds, lifted } = known;
    if (lifted === null)
      await recordPrivacyFact(log, restrictionLiftedEvent({ restrictionId, subjectIds }, { by }, clock.now()));
    return (await register.load()).get(restrictionId) as Restriction;
  }
}
