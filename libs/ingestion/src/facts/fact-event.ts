import { factOf, validateFact, type FactName, type ValidationIssue, type Instant } from '#contracts';
import type { NewEvent } from '#event-log';

/** A fact of the engine itself, before it is an event of the log. */
export interface FactDraft {
  readonly name: FactName;
  /** Together with the id it identifies the fact for ever. */
  readonly source: string;
  readonly id: string;
  readonly occurredAt: Instant;
  readonly contentHash: Uint8Array;
  readonly data: object;
  readonly meta?: object;
}

/** What is wrong with data from outside that are to become such a fact. */
export function issuesOfFact(name: FactName, data: object): readonly ValidationIssue[] {
  const validity = validateFact(name, factOf(name)?.version ?? 0, data);
  return validity.ok ? [] : validity.errors;
}

/**
 * The event of a fact, in the newest version of its contract.
 * @throws TypeError where the data violate their contract. Data from outside were validated before, so that is a defect of the engine: it
 * must not reach the log, where it would be read for ever.
 */
export function factEvent({ name, data, meta, ...rest }: FactDraft): NewEvent {
  const version = factOf(name)?.version ?? 0;
  const validity = validateFact(name, version, data);
  if (!validity.ok)
    throw new TypeError(`The data of a ${name} violate their contract: ${JSON.stringify(validity.errors)}`);
  return {
    ...rest,
    type: name,
    schemaVersion: version,
    meta: meta === undefined ? '{}' : JSON.stringify(meta),
    data: JSON.stringify(data),
  };
}
