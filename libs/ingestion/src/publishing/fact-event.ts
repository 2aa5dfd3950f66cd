import { factOf, validateFact, type FactName, type ValidationIssue, type Instant } from '#contracts';
import type { NewEvent } from '#event-log';

/** A fact that is no touchpoint, before it is written down. */
export interface FactDraft {
  readonly name: FactName;
  /** With the id it names the fact for ever. */
  readonly source: string;
  readonly id: string;
  readonly occurredAt: Instant;
  readonly contentHash: Uint8Array;
  readonly data: object;
  readonly meta?: object;
}

/** What keeps data that came from outside from being such a fact. */
export function issuesOfFact(name: FactName, data: object): readonly ValidationIssue[] {
  const validity = validateFact(name, factOf(name)?.version ?? 0, data);
  return validity.ok ? [] : validity.errors;
}

/**
 * The event of a fact, in the newest version of its contract.
 * @throws TypeError where the data are not what the contract says. What came from outside was judged before, so that is a defect of ours: it
 * must not reach the log, where it would be read for ever.
 */
export function factEvent({ name, data, meta, ...rest }: FactDraft): NewEvent {
  const version = factOf(name)?.version ?? 0;
  const validity = validateFact(name, version, data);
  if (!validity.ok) throw new TypeError(`A ${name} is not what its contract says: ${JSON.stringify(validity.errors)}`);
  return {
    ...rest,
    type: name,
    schemaVersion: version,
    meta: meta === undefined ? '{}' : JSON.stringify(meta),
    data: JSON.stringify(data),
  };
}
