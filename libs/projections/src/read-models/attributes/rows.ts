import {
  isObject,
  joinPersonal,
  readSealedFields,
  subjectOfStream,
  upcast,
  type Data,
  type Instant,
  type TouchpointMeta,
} from '#contracts';
import type { Row } from '#database';
import type { RecordedEvent } from '#event-log';
import { attributeFacts, PROFILE_TYPE, typeOfAttribute, type AttributeDefinition } from '#lifecycle';
import type { SealedOpener } from '#platform';

/** Of which attributes facts are kept: computed ones, and those that customers may be selected by. */
export const isKept = ({ profile }: AttributeDefinition): boolean =>
  profile === undefined || profile.use === 'filterable';

/**
 * The rows of `attribute_facts` that touchpoints give: what sources state of filterable attributes is opened for it, and of what stays closed (its subject was erased) there is no row.
 */
export async function attributeRows(
  definitions: readonly AttributeDefinition[],
  touchpoints: Iterable<RecordedEvent>,
  open: SealedOpener | null,
): Promise<Row[]> {
  const byType = new Map<string, AttributeDefinition[]>();
  for (const definition of definitions.filter(isKept)) {
    const type = typeOfAttribute(definition);
    byType.set(type, [...(byType.get(type) ?? []), definition]);
  }
  if (byType.size === 0) return [];
  const events = [...touchpoints].filter(({ type }) => byType.has(type)).map(withMeta);
  const stating = events.filter(({ event, meta }) => event.type === PROFILE_TYPE && typeof meta.sealed === 'string');
  const texts =
    stating.length === 0 || open === null
      ? []
      : await open(stating.map(({ subjectId, meta }) => ({ subjectId, sealed: meta.sealed as string })));
  const opened = new Map(stating.map(({ event }, at) => [event, texts[at] ?? null]));
  return events.flatMap(({ event, meta, subjectId }) => {
    const { type, occurredAt, recordedAt, source, id } = event;
    const data = dataOf(event);
    if (data === null) return [];
    const attributes = attributesIn(data, opened.get(event) ?? null);
    const told = { ...{ type, occurredAt, recordedAt, source, id }, test: meta.test === true, data, attributes };
    return (byType.get(type) ?? []).flatMap((definition) =>
      attributeFacts(definition, told).map(({ at, seq, precedence, stated, value, from, until }): Row => ({
        ...{ name: definition.name, source, event_id: id, seq, subject_id: subjectId, at, recorded_at: recordedAt },
        ...{
          from_at: finite(from),
          until_at: finite(until),
          precedence,
          stated,
          opened: definition.profile !== undefined,
        },
        value: value === null ? null : String(value),
      })),
    );
  });
}

function withMeta(event: RecordedEvent) {
  return {
    event,
    subjectId: subjectOfStream(event.stream) ?? '',
    meta: metaOf(event),
  };
}

/** A touchpoint whose metadata cannot be read is parked with its customer: it has no attributes. */
function metaOf({ meta }: RecordedEvent): Partial<TouchpointMeta> {
  try {
    return JSON.parse(meta) as TouchpointMeta;
  } catch {
    return { test: true };
  }
}

const finite = (at: Instant): Instant | null => (Number.isFinite(at) ? at : null);

/** Null where they cannot be read: then the fold parks the customer, with the reason. */
function dataOf({ type, schemaVersion, data }: RecordedEvent): Data | null {
  try {
    return upcast(type, schemaVersion, JSON.parse(data) as Data);
  } catch {
    return null;
  }
}

function attributesIn(data: Data, sealed: string | null): Readonly<Record<string, unknown>> | null {
  if (sealed === null) return null;
  const { attributes } = joinPersonal(data, readSealedFields(sealed).personal) as { readonly attributes?: unknown };
  return isObject(attributes) ? attributes : null;
}
