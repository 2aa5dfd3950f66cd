import {
  ENVELOPE_SCHEMA,
  likelyField,
  likelyNamespace,
  plainPointerKeys,
  pointerTo,
  type JsonSchema,
  type ValidationIssue,
} from '#contracts';
import type { IngestItem } from './item.js';
import { placeholderIssue } from './identities.js';
import type { ValidTouchpoint } from './sealed-event.js';

export type WarningCode =
  /** A field that the contract does not know: it is kept, sealed, and read by nothing. */
  | 'unknown-field'
  /** A type that the business registered: only its policy can give it a meaning. */
  | 'custom-type'
  /** A namespace that is likely a misspelling of a built-in one. */
  | 'likely-namespace'
  /** An identifier that stands for no particular customer: it links nothing. */
  | 'placeholder-identifier';

/** What the sender of an accepted event should look at. It names fields, and never holds a value. */
export interface Warning extends ValidationIssue {
  readonly code: WarningCode;
}

/** A warning that holds for some events of a batch. */
export interface BatchWarning extends Warning {
  readonly type: string;
  /** The first event that it holds for, by its place in the batch. */
  readonly index: number;
  /** How many events it holds for. */
  readonly count: number;
}

/** So many warnings are told of one event, and of one batch. */
const WARNINGS_OF_EVENT = 20;
const WARNINGS_OF_BATCH = 100;

/** Whether there is anything to warn of: four reads for each event, since nearly all have nothing. */
export const isWarned = ({ others, unknown, identified, contract, separation }: ValidTouchpoint): boolean =>
  others !== null || unknown !== null || identified.isOdd || contract.isCustom || separation.unknown !== null;

/** What to warn the sender of an accepted event of. */
export function warningsOf(touchpoint: ValidTouchpoint, item: IngestItem): readonly Warning[] {
  const { others, unknown, identified, contract, separation } = touchpoint;
  const warnings: Warning[] = [];
  if (contract.isCustom) warnings.push(CUSTOM_TYPE);
  const seen = new Set<string>();
  const addField = (keys: readonly string[], pointer: string, schema: JsonSchema): void => {
    // Of a list of lines with the same field, one is named.
    const kind = keys.map((key) => (INDEX.test(key) ? '*' : key)).join('/');
    if (seen.has(kind)) return;
    seen.add(kind);
    warnings.push(unknownField(keys, pointer, schema));
  };
  for (const name of Object.keys(others ?? {}))
    if (item.isCloudEvent === true ? isLikeOurs(name) : !ENVELOPE_FIELDS.has(name))
      addField([name], pointerTo(name), ENVELOPE_SCHEMA);
  for (const plain of unknown ?? []) {
    const keys = plainPointerKeys(plain);
    addField(keys, pointerTo(...keys), ENVELOPE_SCHEMA);
  }
  for (const plain of separation.unknown ?? []) {
    const keys = plainPointerKeys(plain);
    addField(['data', ...keys], pointerTo('data', ...keys), { properties: { data: contract.schema } });
  }
  if (identified.isOdd) warnings.push(...identifierWarnings(touchpoint));
  return warnings.slice(0, WARNINGS_OF_EVENT);
}

/** The warnings of a batch, each kind once, with the number of its events. */
export class BatchWarnings {
  private readonly byKind = new Map<string, BatchWarning>();

  add(type: string, index: number, warnings: readonly Warning[]): void {
    for (const warning of warnings) {
      const kind = `${type} ${warning.code} ${warning.pointer.replace(/\/\d+/g, '/*')} ${warning.detail}`;
      const known = this.byKind.get(kind);
      if (known !== undefined) this.byKind.set(kind, { ...known, count: known.count + 1 });
      else if (this.byKind.size < WARNINGS_OF_BATCH) this.byKind.set(kind, { type, index, count: 1, ...warning });
    }
  }

  /** Adds the warnings of the next chunk of a stream, whose first event has this place. */
  merge(warnings: readonly BatchWarning[], before: number): void {
    for (const { type, index, count, ...warning } of warnings) {
      const kind = `${type} ${warning.code} ${warning.pointer.replace(/\/\d+/g, '/*')} ${warning.detail}`;
      const known = this.byKind.get(kind);
      if (known !== undefined) this.byKind.set(kind, { ...known, count: known.count + count });
      else if (this.byKind.size < WARNINGS_OF_BATCH)
        this.byKind.set(kind, { type, index: before + index, count, ...warning });
    }
  }

