import { randomUUID } from 'node:crypto';
import { foldSources, NO_SOURCES, STREAMS, upcast, type Data, type FactName, type RegisteredSource } from '#contracts';
import type { EventLog, Verdict } from '#event-log';
import { factEvent } from '../facts/fact-event.js';
import { plainContentHash } from '../pipeline/content-hash.js';
import { OWN_SOURCES } from '../pipeline/envelope.js';

/** What operators do to sources, as facts in the log. */
export type SourceFactName = Extract<FactName, `source-${'registered' | 'changed' | 'paused' | 'resumed' | 'retired'}`>;

/** The sources on record, and the revision of the last fact about them; null where there is none. */
export interface RecordedSources {
  readonly sources: ReadonlyMap<string, RegisteredSource>;
  readonly last: number | null;
}

/** Reads the sources on record. */
export async function recordedSources(log: EventLog): Promise<RecordedSources> {
  let sources = NO_SOURCES;
  let last: number | null = null;
  for await (const page of log.read(STREAMS.sources)) {
    last = page.at(-1)?.revision ?? last;
    sources = foldSources(
      sources,
      page.map(({ type, schemaVersion, data, occurredAt }) => ({
        type,
        data: JSON.stringify(upcast(type, schemaVersion, JSON.parse(data) as Data)),
        occurredAt,
      })),
    );
  }
  return { sources, last };
}

/** A fact about a source, before it is recorded. */
export interface SourceFact {
  readonly name: SourceFactName;
  readonly data: object & { readonly name: string };
  /** Who did it. */
  readonly by: string;
  readonly at: number;
}

/** Appends a fact behind the last one that its author has read: the log enforces that. */
export async function recordSourceFact(
  log: EventLog,
  last: number | null,
  { name, data, by, at }: SourceFact,
): Promise<Verdict | undefined> {
  const [verdict] = await log.append(STREAMS.sources, last ?? 'no-stream', [
    factEvent({
      name,
      source: OWN_SOURCES.sources,
      // Of two processes that act at the same moment, one must be told so: its event is not the other's.
      id: randomUUID(),
      occurredAt: at,
      contentHash: plainContentHash(data),
      meta: { by },
      data,
    }),
  ]);
  return verdict;
}
