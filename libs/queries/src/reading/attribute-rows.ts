import { isObject, STREAMS, type Instant } from '#contracts';
import type { RecordedEvent } from '#event-log';
import {
  attributeAt,
  attributeFacts,
  attributeHistory,
  PROFILE_TYPE,
  typeOfAttribute,
  UNDEFINED_ATTRIBUTE,
  type AttributeDefinition,
  type AttributeEvent,
  type AttributeFact,
} from '#lifecycle';
import type { AnswerRow, QueryContext } from '../running/query.js';
import { attributesKnown } from './attributes.js';
import { eventData } from './event-data.js';
import { lifecycleEventOf } from './life.js';

/** Which attributes of a customer are wanted, and of when. */
export interface WantedAttributes {
  /** The position of the log up to which events count. */
  readonly position: number;
  readonly asOf: Instant;
  /** The attribute of this name; null for all. */
  readonly name: string | null;
  /** Whether the values that held before are rows as well. */
  readonly history: boolean;
}

/** The attributes of a customer by their subjects: which value holds, from which source, since when. Stated values are opened. */
export async function attributeRows(
  context: QueryContext,
  subjectIds: readonly string[],
  { position, asOf, name: wanted, history }: WantedAttributes,
): Promise<readonly AnswerRow[]> {
  const defined = await attributesKnown(context.log, position);
  const recorded = await context.log.readStreams(subjectIds.map(STREAMS.subject), { upTo: position });
  const types = new Set([PROFILE_TYPE, ...defined.map(typeOfAttribute)]);
  const events = await attributeEvents(
    context,
    recorded.filter(({ type, occurredAt }) => types.has(type) && occurredAt <= asOf),
  );
  return [...defined, ...notDefined(defined, events)]
    .filter(({ name }) => wanted === null || name === wanted)
    .flatMap((definition) => rowsOf(definition, events, asOf, history));
}

/** What the attributes are taken from: those that sources state are opened. */
async function attributeEvents(
  { log, personalData }: QueryContext,
  recorded: readonly RecordedEvent[],
): Promise<readonly AttributeEvent[]> {
  const stating = recorded.filter(({ type }) => type === PROFILE_TYPE);
  const shown = await eventData(stating, { types: log, open: (items) => personalData.open(items), sealed: true });
  const opened = new Map(stating.map((event, at) => [event, shown[at]?.data['attributes']]));
  return recorded.map((event) => {
    const { type, occurredAt, recordedAt, source, id, test, data } = lifecycleEventOf(event);
    const attributes = opened.get(event);
    return {
      ...{ type, occurredAt, recordedAt, source, id, test, data },
      attributes: isObject(attributes) ? attributes : null,
    };
  });
}

/** The attributes that sources state and that no definition names, by name. */
function notDefined(
  defined: readonly AttributeDefinition[],
  events: readonly AttributeEvent[],
): readonly AttributeDefinition[] {
  const known = new Set(defined.flatMap(({ name, profile }) => (profile === undefined ? [] : [name])));
  const names = new Set(events.flatMap(({ attributes }) => Object.keys(attributes ?? {})));
  return [...names]
    .filter((name) => !known.has(name))
    .sort()
    .map((name) => ({ name, version: 0, profile: UNDEFINED_ATTRIBUTE }));
}

function rowsOf(
  definition: AttributeDefinition,
  events: readonly AttributeEvent[],
  asOf: Instant,
  withHistory: boolean,
): readonly AnswerRow[] {
  const { name, version, profile } = definition;
  const facts = (shown: 'as-defined' | 'value'): readonly AttributeFact[] =>
    events.flatMap((event) => attributeFacts(definition, event, shown));
  const base = { name, version: version === 0 ? null : version };
  const changesAt = (at: Instant): Instant | null => (Number.isFinite(at) ? at : null);
  if (profile === undefined) {
    const { value, source, id, changesAt: next } = attributeAt(definition, facts('as-defined'), asOf);
    return [
      {
        ...{ ...base, kind: 'computed', use: 'filterable', value, band: null, source, eventId: id },
        ...{ since: null, until: null, changesAt: changesAt(next) },
      },
    ];
  }
  const values = facts('value');
  const banded = profile.band === undefined ? null : facts('as-defined');
  const bandAt = (at: Instant) => (banded === null ? null : attributeAt(definition, banded, at));
  const next = bandAt(asOf)?.changesAt ?? Infinity;
  const held = attributeHistory(profile, values, asOf);
  const shown = withHistory ? held : held.filter(({ until }) => until === null);
  const stated = { ...base, kind: 'stated', use: profile.use };
  if (shown.length === 0)
    return withHistory || version > 0
      ? [
          {
            ...{ ...stated, value: null, band: null, source: null, eventId: null },
            ...{ since: null, until: null, changesAt: null },
          },
        ]
      : [];
  return shown.map(({ value, source, id, since, until }) => ({
    ...{ ...stated, value, band: bandAt(until === null ? asOf : until - 1)?.value ?? null, source, eventId: id },
    ...{ since, until, changesAt: until === null ? changesAt(next) : null },
  }));
}
