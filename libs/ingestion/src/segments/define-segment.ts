import { TOUCHPOINT_TYPES, type ValidationIssue } from '#contracts';
import type { EventLog, NewEvent } from '#event-log';
import { FieldRegistry, readSegment, segmentsNamed, type DefinitionContext, type SegmentDefinition } from '#lifecycle';
import type { Clock } from '#platform';
import { factEvent } from '../facts/fact-event.js';
import { plainContentHash } from '../pipeline/content-hash.js';
import { OWN_SOURCES } from '../pipeline/envelope.js';
import { registeredTypes } from '../types/register-type.js';
import { definedSegments, recordedSegments, SEGMENT_STREAM, type RecordedSegment } from './recorded-segments.js';

/** Define a segment, or define it again. */
export class DefineSegment {
  constructor(
    readonly document: unknown,
    /** Who defines it, as the log records it. */
    readonly by = 'local',
  ) {}
}

/** Remove a segment: its members leave it. */
export class RemoveSegment {
  constructor(
    readonly segmentId: string,
    readonly by = 'local',
  ) {}
}

export interface SegmentOnRecord {
  readonly segmentId: string;
  readonly version: number;
  /** The place of the fact in the log. */
  readonly position: number;
  /** False where this very definition stood already. */
  readonly changed: boolean;
}

export type SegmentVerdict =
  | ({ readonly ok: true } & SegmentOnRecord)
  | { readonly ok: false; readonly missing: boolean; readonly errors: readonly ValidationIssue[] };

/** Other segments may be defined in between so many times. */
const ATTEMPTS_MAX = 10;
const SEGMENTS_MAX = 500;

/** What definitions are checked against: the types that are registered, and the segments that are defined. */
export async function definitionContext(
  log: Pick<EventLog, 'read'>,
  others: readonly SegmentDefinition[],
): Promise<DefinitionContext> {
  const registry = await registeredTypes(log);
  return {
    fields: FieldRegistry.BUILT_IN,
    types: [...TOUCHPOINT_TYPES, ...registry.custom()].map(({ name }) => name),
    personalPaths: (type) => registry.personalPaths(type, registry.type(type)?.version ?? 1),
    others,
  };
}

/** Defines and removes segments. The same definition again changes nothing; another one is the next version. */
export class ManageSegments {
  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
  ) {}

  define({ document, by }: DefineSegment): Promise<SegmentVerdict> {
    return this.#decide(async (segments) => {
      const defined = definedSegments(segments);
      const verdict = readSegment(document, await definitionContext(this.log, defined));
      if (!verdict.ok) return { ...verdict, missing: false };
      const { definition } = verdict;
      const before = segments.get(definition.id);
      if (before !== undefined && !before.removed && isSame(before.definition, definition))
        return {
          ok: true,
          segmentId: definition.id,
          version: before.version,
          position: before.position,
          changed: false,
        };
      if (before === undefined && defined.length >= SEGMENTS_MAX)
        return rejected('#/id', `is one segment more than ${SEGMENTS_MAX}`, 'remove a segment that is not needed');
      const version = (before?.version ?? 0) + 1;
      const data = { segmentId: definition.id, version, definition };
      return { event: this.#event('segment-defined', `${definition.id}@${version}`, data, by), ...data };
    });
  }

  remove({ segmentId, by }: RemoveSegment): Promise<SegmentVerdict> {
    return this.#decide((segments) => {
      const before = segments.get(segmentId);
      if (before === undefined) return { ok: false, missing: true, errors: [] };
      const { version, position } = before;
      if (before.removed) return { ok: true, segmentId, version, position, changed: false };
      const user = definedSegments(segments).find(({ when }) => segmentsNamed(when).includes(segmentId));
      if (user !== undefined)
        return rejected('#', `is named by the segment ${user.id}`, 'define that one without it, or remove it first');
      const data = { segmentId, version };
      return { event: this.#event('segment-removed', `${segmentId}@${version}/removed`, data, by), ...data };
    });
  }

  /** Decided by what is on record, and appended behind it: the log enforces that. */
  async #decide(
    decide: (segments: ReadonlyMap<string, RecordedSegment>) => Promise<Decision> | Decision,
  ): Promise<SegmentVerdict> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const { segments, last } = await recordedSegments(this.log);
      const decision = await decide(segments);
      if ('ok' in decision) return decision;
      const { event, segmentId, version } = decision;
      const [appended] = await this.log.append(SEGMENT_STREAM, last ?? 'no-stream', [event]);
      if (appended?.status === 'accepted' || appended?.status === 'duplicate')
        return { ok: true, segmentId, version, position: appended.position, changed: appended.status === 'accepted' };
      if (appended?.status === 'rejected') return rejected('#', appended.reason, 'make the definition smaller');
    }
    return rejected('#', 'could not be recorded, since other segments are defined all the time', 'try again');
  }

  #event(name: 'segment-defined' | 'segment-removed', id: string, data: object, by: string): NewEvent {
    return factEvent({
      ...{ name, id, data, source: OWN_SOURCES.segments },
      occurredAt: this.clock.now(),
      contentHash: plainContentHash(data),
      meta: { by },
    });
  }
}

type Decision = SegmentVerdict | { readonly event: NewEvent; readonly segmentId: string; readonly version: number };

const isSame = (a: SegmentDefinition, b: SegmentDefinition): boolean =>
  Buffer.from(plainContentHash(a)).equals(plainContentHash(b));

const rejected = (pointer: string, detail: string, hint: string): SegmentVerdict => ({
  ok: false,
  missing: false,
  errors: [{ pointer, detail, hint }],
});

/** Handles `DefineSegment` from the command bus. */
export class DefineSegmentHandler {
  constructor(private readonly segments: ManageSegments) {}

  execute(command: DefineSegment): Promise<SegmentVerdict> {
    return this.segments.define(command);
  }
}

/** Handles `RemoveSegment` from the command bus. */
export class RemoveSegmentHandler {
  constructor(private readonly segments: ManageSegments) {}

  execute(command: RemoveSegment): Promise<SegmentVerdict> {
    return this.segments.remove(command);
  }
}
