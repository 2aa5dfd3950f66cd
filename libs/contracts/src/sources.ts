import type { SourceRegistered } from './facts/sources.js';
import type { Instant } from './instant.js';

/** What a source is and may send, as it was registered or last changed. */
export type SourceSettings = Readonly<Omit<SourceRegistered, 'types' | 'versions' | 'origins' | 'tracking'>> & {
  readonly types?: readonly string[];
  readonly origins?: readonly string[];
  readonly tracking?: TrackingMapping;
  readonly versions?: Readonly<Record<string, number>>;
};

/** What a source's mapping says of one of the events that its analytics library sends. */
export type OwnEvent =
  /** It is read as an event of the specification: `Order Completed`. */
  | { readonly as: string }
  /** It becomes this type, with these fields of the data: each a source as in a mapping of files, whose columns are properties of the event. */
  | { readonly type: string; readonly data?: Readonly<Record<string, unknown>> };

/** How the events of a source's analytics library become touchpoints. */
export interface TrackingMapping {
  /** By the name of the event, exactly as the library sends it. */
  readonly events?: Readonly<Record<string, OwnEvent>>;
  /** The type of every event that neither `events` nor the specification names, or `quarantine`: then such events wait for a mapping. */
  readonly others?: string;
}

export type SourceStatus = 'active' | 'paused' | 'retired';

/** A registered source as the log has it. */
export interface RegisteredSource {
  readonly settings: SourceSettings;
  readonly status: SourceStatus;
  readonly registeredAt: Instant;
  readonly changedAt: Instant;
}

/** What the fold of registrations reads of an event. */
interface SourceEvent {
  readonly type: string;
  readonly data: string;
  readonly occurredAt: Instant;
}

export const NO_SOURCES: ReadonlyMap<string, RegisteredSource> = new Map();

/** The registered sources by name, in the order of their registration, after these events of their stream. Events of other types change nothing. */
export function foldSources(
  sources: ReadonlyMap<string, RegisteredSource>,
  events: readonly SourceEvent[],
): ReadonlyMap<string, RegisteredSource> {
  const folded = new Map(sources);
  for (const { type, data, occurredAt } of events) {
    const fact = JSON.parse(data) as SourceSettings;
    const known = folded.get(fact.name);
    if (type === 'source-registered' && known === undefined)
      folded.set(fact.name, { settings: fact, status: 'active', registeredAt: occurredAt, changedAt: occurredAt });
    else if (known === undefined) continue;
    else if (type === 'source-changed') folded.set(fact.name, { ...known, settings: fact, changedAt: occurredAt });
    else {
      const status = STATUSES[type];
      if (status !== undefined && known.status !== 'retired')
        folded.set(fact.name, { ...known, status, changedAt: occurredAt });
    }
  }
  return folded;
}

const STATUSES: Readonly<Record<string, SourceStatus>> = {
  'source-paused': 'paused',
  'source-resumed': 'active',
  'source-retired': 'retired',
};
