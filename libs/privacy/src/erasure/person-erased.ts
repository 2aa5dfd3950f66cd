import { hash } from 'node:crypto';
import { STREAMS, type Instant } from '#contracts';
import type { EventLog, NewEvent } from '#event-log';
import { factEvent, OWN_SOURCES, plainContentHash } from '#ingestion';
import type { JournaledErasure } from '../journal/erasure-journal.js';

/** The data of a `person-erased`. */
export interface PersonErased {
  /** Sorted. */
  readonly subjectIds: readonly string[];
  readonly customerId: string | null;
  /** The namespaces by which the person was known. Absent in erasures of before. */
  readonly namespaces?: readonly string[];
  /** Quarantined bodies in which the person was found. Absent where there are none. */
  readonly quarantineIds?: readonly string[];
}

/** Every id that an erasure destroys the key of: to be destroyed again in a key store that does not know of it. */
export const erasedIdsOf = ({
  subjectIds,
  quarantineIds = [],
}: Pick<PersonErased, 'subjectIds' | 'quarantineIds'>): readonly string[] => [...subjectIds, ...quarantineIds];

/** What the id of an erasure in the log begins with. */
const ERASURE_PREFIX = 'erasure/';

/** The id of an erasure, from its subjects: erasing the same person again has the same id. */
export const erasureIdOf = (sortedSubjectIds: readonly string[]): string =>
  hash('sha256', sortedSubjectIds.join(' '), 'hex').slice(0, 32);

/** The id of a fact of an erasure: the first fact has its id, and the further ones a number beside it, from 2. */
export const erasureFactId = (erasureId: string, number: number): string =>
  `${ERASURE_PREFIX}${erasureId}${number === 1 ? '' : `/${number}`}`;

/** What the id of a fact of an erasure names; null where it is another id. */
export function readErasureFactId(id: string): { readonly erasureId: string; readonly number: number } | null {
  if (!id.startsWith(ERASURE_PREFIX)) return null;
  const [erasureId = '', number = '1'] = id.slice(ERASURE_PREFIX.length).split('/');
  return { erasureId, number: Number(number) };
}

/** An erasure that the log is to record. */
export type ErasureToRecord = Omit<JournaledErasure, 'hashKeyCheck'>;

/** A fact that a person was erased, for the log: the first, or a further one with what an erasure of the same person destroyed later. */
export function personErasedEvent(
  { erasureId, subjectIds, customerId, erasedAt, by, namespaces = [], quarantineIds = [] }: ErasureToRecord,
  number = 1,
): NewEvent {
  const data: PersonErased = { subjectIds, customerId, namespaces, quarantineIds };
  return factEvent({
    name: 'person-erased',
    source: OWN_SOURCES.privacy,
    id: erasureFactId(erasureId, number),
    occurredAt: erasedAt,
    contentHash: plainContentHash(subjectIds),
    meta: { by },
    data,
  });
}

/** What an erasure destroyed, and the names by which what comes later is recognised. */
type Extent = Pick<ErasureToRecord, 'namespaces' | 'quarantineIds'>;

/** What an erasure reached beyond what is on record of it; null where that is all. */
export function extentBeyond(erasure: Extent, recorded: Extent): Required<Extent> | null {
  const beyond = (some: readonly string[] = [], known: readonly string[] = []): readonly string[] => {
    const on = new Set(known);
    return some.filter((each) => !on.has(each));
  };
  const namespaces = beyond(erasure.namespaces, recorded.namespaces);
  const quarantineIds = beyond(erasure.quarantineIds, recorded.quarantineIds);
  return namespaces.length + quarantineIds.length === 0 ? null : { namespaces, quarantineIds };
}

/**
 * Records an erasure in the log. What it reached beyond the facts of the same erasure is a further fact; where it reached no more, nothing is recorded.
 * Resolves with the position of its newest fact, and with the instant of its first. Processes that record one erasure at once lose nothing.
 */
export async function recordErasure(
  log: Pick<EventLog, 'appendMany' | 'find'>,
  erasure: ErasureToRecord,
): Promise<{ readonly position: number; readonly erasedAt: Instant }> {
  let erasedAt = erasure.erasedAt;
  let position: number | null = null;
  let more: ErasureToRecord | null = erasure;
  for (let number = 1; ; number += 1) {
    const [known] = await log.find([{ source: OWN_SOURCES.privacy, id: erasureFactId(erasure.erasureId, number) }]);
    if (known !== undefined && known !== null) {
      if (number === 1) erasedAt = known.occurredAt;
      position = known.position;
      const beyond: Required<Extent> | null = more && extentBeyond(more, JSON.parse(known.data) as PersonErased);
      more = beyond && { ...erasure, ...beyond };
      continue;
    }
    if (more === null && position !== null) return { position, erasedAt };
    const event = personErasedEvent(more ?? erasure, number);
    const [verdict] = await log.appendMany([{ stream: STREAMS.privacy, event }]);
    if (verdict?.status === 'accepted') return { position: verdict.position, erasedAt };
    if (verdict?.status !== 'duplicate')
      throw new Error(
        `The keys are destroyed, but the log did not record the erasure (${verdict?.status}): erase again.`,
      );
    // Another process was first with this number: what it recorded is read.
    number -= 1;
  }
}
