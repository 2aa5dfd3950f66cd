import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from '#event-log';
import type { KeyStore } from '#keys';
import type { Ingestion } from '#ingestion';
import { erase, type ErasureReceipt } from './erase.js';
import type { People } from './people.js';

/** Somebody, as an operator names them: by identifiers in the clear, or by the id of the customer. */
export interface Named {
  readonly identifiers: readonly { readonly namespace: string; readonly value: string }[];
  readonly customerId: string | null;
}

export type ErasureVerdict =
  | { readonly outcome: 'erased'; readonly receipt: ErasureReceipt }
  | { readonly outcome: 'unknown-customer' }
  /** The identifiers belong to more than one customer. */
  | { readonly outcome: 'several-customers'; readonly customerIds: readonly string[] }
  /** The read models have not yet seen all of the log: a link that makes two subjects one person may be missing. */
  | { readonly outcome: 'behind' };

const WAIT_MS = 5_000;
const POLL_MS = 50;

export interface ErasureDependencies {
  readonly log: EventLog;
  readonly keys: KeyStore;
  readonly ingestion: Ingestion;
  /** Null where there are no read models: then only the subjects named are erased. */
  readonly people: People | null;
  readonly now: () => number;
}

/** Finds all subjects of a person and forgets them: see `erase`. Waits a while for the read models to have seen all of the log. */
export async function erasePerson(
  { log, keys, ingestion, people, now }: ErasureDependencies,
  { identifiers, customerId }: Named,
  by: string,
): Promise<ErasureVerdict> {
  const subjectIds = identifiers.map(({ namespace, value }) => ingestion.identities.of(namespace, value).subjectId);
  if (customerId !== null) subjectIds.push(customerId);
  if (people === null) {
    const receipt = await erase(log, keys, { subjectIds, customerId, by }, now());
    return { outcome: 'erased', receipt };
  }
  const { position: head } = await log.head();
  let known = await people.of(subjectIds);
  for (let waited = 0; known.position < head; waited += POLL_MS) {
    if (waited >= WAIT_MS) return { outcome: 'behind' };
    await sleep(POLL_MS);
    known = await people.of(subjectIds);
  }
  const [person, ...others] = known.people;
  if (others.length > 0)
    return { outcome: 'several-customers', customerIds: known.people.map((each) => each.customerId) };
  if (person === undefined && customerId !== null) return { outcome: 'unknown-customer' };
  const all = [...subjectIds, ...(person?.subjectIds ?? [])];
  const receipt = await erase(log, keys, { subjectIds: all, customerId: person?.customerId ?? null, by }, now());
  return { outcome: 'erased', receipt };
}
