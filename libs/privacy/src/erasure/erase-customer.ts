import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from '#event-log';
import type { Queryable } from '#database';
import { PersonSearch, type ClearIdentifier, type Identities } from '#ingestion';
import type { KeyStore, Sealer } from '#keys';
import { ActImpossible, actorOf, type ApprovedAct, type Approvals, type Clock, type Principal } from '#platform';
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
    /** Who asks for it. */
    readonly by: Principal,
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
  readonly approvals: Approvals;
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
    dependencies.approvals.onApproved('erase', (act) => this.perform(act));
  }

  /** @throws ActRequested where another principal has to approve it */
  async execute({ person: { identifiers, customerId }, by }: EraseCustomer): Promise<ErasureVerdict> {
    const named = identifiers.map(({ namespace, value }) => this.dependencies.identities.of(namespace, value));
    const found = await this.find({ customerId, subjectIds: [], identifiers: named });
    if ('outcome' in found) return found;
    const subjectIds = [...new Set(named.map(({ subjectId }) => subjectId))].sort();
    await this.dependencies.approvals.require({
      ...{ acts: ['erase'], by, subjectIds: customerId === null ? subjectIds : [...subjectIds, customerId] },
      detail: { customerId, subjectIds },
      // Only with these are the quarantined bodies found that name the person.
      ...(named.length === 0
        ? {}
        : { hidden: { identifiers: named.map(({ namespace, value }) => ({ namespace, value })) } }),
    });
    return this.erase(found, actorOf(by));
  }

  /** Erases the person of the act. Twice is the same as once; an erasure that was interrupted is completed. */
  private async perform({ detail, hidden, by }: ApprovedAct): Promise<void> {
    const { customerId, subjectIds } = detail as unknown as Pick<Person, 'customerId' | 'subjectIds'>;
    const identifiers = (hidden?.['identifiers'] ?? []) as readonly ClearIdentifier[];
    if (hidden === null && subjectIds.length > 0) await this.assertErased(subjectIds);
    const found = await this.find({ customerId, subjectIds, identifiers });
    if (!('outcome' in found)) {
      await this.erase(found, by);
      return;
    }
    if (found.outcome === 'behind') throw new Error('The read models have not reached the head of the log.');
    throw new ActImpossible(
      found.outcome === 'several-customers'
        ? `The identifiers belong to several customers: ${found.customerIds.join(', ')}.`
        : 'The customer is not known.',
    );
  }

  /** The identifiers of an act are destroyed by the erasure of the person of the act: where that did not happen, the keys are not those of this log. */
  private async assertErased(subjectIds: readonly string[]): Promise<void> {
    const states = await this.dependencies.keys.keysFor(subjectIds);
    if (subjectIds.some((id) => states.get(id) !== 'erased'))
      throw new ActImpossible('What was asked for cannot be opened any more: ask for the erasure again.');
  }

  /** All that is known of a person, once the read models have reached the head of the log. */
  private async find(person: Person): Promise<Person | Exclude<ErasureVerdict, { outcome: 'erased' }>> {
    const { log } = this.dependencies;
    const { customerId, identifiers } = person;
    const named = identifiers.map(({ namespace, value }) => this.dependencies.identities.of(namespace, value));
    const subjectIds = [...person.subjectIds, ...named.map(({ subjectId }) => subjectId)];
    if (customerId !== null) subjectIds.push(customerId);
    if (this.customers === null) return { customerId, subjectIds, identifiers: named };
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
    return {
      customerId: customer?.customerId ?? null,
      subjectIds: [...subjectIds, ...subjects.map(({ subjectId }) => subjectId)],
      identifiers: [...named, ...(await this.opened(subjects))],
    };
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
