import { streamOfFact, upcast, type Data } from '#contracts';
import type { EventLog } from '#event-log';
import type { SegmentDefinition } from '#lifecycle';

/** A segment as the log holds it: its newest version. */
export interface RecordedSegment {
  readonly definition: SegmentDefinition;
  readonly version: number;
  readonly position: number;
  /** Whether it was removed after that version. */
  readonly removed: boolean;
}

export const SEGMENT_STREAM = streamOfFact('segment-defined');

/** The segments that were ever defined, by id, and the revision of the last fact; null where there is none. */
export async function recordedSegments(
  log: Pick<EventLog, 'read'>,
): Promise<{ readonly segments: ReadonlyMap<string, RecordedSegment>; readonly last: number | null }> {
  const segments = new Map<string, RecordedSegment>();
  let last: number | null = null;
  for await (const page of log.read(SEGMENT_STREAM))
    for (const { type, schemaVersion, data, position, revision } of page) {
      last = revision;
      const fact = upcast(type, schemaVersion, JSON.parse(data) as Data);
      const id = String(fact['segmentId']);
      const before = segments.get(id);
      if (type === 'segment-defined')
        segments.set(id, {
          definition: fact['definition'] as unknown as SegmentDefinition,
          version: Number(fact['version']),
          ...{ position, removed: false },
        });
      else if (before !== undefined) segments.set(id, { ...before, removed: true });
    }
  return { segments, last };
}

/** The segments that are defined now. */
export function definedSegments(segments: ReadonlyMap<string, RecordedSegment>): readonly SegmentDefinition[] {
  return [...segments.values()].flatMap(({ definition, removed }) => (removed ? [] : [definition]));
}
