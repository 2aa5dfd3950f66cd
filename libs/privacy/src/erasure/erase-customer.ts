import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from '#event-log';
import type { Identities } from '#ingestion';
import type { KeyStore } from '#keys';
import type { Clock } from '#platform';
import type { CustomersBySubject } from './customer-subjects.js';
import type { ErasureJournal } from '../journal/erasure-journal.js';
import { eraseSubjects, type ErasureReceipt } from './erase-subjects.js';

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
  /** Null in a process without read models: then only the subjects of the command are erased. */
  readonly customers: CustomersBySubject | null;
  readonly clock: Clock;
  /** Null where the settings name none. */
  readonly journal?: ErasureJournal | null;
}

const WAIT_MS = 5_000;
const POLL_MS = 50;

/** Finds all subjects of a person and erases them: see `eraseSubjects`. Waits up to five seconds for the read models to reach the head of the log. */
export class EraseCustomerHandler {
  constructor(private readonly dependencies: ErasureDependencies) {}

  async execute({ person, by }: EraseCustomer): Promise<ErasureVerdict> {
    const { log, identities, customers } = this.dependencies;
    const { identifiers, customerId } = person;
    const subjectIds = identifiers.map(({ namespace, value }) => identities.of(namespace, value).subjectId);
    if (customerId !== null) subjectIds.push(customerId);
    if (customers === null) return this.erase(subjectIds, customerId, by);
    const { position: head } = await log.head();
    let found = await customers.find(subjectIds);
    for (let waitedMs = 0; found.position < head; waitedMs += POLL_MS) {
      if (waitedMs >= WAIT_MS) return { outcome: 'behind' };
      await sleep(POLL_MS);
      found = await customers.find(subjectIds);
    }
    const [customer, ...others] = found.customers;
    if (others.length > 0)
      return { outcome: 'several-customers', customerIds: found.customers.map((each) => each.customerId) };
    if (customer === undefined && customerId !== null) return { outcome: 'unknown-customer' };
    return this.erase([...subjectIds, ...(customer?.subjectIds ?? [])], customer?.customerId ?? null, by);
  }

  private async erase(subjectIds: readonly string[], customerId: string | null, by: string): Promise<ErasureVerdict> {
    const { log, keys, clock, journal = null } = this.dependencies;
    const receipt = await eraseSubjects({ log, keys, journal }, { subjectIds, customerId, by }, clock.now());
    return { outcome: 'erased', receipt };
  }
}
