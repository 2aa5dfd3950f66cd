import { hash } from 'node:crypto';
import { issueUnder, pointerTo, type ValidationIssue } from '#contracts';
import { encodingOf, mappedDocumentReader, MappingRejected, parseMapping, type Encoding } from '#imports';
import { importedItem } from '../importing/imported-item.js';
import type { IngestItem } from '../pipeline/item.js';

/** Makes items of a document of a topic whose channel has a form of its own: one, several, or none where the mapping passes it over. */
export interface TopicMapping {
  /** The encoding of the topic's messages; UTF-8 where it is absent. */
  readonly encoding?: Encoding | undefined;
  read(document: unknown, place: MessagePlace): readonly IngestItem[];
}

export interface MessagePlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly value: Buffer;
}

/**
 * Reads the document of all mappings: `{"touchpoints.tills": {"source": …, "type": …, …}}`, each as docs/importing.md describes it for NDJSON.
 * Throws `MappingRejected` with every issue at once.
 */
export function topicMappings(document: unknown): ReadonlyMap<string, TopicMapping> {
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new MappingRejected([
      { pointer: '#', detail: 'must be a JSON object', hint: 'write {"topic": {…its mapping…}}' },
    ]);
  const mappings = new Map<string, TopicMapping>();
  const errors: ValidationIssue[] = [];
  for (const [topic, given] of Object.entries(document)) {
    try {
      mappings.set(topic, mappingOf({ ...(given as object), format: 'ndjson' }));
    } catch (error) {
      if (!(error instanceof MappingRejected)) throw error;
      errors.push(...error.errors.map((issue) => issueUnder(pointerTo(topic), issue)));
    }
  }
  if (errors.length > 0) throw new MappingRejected(errors);
  return mappings;
}

function mappingOf(given: unknown): TopicMapping {
  const mapping = parseMapping(given);
  if (mapping.groupBy !== null)
    throw new MappingRejected([
      {
        pointer: '#/groupBy',
        detail: 'is not allowed for a topic: each message is read by itself',
        hint: 'leave it out; a message may hold the lines of its order as a list, read with "as": "json"',
      },
    ]);
  const toItems = mappedDocumentReader(mapping);
  const encoding = mapping.encoding === undefined ? undefined : (encodingOf(mapping.encoding) ?? undefined);
  const read: TopicMapping['read'] = (document, { topic, partition, offset, value }) => {
    const cells =
      typeof document === 'object' && document !== null && !Array.isArray(document)
        ? (document as Readonly<Record<string, unknown>>)
        : { value: document };
    // A message that is read again is the same event; the same value at two places of the topic is two events.
    const id = `${hash('sha256', value, 'hex').slice(0, 24)}-${partition}-${offset}`;
    return toItems(cells, id, `${topic}/${partition}`, offset).map(importedItem);
  };
  return { encoding, read };
}
