import { streamOfFact } from '#contracts';
import type { EventLog } from '#event-log';
import { foldAttributes, NO_ATTRIBUTES, type SavedAttributes } from '#lifecycle';

export const ATTRIBUTES_STREAM = streamOfFact('attribute-defined');

/** The definitions of attributes on record, and the revision of the last fact about them; null where there is none. */
export interface RecordedAttributes {
  readonly attributes: SavedAttributes;
  readonly last: number | null;
}

/** Reads the definitions of attributes on record. */
export async function recordedAttributes(log: Pick<EventLog, 'read'>): Promise<RecordedAttributes> {
  let attributes = NO_ATTRIBUTES;
  let last: number | null = null;
  for await (const page of log.read(ATTRIBUTES_STREAM)) {
    last = page.at(-1)?.revision ?? last;
    attributes = foldAttributes(attributes, page);
  }
  return { attributes, last };
}
