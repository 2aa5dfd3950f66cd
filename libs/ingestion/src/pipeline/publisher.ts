import { actorOf, isInScope, KAFKA_PRINCIPAL, LOCAL_PRINCIPAL, type Principal, type Scope } from '#platform';
import type { IngestItem } from './item.js';
import { Rejection } from './rejection.js';

/** Where an event is kept whose publisher may not speak for the source that it names: never under that source. */
export interface RejectedUnder {
  /** Its line in the counts by source: `key:5f0c3a9b1d2e`. */
  readonly line: string;
  /** What its stream is named by: the id of the key, or the topic. */
  readonly id: string;
}

/** What an event came through: it says who brought the event, and for which sources it may speak. */
export interface Publisher {
  /** As the metadata of its events record it: `key:5f0c3a9b1d2e`, `local`, `kafka`. */
  readonly by: string;
  /** Where an event of this source is kept; null where the publisher may speak for it. Absent where it may speak for all. */
  readonly rejects?: (item: IngestItem, source: string) => RejectedUnder | null;
  /** Whether it may send events of this type. Absent where it may send all. */
  readonly sends?: (type: string) => boolean;
}

/** Events without a publisher of their own: the engine's machine brings them. */
export const LOCAL_PUBLISHER: Publisher = { by: actorOf(LOCAL_PRINCIPAL) };

/** A caller with its scopes. */
export function publisherOf(principal: Principal): Publisher {
  const by = actorOf(principal);
  const { sources, types } = principal.scopes;
  const sends = types === 'all' ? {} : { sends: (type: string) => isInScope(types, type) };
  if (sources === 'all') return { by, ...sends };
  const under: RejectedUnder = { line: by, id: principal.id };
  // A batch is of one source, or of a few.
  const known = new Map<string, boolean>();
  return {
    by,
    ...sends,
    rejects: (_, source) => {
      let permitted = known.get(source);
      if (permitted === undefined) {
        permitted = isInScope(sources, source);
        if (known.size < SOURCES_REMEMBERED) known.set(source, permitted);
      }
      return permitted ? null : under;
    },
  };
}

const SOURCES_REMEMBERED = 1_000;

/** The Kafka consumer: each topic of the setting `KAFKA_SOURCES` speaks for its own sources, every other one for all. */
export function topicsPublisher(sources: ReadonlyMap<string, Scope>): Publisher {
  const by = actorOf(KAFKA_PRINCIPAL);
  if (sources.size === 0) return { by };
  return {
    by,
    rejects: ({ provenance }, source) => {
      const scope = provenance === undefined ? undefined : sources.get(provenance.topic);
      if (provenance === undefined || scope === undefined || isInScope(scope, source)) return null;
      return { line: `topic:${provenance.topic}`, id: `topic-${provenance.topic}` };
    },
  };
}

/** What sources may not be named, since lines of rejected events are. Written out, since it is asked of every event. */
export const isRejectedLine = (source: string): boolean =>
  source.startsWith('key:') || source.startsWith('person:') || source.startsWith('topic:');

export const KEY_TYPE_NOT_PERMITTED = Rejection.of(
  'type-not-permitted',
  '#/type',
  'must be one of the types that this key may publish',
  'publish with another key, or add the type to the scopes of this one, then release the event',
);

export const SOURCE_NOT_PERMITTED = Rejection.of(
  'source-not-permitted',
  '#/source',
  'must be a source that its publisher may speak for',
  'publish with the key of that source; or add the source to the scopes of this key, or to the topic in KAFKA_SOURCES, then release the event',
);
