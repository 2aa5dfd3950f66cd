import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from '#event-log';
import type { Queryable } from '#database';
import { PersonSearch, type ClearIdentifier, type Identities } from '#ingestion';
import type { KeyStore, Sealer } from '#keys';
import type { Clock } from '#platform';
import { eventsWithClearText } from '../clear-text/clear-text.js';
import { CustomersBySubject, type KnownSubject } from './customer-subjects.js';
import { QuarantinedBodies } from './quarantined-bodies.js';
import type { ErasureJournal } from '../journal/erasure-journal.js';
import { eraseSubjects, receiptOf, type Erasure, type ErasureReceipt } from './erase-subjects.js';

/** Erase a person. */
export class EraseCustomer {
  constructor(
    /** The person, by identifiers in the clear, or by the id of the customer. */
    readonly person: {
      readonly identifiers: readonly { readonly namespace: string; readonly value: string }[];
      readonly customerId: string | null;
    },
    /** Id of the principal who asks for it. */
    readonly by: string,
  ) {}
}

export type ErasureVerdict =
  | { readonly outcome: 'erased'; readonly receipt: ErasureReceipt }
  | { readonly outcome: 'unknown-customer' }
  /** The identifiers belong to more than one customer. */
  | { readonly outcome: 'several-customers'; readonly customerIds: readonly string[] }
  /** The read models have not reached the head of the log: a link that joins two subjects in one customer may be missing. */
  | { readonly outcome: 'behind' };

export interface ErasureDependencies {
  readonly log: EventLog;
  readonly keys: KeyStore;
  readonly identities: Pick<Identities, 'of'>;
  readonly sealer: Sealer;
  /** Null in a process without read models: then only the subjects of the command are erased, and no body is searched. */
  readonly database: Pick<Queryable, 'query'> | null;
  readonly clock: Clock;
  /** Null where the settings name none. */
  readonly journal?: ErasureJournal | null;
}

const WAIT_MS = 5_000;
const POLL_MS = 50;

/** A person to be erased: what is known of them before their keys are destroyed. */
interface Person {
  readonly customerId: string | null;
  readonly subjectIds: readonly string[];
  readonly identifiers: readonly ClearIdentifier[];
}

/**
 * Finds all subjects of a person, and every quarantined body that holds one of their identifiers in any form, and erases them: see `eraseSubjects`.
 * Waits up to five seconds for the read models to reach the head of the log.
 */
export class EraseCustomerHandler {
  private readonly customers: CustomersBySubject | null;
  private readonly bodies: QuarantinedBodies | null;

  constructor(private readonly dependencies: ErasureDependencies) {
    const { database, log, sealer } = dependencies;
    this.customers = database === null ? null : new CustomersBySubject(database);
    this.bodies = database === null ? null : new QuarantinedBodies(database, log, sealer);
  }

  async execute({ person, by }: EraseCustomer): Promise<ErasureVerdict> {
    const { log, identities } = this.dependencies;
    const { customerId } = person;
    const named = person.identifiers.map(({ namespace, value }) => identities.of(namespace, value));
    const subjectIds = named.map((identity) => identity.subjectId);
    if (customerId !== null) subjectIds.push(customerId);
    if (this.customers === null) return this.erase({ customerId, subjectIds, identifiers: named }, by);
    const { position: head } = await log.head();
    let found = await this.customers.find(subjectIds);
    for (let waitedMs = 0; found.position < head; waitedMs += POLL_MS) {
      if (waitedMs >= WAIT_MS) return { outcome: 'behind' };
      await sleep(POLL_MS);
      found = await this.customers.find(subjectIds);
    }
    const [customer, ...others] = found.customers;
    if (others.length > 0)
      return { outcome: 'several-customers', customerIds: found.customers.map((each) => each.customerId) };
    if (customer === undefined && customerId !== null) return { outcome: 'unknown-customer' };
    const subjects = customer?.subjects ?? [];
    return this.erase(
      {
        customerId: customer?.customerId ?? null,
        subjectIds: [...subjectIds, ...subjects.map(({ subjectId }) => subjectId)],
        identifiers: [...named, ...(await this.opened(subjects))],
      },
      by,
    );
  }

  private async erase({ customerId, subjectIds, identifiers }: Person, by: string): Promise<ErasureVerdict> {
    const { log, keys, clock, journal = null } = this.dependencies;
    const search = new PersonSearch(identifiers);
    const before = (await this.bodies?.naming(search, 0)) ?? { quarantineIds: [], position: 0 };
    const namespaces = identifiers.map(({ namespace }) => namespace);
    const eraseWith = (quarantineIds: readonly string[]): Promise<Erasure> =>
      eraseSubjects({ log, keys, journal }, { subjectIds, customerId, by, namespaces, quarantineIds }, clock.now());
    const erasure = await eraseWith(before.quarantineIds);
    // What arrived while the others were searched. From now on ingestion recognises the person itself.
    const since = (await this.bodies?.naming(search, before.position)) ?? before;
    const late = since === before || since.quarantineIds.length === 0 ? null : await eraseWith(since.quarantineIds);
    const receipt = receiptOf({
      ...erasure,
      position: late?.position ?? erasure.position,
      bodyKeysDestroyed: erasure.bodyKeysDestroyed + (late?.bodyKeysDestroyed ?? 0),
      bodiesSearched: this.bodies !== null,
      bodiesNotSearchable: await keys.countExpiring(),
      eventsWithClearText: await eventsWithClearText(log, [...new Set(subjectIds)]),
    });
    return { outcome: 'erased', receipt };
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
