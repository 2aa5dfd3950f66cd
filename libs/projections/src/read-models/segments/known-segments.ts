import { createHash } from 'node:crypto';
import type { Instant } from '#contracts';
import type { Transaction } from '#database';
import { FieldRegistry, SegmentSet, type AskedPattern, type LifecycleEvent, type SegmentDefinition } from '#lifecycle';

/** A touchpoint that meets a pattern which conditions of segments ask about. */
export interface Happened {
  /** The hash of the pattern. */
  readonly pattern: string;
  readonly at: Instant;
  readonly source: string;
  readonly id: string;
}

/** A pattern, and the hash under which its touchpoints are kept. */
export interface KeptPattern extends AskedPattern {
  readonly hash: string;
}

/** The segments that are defined at a position of the log, prepared for folding. */
export class KnownSegments {
  static readonly NONE = new KnownSegments([], new Map());

  readonly set: SegmentSet;
  readonly patterns: readonly KeptPattern[];
  readonly #byType = new Map<string, readonly KeptPattern[]>();
  readonly #ofAnyType: readonly KeptPattern[];

  constructor(
    definitions: readonly SegmentDefinition[],
    /** The version of each segment. */
    readonly versions: ReadonlyMap<string, number>,
  ) {
    this.set = new SegmentSet(definitions, FieldRegistry.BUILT_IN);
    this.patterns = this.set.patterns.map((pattern) => ({ ...pattern, hash: hashOf(pattern.key) }));
    this.#ofAnyType = this.patterns.filter(({ type }) => type === null);
    for (const { type } of this.patterns)
      if (type !== null)
        this.#byType.set(
          type,
          this.patterns.filter((each) => each.type === type || each.type === null),
        );
  }

  /** Whether there is no segment: then nothing is to be judged. */
  get isEmpty(): boolean {
    return this.versions.size === 0;
  }

  /** What these events mean to the conditions of segments. */
  happenedIn(events: readonly LifecycleEvent[]): readonly Happened[] {
    if (this.patterns.length === 0) return [];
    const happened: Happened[] = [];
    for (const event of events)
      for (const { hash, matches } of this.#byType.get(event.type) ?? this.#ofAnyType)
        if (matches(event)) happened.push({ pattern: hash, at: event.occurredAt, source: event.source, id: event.id });
    return happened;
  }
}

const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 16);

interface SegmentRow extends Record<string, unknown> {
  segment_id: string;
  version: number;
  definition: SegmentDefinition | null;
}

/** Reads the segments that are defined from the tables of the version on the search path, up to a position where one is given. */
export async function loadSegments(tx: Transaction, upTo = Number.MAX_SAFE_INTEGER): Promise<KnownSegments> {
  const rows = await tx.query<SegmentRow>(
    `SELECT DISTINCT ON (segment_id) segment_id, version, definition FROM segments WHERE position <= $1
      ORDER BY segment_id, position DESC`,
    [upTo],
  );
  const defined = rows.flatMap(({ version, definition }) => (definition === null ? [] : [{ version, definition }]));
  if (defined.length === 0) return KnownSegments.NONE;
  return new KnownSegments(
    defined.map(({ definition }) => definition),
    new Map(defined.map(({ version, definition }) => [definition.id, version])),
  );
}
