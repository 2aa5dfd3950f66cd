import type { EventLog } from '#event-log';
import type { Queryable } from '#database';
import { PersonSearch, type ClearIdentifier, type Identities } from '#ingestion';
import { KeyHeldError, type KeyHold, type KeyStore, type Sealer } from '#keys';
import { ActImpossible, actorOf, type ApprovedAct, type Approvals, type Clock, type Principal } from '#platform';
import { eventsWithClearText } from '../clear-text/clear-text.js';
import { recordErasureRequest } from '../holds/hold-facts.js';
import { sealedIdentifiers } from '../holds/sealed-identifiers.js';
import type { ErasureJournal } from '../journal/erasure-journal.js';
import { eraseSubjects, type Erasure } from './erase-subjects.js';
import { receiptOf, type ErasureReceipt } from './erasure-receipt.js';
import type { FoundPerson, NamedPerson, Person } from './find-person.js';
import { PersonsOnRecord } from './persons-on-record.js';

/** Erase a person. */
export class EraseCustomer {
  constructor(
    /** The person, by identifiers in the clear, or by the id of the customer. */
    readonly person: NamedPerson,
    /** Who asks for it. */
    readonly by: Principal,
  ) {}
}

export type ErasureVerdict =
  | { readonly outcome: 'erased'; readonly receipt: ErasureReceipt }
  /** A legal hold keeps the data. The request is on record, and is executed when the last hold is lifted. */
  | { readonly outcome: 'held'; readonly cases: readonly string[]; readonly erasureId: string }
  | Exclude<FoundPerson, { readonly outcome: 'found' }>;

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

/**
 * Finds all subjects of a person, and every quarantined body that holds one of their identifiers in any form, and erases them: see `eraseSubjects`.
 * A person with a legal hold on any of their subjects is not erased: the request is recorded instead.
 */
export class EraseCustomerHandler {
  private readonly persons: PersonsOnRecord;

  constructor(private readonly dependencies: ErasureDependencies) {
    this.persons = new PersonsOnRecord(dependencies);
    dependencies.approvals.onApproved('erase', (act) => this.perform(act));
  }

  /** @throws ActRequested where another principal has to approve it */
  async execute({ person: named, by }: EraseCustomer): Promise<ErasureVerdict> {
    const { identifiers, customerId } = named;
    const found = await this.persons.find(named);
    if (found.outcome !== 'found') return found;
    const ids = identifiers.map(({ namespace, value }) => this.dependencies.identities.of(namespace, value).subjectId);
    const subjectIds = [...new Set(ids)].sort();
    await this.dependencies.approvals.require({
      ...{ acts: ['erase'], by, subjectIds: customerId === null ? subjectIds : [...subjectIds, customerId] },
      detail: { customerId, subjectIds },
      // Only with these are the quarantined bodies found that name the person.
      ...(identifiers.length === 0 ? {} : { hidden: { identifiers: clearOf(identifiers) } }),
    });
    return this.eraseUnlessHeld(found.person, actorOf(by));
  }

  /** Executes an erasure that is on record as requested, and was approved then. */
  async executeRequested(person: NamedPerson, by: string): Promise<ErasureVerdict> {
    const found = await this.persons.find(person);
    return found.outcome === 'found' ? this.eraseUnlessHeld(found.person, by) : found;
  }

  /**
   * Erases a customer by a rule. `reasonToWait` is asked once all subjects of the person are known, and everything that the log held then is in the read
   * models. Where it has a reason, or a legal hold begins in between, nothing is done and nothing recorded: the rule finds them again. Resolves with the
   * reason; null where the person was erased.
   */
  async eraseByRule<Reason>(
    customerId: string,
    by: string,
    reasonToWait: (subjectIds: readonly string[]) => Promise<Reason | null>,
  ): Promise<Reason | 'hold' | 'behind' | 'not-due' | null> {
    const found = await this.persons.find({ identifiers: [], customerId });
    if (found.outcome === 'behind') return 'behind';
    // Merged into another customer in the meantime, who has a time of their own.
    if (found.outcome !== 'found' || found.person.customerId !== customerId) return 'not-due';
    const reason = await reasonToWait(found.person.subjectIds);
    if (reason !== null) return reason;
    if ((await this.dependencies.keys.holdsOn(found.person.subjectIds)).length > 0) return 'hold';
    try {
      await this.erase(found.person, by);
      return null;
    } catch (error) {
      if (error instanceof KeyHeldError) return 'hold';
      throw error;
    }
  }