  get all(): readonly BatchWarning[] {
    return [...this.byKind.values()];
  }
}

const INDEX = /^\d+$/;

const CUSTOM_TYPE: Warning = {
  code: 'custom-type',
  pointer: '#/type',
  detail:
    'is a type of your own: it is kept and shown, and moves a customer only where the policy names it in `signals`',
  hint: 'send the built-in type where there is one: GET /v1/types lists them',
};

function unknownField(keys: readonly string[], pointer: string, whole: JsonSchema): Warning {
  const name = keys.at(-1) ?? '';
  const fields = fieldsAt(whole, keys.slice(0, -1));
  const likely = likelyField(name, fields);
  return {
    code: 'unknown-field',
    pointer,
    detail: 'is not a known field: it is kept, and nothing reads it',
    hint:
      likely === null
        ? fields.length === 0
          ? 'leave it out'
          : `leave it out; known are ${listed(fields)}`
        : `did you mean \`${likely}\`?`,
  };
}

/** The names of the fields of the object at a place. */
function fieldsAt(schema: JsonSchema, keys: readonly string[]): readonly string[] {
  let at: JsonSchema = schema;
  for (const key of keys) {
    const { properties, items } = at;
    const next = isSchema(properties) && Object.hasOwn(properties, key) ? properties[key] : items;
    if (!isSchema(next)) return [];
    at = next;
  }
  return isSchema(at['properties']) ? Object.keys(at['properties']) : [];
}

function identifierWarnings({ envelope, identified }: ValidTouchpoint): Warning[] {
  const placeholders = new Set<unknown>(identified.placeholders ?? []);
  return envelope.identifiers.flatMap((form, at): Warning[] => {
    const { namespace, value } = form;
    if (placeholders.has(form))
      return [{ code: 'placeholder-identifier', ...placeholderIssue(at, namespace, value), hint: LEAVE_OUT }];
    const likely = likelyNamespace(namespace);
    return likely === null
      ? []
      : [
          {
            code: 'likely-namespace',
            pointer: pointerTo('identifiers', at, 'namespace'),
            detail: `is a namespace of your own: it is not normalised, and never the same as \`${likely}\``,
            hint: `did you mean \`${likely}\`?`,
          },
        ];
  });
}

const LEAVE_OUT = 'it was not used: leave it out where the customer is not known by it';

const ENVELOPE_FIELDS: ReadonlySet<string> = new Set([
  ...Object.keys(ENVELOPE_SCHEMA['properties'] as object),
  // Read where they are well-formed, and kept as they are.
  ...['brand', 'sequence'],
]);

/**
 * A CloudEvent may have extensions of any name, which mean something to other systems on its way. Only one that looks like a misspelt
 * attribute of ours is told of.
 */
function isLikeOurs(name: string): boolean {
  if (CLOUDEVENT_ATTRIBUTES.has(name) || ENVELOPE_FIELDS.has(name)) return false;
  return likelyField(name, OURS_IN_CLOUDEVENTS) !== null;
}

const OURS_IN_CLOUDEVENTS: readonly string[] = [...ENVELOPE_FIELDS].filter((name) => name !== 'data' && name !== 'id');

/** Attributes of CloudEvents 1.0, and the extensions that its specification documents. */
const CLOUDEVENT_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...['specversion', 'datacontenttype', 'dataschema', 'subject', 'time'],
  ...['traceparent', 'tracestate', 'partitionkey', 'sequence', 'sequencetype', 'sampledrate', 'dataref', 'expirytime'],
  ...['recordedtime', 'authtype', 'authid', 'authclaims', 'severitytext', 'severitynumber', 'dataclassification'],
  ...['dataregulation', 'datacategory', 'deprecated', 'deprecationfrom', 'deprecationsunset', 'knativearrivaltime'],
]);

const NAMES_MAX = 12;

const listed = (names: readonly string[]): string =>
  names.length > NAMES_MAX ? `${names.slice(0, NAMES_MAX).join(', ')}, …` : names.join(', ');

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
