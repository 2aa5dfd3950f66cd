import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '#database';
import type { EventLog } from '#event-log';
import type { ClearIdentifier, Identities } from '#ingestion';
import type { Sealer } from '#keys';
import { CustomersBySubject, type KnownSubject } from './customer-subjects.js';

const WAIT_MS = 5_000;
const POLL_MS = 50;

/** A person as a caller names them. */
export interface NamedPerson {
  readonly identifiers: readonly { readonly namespace: string; readonly value: string }[];
  readonly customerId: string | null;
  /** Subjects that are known to be the person's, from an earlier request. */
  readonly subjectIds?: readonly string[];
  /** True: exactly these subjects, whatever customers they belong to. */
  readonly only?: boolean;
}

/** A person with everything that is known of them. */
export interface Person {
  readonly customerId: string | null;
  readonly subjectIds: readonly string[];
  readonly identifiers: readonly ClearIdentifier[];
}

export type FoundPerson =
  | { readonly outcome: 'found'; readonly person: Person }
  | { readonly outcome: 'unknown-customer' }
  /** The identifiers belong to more than one customer. */
  | { readonly outcome: 'several-customers'; readonly customerIds: readonly string[] }
  /** The read models have not reached the head of the log: a link that joins two subjects in one customer may be missing. */
  | { readonly outcome: 'behind' };

export interface PersonFinderDependencies {
  readonly log: Pick<EventLog, 'head'>;
  readonly identities: Pick<Identities, 'of'>;
  readonly sealer: Sealer;
  /** Null in a process without read models: then a person is the subjects that the request names. */
  readonly database: Pick<Queryable, 'query'> | null;
}

/** Finds all subjects of a person. Waits up to five seconds for the read models to reach the head of the log. */
export class PersonFinder {
  private readonly customers: CustomersBySubject | null;

  constructor(private readonly dependencies: PersonFinderDependencies) {
    const { database } = dependencies;
    this.customers = database === null ? null : new CustomersBySubject(database);
  }

  async find({ identifiers, customerId, subjectIds: known = [], only = false }: NamedPerson): Promise<FoundPerson> {
    const { log, identities } = this.dependencies;
    const named = identifiers.map(({ namespace, value }) => identities.of(namespace, value));
    const subjectIds = [...named.map((identity) => identity.subjectId), ...known];
    if (customerId !== null) subjectIds.push(customerId);
    if (this.customers === null) return { outcome: 'found', person: { customerId, subjectIds, identifiers: named } };
    const { position: head } = await log.head();
    let found = await this.customers.find(subjectIds);
    for (let waitedMs = 0; found.position < head; waitedMs += POLL_MS) {
      if (waitedMs >= WAIT_MS) return { outcome: 'behind' };
      await sleep(POLL_MS);
      found = await this.customers.find(subjectIds);
    }
    const [customer, ...others] = found.customers;
    if (only) {
      const wanted = new Set(subjectIds);
      const subjects = found.customers.flatMap((each) => each.subjects).filter((each) => wanted.has(each.subjectId));
      const known = await this.opened(subjects);
      return { outcome: 'found', person: { customerId, subjectIds, identifiers: [...named, ...known] } };
    }
    if (others.length > 0)
      return { outcome: 'several-customers', customerIds: found.customers.map((each) => each.customerId) };
    if (customer === undefined && customerId !== null) return { outcome: 'unknown-customer' };
    const subjects = customer?.subjects ?? [];
    return {
      outcome: 'found',
      person: {
        customerId: customer?.customerId ?? null,
        subjectIds: [...new Set([...subjectIds, ...subjects.map(({ subjectId }) => subjectId)])],
        identifiers: [...named, ...(await this.opened(subjects))],
      },
    };
  }

  /** The identifiers of a customer in the clear, as far as they can be opened. */
  private async opened(subjects: readonly KnownSubject[]): Promise<ClearIdentifier[]> {
    const sealed = subjects.filter(
      (subject): subject is KnownSubject & { readonly sealed: string } => subject.sealed !== null,
    );
    const values = await this.dependencies.sealer.openUndamaged(sealed);
    return sealed.flatMap(({ namespace }, at) => {
      const value = values[at];
      return value === null || value === undefined ? [] : [{ namespace, value }];
    });
  }
}
