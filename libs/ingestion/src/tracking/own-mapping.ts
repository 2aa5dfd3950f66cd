import {
  issueUnder,
  nearest,
  pointerTo,
  TOUCHPOINT_TYPES,
  type OwnEvent,
  type TypeRegistry,
  type ValidationIssue,
} from '#contracts';
import { mappedDocumentReader, MappingRejected, parseMapping } from '#imports';
import { Rejection } from '../pipeline/rejection.js';
import { isJsonObject } from './call.js';
import type { EventReading } from './commerce-events.js';
import { SPEC_EVENTS } from './spec-events.js';

type Json = Readonly<Record<string, unknown>>;

/** Where the events of a source go that neither its mapping nor a specification names, where the mapping does not say otherwise. */
export const OTHERS_TYPE = 'site-visited';

const EVENTS_MAX = 1_000;

/** Everything that is wrong with a mapping; pointers lead into it. */
export function mappingIssues(mapping: unknown, types: TypeRegistry): readonly ValidationIssue[] {
  if (!isJsonObject(mapping)) return [NOT_AN_OBJECT];
  const { events = {}, others = OTHERS_TYPE, ...unknown } = mapping;
  const issues = Object.keys(unknown).map((name) => ({
    pointer: pointerTo(name),
    detail: 'is not a field of a mapping of events',
    hint: 'a mapping has "events" and "others"',
  }));
  if (typeof others !== 'string' || (others !== 'quarantine' && types.type(others) === null))
    issues.push(unknownType(others, pointerTo('others'), types));
  if (!isJsonObject(events))
    return [
      ...issues,
      {
        pointer: pointerTo('events'),
        detail: 'must be an object',
        hint: 'write {"Song Played": {"type": "content-viewed"}}',
      },
    ];
  const entries = Object.entries(events);
  if (entries.length > EVENTS_MAX)
    issues.push({
      pointer: pointerTo('events'),
      detail: `must name at most ${EVENTS_MAX.toLocaleString('en')} events`,
      hint: 'leave out events that become the type of all others',
    });
  for (const [name, event] of entries)
    for (const issue of eventIssues(event, types)) issues.push(issueUnder(pointerTo('events', name), issue));
  return issues;
}

const NOT_AN_OBJECT: ValidationIssue = {
  pointer: '#',
  detail: 'must be an object',
  hint: 'write {"events": {"Song Played": {"type": "content-viewed"}}}',
};

function eventIssues(event: unknown, types: TypeRegistry): readonly ValidationIssue[] {
  if (!isJsonObject(event) || 'as' in event === 'type' in event)
    return [
      {
        pointer: '#',
        detail: 'must say either "as" or "type"',
        hint: 'write {"as": "Order Completed"}, or {"type": "content-viewed", "data": {"title": {"column": "name"}}}',
      },
    ];
  const [extra] = Object.keys(event).filter((name) => name !== 'as' && name !== 'type' && name !== 'data');
  if (extra !== undefined)
    return [
      { pointer: pointerTo(extra), detail: 'is not a known field', hint: 'an event has "as", or "type" and "data"' },
    ];
  if ('as' in event) return asIssues(event);
  const { type } = event;
  if (typeof type !== 'string' || types.type(type) === null) return [unknownType(type, pointerTo('type'), types)];
  if (event['data'] !== undefined && !isJsonObject(event['data']))
    return [{ pointer: pointerTo('data'), detail: 'must be an object', hint: 'write {"title": {"column": "name"}}' }];
  try {
    compile(event as { readonly type: string });
    return [];
  } catch (error) {
    if (!(error instanceof MappingRejected)) throw error;
    return error.errors;
  }
}

function asIssues({ as, data }: Json): readonly ValidationIssue[] {
  if (data !== undefined)
    return [{ pointer: pointerTo('data'), detail: 'is not allowed beside "as"', hint: 'leave one of them out' }];
  if (typeof as === 'string' && Object.hasOwn(SPEC_EVENTS, as)) return [];
  const likely = typeof as === 'string' ? nearest(as, Object.keys(SPEC_EVENTS)) : null;
  return [
    {
      pointer: pointerTo('as'),
      detail: 'must be an event of the specification',
      hint: likely === null ? `give one of ${Object.keys(SPEC_EVENTS).join(', ')}` : `did you mean ${likely}?`,
    },
  ];
}

function unknownType(type: unknown, pointer: string, types: TypeRegistry): ValidationIssue {
  const names = [...TOUCHPOINT_TYPES, ...types.custom()].map(({ name }) => name);
  const likely = typeof type === 'string' ? nearest(type, names) : null;
  return {
    pointer,
    detail: 'must be a type of the catalogue or a registered type',
    hint: likely === null ? 'register the type first; GET /v1/types lists all of them' : `did you mean ${likely}?`,
  };
}

/** Reads the properties of one event. */
type Compiled = (properties: Json) => EventReading | Rejection;

const compiled = new WeakMap<object, Compiled>();

/** Reads an event by what the source's mapping says of it. */
export function readOwnEvent(event: Extract<OwnEvent, { type: string }>, properties: Json): EventReading | Rejection {
  let reader = compiled.get(event);
  if (reader === undefined) compiled.set(event, (reader = compile(event)));
  return reader(properties);
}

/** Columns that no property is named by: a mapping needs a time and a customer, which a call states beside its properties. */
const [TIME, CUSTOMER] = ['\u0001time', '\u0001customer'];

function compile({ type, data }: Extract<OwnEvent, { type: string }>): Compiled {
  if (data === undefined) return (properties) => ({ type, data: properties });
  const mapping = parseMapping({
    ...{ format: 'ndjson', source: { value: 'call' }, type: { value: type } },
    ...{ occurredAt: { column: TIME }, identifiers: [{ namespace: 'call', column: CUSTOMER }] },
    data,
  });
  const read = mappedDocumentReader(mapping);
  return (properties) => {
    const cells = { ...properties, [TIME]: '2026-01-01T00:00:00Z', [CUSTOMER]: 'call' };
    const [item] = read(cells, 'call', 'call', 1);
    if (item === undefined) throw new Error('A mapping of an event made nothing of it.');
    if (item.kind === 'touchpoint') return { type, data: { ...item.touchpoint.data, properties } };
    const { code, pointer, detail, hint } = item.invalid;
    return Rejection.of(code, pointer.replace(/^#\/row/, '#/properties'), detail, hint);
  };
}