  /** Erases the person of the act. Twice is the same as once; an erasure that was interrupted is completed. */
  private async perform({ detail, hidden, by }: ApprovedAct): Promise<void> {
    const { customerId, subjectIds } = detail as unknown as Pick<Person, 'customerId' | 'subjectIds'>;
    const identifiers = (hidden?.['identifiers'] ?? []) as readonly ClearIdentifier[];
    if (hidden === null && subjectIds.length > 0) await this.assertErased(subjectIds);
    const verdict = await this.executeRequested({ customerId, subjectIds, identifiers }, by);
    switch (verdict.outcome) {
      case 'erased':
      // Approved, and on record: it is executed when the last hold is lifted.
      case 'held':
        return;
      case 'behind':
        throw new Error('The read models have not reached the head of the log.');
      case 'several-customers':
        throw new ActImpossible(`The identifiers belong to several customers: ${verdict.customerIds.join(', ')}.`);
      case 'unknown-customer':
        throw new ActImpossible('The customer is not known.');
    }
  }

  /** The identifiers of an act are destroyed by the erasure of the person of the act: where that did not happen, the keys are not those of this log. */
  private async assertErased(subjectIds: readonly string[]): Promise<void> {
    const states = await this.dependencies.keys.keysFor(subjectIds);
    if (subjectIds.some((id) => states.get(id) !== 'erased'))
      throw new ActImpossible('What was asked for cannot be opened any more: ask for the erasure again.');
  }

  private async eraseUnlessHeld(person: Person, by: string): Promise<ErasureVerdict> {
    const holds = await this.dependencies.keys.holdsOn(person.subjectIds);
    if (holds.length > 0) return this.held(person, holds, by);
    try {
      return await this.erase(person, by);
    } catch (error) {
      // A hold began in between: the key store has the last word.
      if (error instanceof KeyHeldError) return this.held(person, error.holds, by);
      throw error;
    }
  }

  private async held(person: Person, holds: readonly KeyHold[], by: string): Promise<ErasureVerdict> {
    const { log, clock } = this.dependencies;
    const identifiers = await sealedIdentifiers(this.dependencies, person.identifiers);
    const erasureId = await recordErasureRequest(log, { ...person, identifiers, by }, clock.now());
    return { outcome: 'held', cases: [...new Set(holds.map((hold) => hold.case))], erasureId };
  }

  private async erase({ customerId, subjectIds, identifiers }: Person, by: string): Promise<ErasureVerdict> {
    const { log, keys, sealer, clock, journal = null } = this.dependencies;
    const search = new PersonSearch(identifiers);
    const before = await this.persons.bodiesNaming(search, 0);
    const namespaces = identifiers.map(({ namespace }) => namespace);
    const eraseWith = (quarantineIds: readonly string[]): Promise<Erasure> =>
      eraseSubjects({ log, keys, journal }, { subjectIds, customerId, by, namespaces, quarantineIds }, clock.now());
    const erasure = await eraseWith(before.quarantineIds);
    // What arrived while the others were searched. From now on ingestion recognises the person itself.
    const since = await this.persons.bodiesNaming(search, before.position);
    const late = since.quarantineIds.length === 0 ? null : await eraseWith(since.quarantineIds);
    const fields = {
      ...erasure,
      position: late?.position ?? erasure.position,
      bodyKeysDestroyed: erasure.bodyKeysDestroyed + (late?.bodyKeysDestroyed ?? 0),
      bodiesSearched: this.persons.searchesBodies,
      bodiesNotSearchable: await keys.countExpiring(),
      eventsWithClearText: await eventsWithClearText(log, [...new Set(subjectIds)]),
    };
    return { outcome: 'erased', receipt: receiptOf(fields, sealer) };
  }
}

const clearOf = (identifiers: NamedPerson['identifiers']): { readonly namespace: string; readonly value: string }[] =>
  identifiers.map(({ namespace, value }) => ({ namespace, value }));
