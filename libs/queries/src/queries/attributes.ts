import { Default, Describe, Flag, isObject, Optional, STREAMS, Text, type Instant } from '#contracts';
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
import { attributesKnown } from '../reading/attributes.js';
import { eventData } from '../reading/event-data.js';
import { knownCustomer, lifecycleEventOf } from '../reading/life.js';
import { OneCustomer } from '../reading/who.js';
import { query, type AnswerRow, type QueryContext } from '../running/query.js';

class AttributesParams extends OneCustomer {
  @Optional() @Text(200) @Describe('only the attribute of this name') name!: string | null;
  @Default(false) @Flag() @Describe('whether to show the values that held before as well') history!: boolean;
}

/** What is known of one customer beside their stage: which value holds, from which source, since when. */
export const attributes = query({
  name: 'attributes',
  summary: "One customer's attributes: which value holds, from which source, since when.",
  description:
    'Stated attributes come from touchpoints of the type profile-updated: of several sources the one that the definition names first, then the one with the higher precedence, then the newest. They are sealed, and open for a purpose; without one, their values are null, and those that no definition names are not listed. Computed attributes follow from touchpoints. Read from the log, with the definitions that were in force at known-at.',
  permission: 'read',
  params: AttributesParams,
  time: 'as-of and known-at',
  paged: true,
  opens: ['value', 'band', 'source', 'eventId'],
  columns: [
    { name: 'name', type: 'text', description: 'the attribute' },
    { name: 'kind', type: 'text', description: 'stated, or computed' },
    {
      name: 'use',
      type: 'text',
      description: 'closed; filterable: customers can be selected by it. Computed attributes are filterable',
    },
    {
      name: 'value',
      type: 'json',
      nullable: true,
      description: 'its value; null where none holds, or without a purpose',
    },
    {
      name: 'band',
      type: 'text',
      nullable: true,
      description: 'the band by which customers are selected, if it has one',
    },
    {
      name: 'source',
      type: 'text',
      nullable: true,
      description: 'the source of the touchpoint that it comes from; null of a count, a sum and a score',
    },
    { name: 'eventId', type: 'text', nullable: true, description: 'the id of that touchpoint' },
    { name: 'since', type: 'instant', nullable: true, description: 'since when this value held, from this source' },
    { name: 'until', type: 'instant', nullable: true, description: 'until when; null while it holds' },
    {
      name: 'changesAt',
      type: 'instant',
      nullable: true,
      description: 'when it can change next by the passing of time alone: a window or a band of age moves on',
    },
    {
      name: 'version',
      type: 'integer',
      nullable: true,
      description: 'the version of its definition; null where it is not defined',
    },
  ],
  async answer(context, { params, asOf, knownAt, position: bound, after, limit }) {
    const { subjectIds, position } = await knownCustomer(context, params, { knownAt, position: bound });
    const defined = await attributesKnown(context.log, position);
    const recorded = await context.log.readStreams(subjectIds.map(STREAMS.subject), { upTo: position });
    const types = new Set([PROFILE_TYPE, ...defined.map(typeOfAttribute)]);
    const events = await attributeEvents(
      context,
      recorded.filter(({ type, occurredAt }) => types.has(type) && occurredAt <= asOf),
    );
    const all = [...defined, ...notDefined(defined, events)].filter(
      ({ name }) => params.name === null || name === params.name,
    );
    const rows = all.flatMap((definition) => rowsOf(definition, events, asOf, params.history));
    const from = after === null ? 0 : Number(after[0]) + 1;
    const page = rows.slice(from, from + limit);
    return { rows: page, next: from + limit < rows.length ? [from + limit - 1] : null, position };
  },
});

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
