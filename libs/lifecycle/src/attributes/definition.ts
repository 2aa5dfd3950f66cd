import {
  AttributeForm,
  documentReader,
  isObject,
  pointerTo,
  type AttributeFunction,
  type AttributeType,
  type DocumentRule,
  type JsonSchema,
  type ValidationIssue,
} from '#contracts';
import { isTimeZone } from '../calendar/zone.js';

/** How a value becomes the band by which customers are selected. */
export type Band =
  | { readonly by: 'age'; readonly edges: readonly number[]; readonly timeZone: string }
  | { readonly by: 'prefix'; readonly prefixes: Readonly<Record<string, string>>; readonly other?: string }
  | { readonly by: 'range'; readonly edges: readonly number[] };

/** What sources state of a customer, by touchpoints of the type `profile-updated`. */
export interface ProfilePart {
  /** `any` of an attribute that is not defined: objects and lists are then taken as their JSON text. */
  readonly type: AttributeType | 'any';
  /** `filterable`: a read model holds its values (or bands) in the clear, so that customers can be selected by it. */
  readonly use: 'closed' | 'filterable';
  readonly band?: Band;
  /** Whose value holds: the first in the list; all other sources come after. */
  readonly sources?: readonly string[];
}

/** What follows from touchpoints of a type. */
export interface ComputedPart {
  readonly function: AttributeFunction;
  readonly of: string;
  /** A field of their data that is not personal; dots step into objects and lists. */
  readonly field?: string;
  /** How long a touchpoint counts, as a period of ISO 8601; absent: for ever. */
  readonly window?: string;
  readonly from?: string;
  readonly until?: string;
  readonly timeZone: string;
  readonly value?: number;
  readonly minimumCount?: number;
  readonly maximumCount?: number;
  readonly per?: 'once' | 'each';
}

/** What an attribute is: stated by sources, or computed. Saved definitions are facts in the log, one version after another. */
export type AttributeDefinition = {
  readonly name: string;
  readonly version: number;
  readonly description?: string;
} & (
  | { readonly profile: ProfilePart; readonly computed?: undefined }
  | { readonly computed: ComputedPart; readonly profile?: undefined }
);

/** What holds for an attribute that sources state and that is not defined. */
export const UNDEFINED_ATTRIBUTE: ProfilePart = { type: 'any', use: 'closed' };

/** The kind of its values: what they can be compared with. */
export type AttributeKind = 'text' | 'number' | 'date' | 'flag';

type Rule = DocumentRule<AttributeForm>;

const issue = (pointer: string, detail: string, hint: string): readonly ValidationIssue[] => [
  { pointer, detail, hint },
];

const isOneOfBoth: Rule = ({ profile, computed }) =>
  (profile === undefined) !== (computed === undefined)
    ? []
    : issue(
        '#',
        profile === undefined ? 'has neither `profile` nor `computed`' : 'has both `profile` and `computed`',
        'give `profile` for what sources state, or `computed` for what follows from touchpoints',
      );

const TYPE_OF_BAND = { age: 'date', prefix: 'text', range: 'number' } as const;

const bandFits: Rule = ({ profile }) => {
  const band = profile?.band;
  if (profile === undefined || band === undefined) return [];
  const needs = TYPE_OF_BAND[band.by];
  const issues: ValidationIssue[] = [];
  if (profile.type !== needs)
    issues.push(
      ...issue(
        pointerTo('profile', 'type'),
        `must be ${needs} beside a band by ${band.by} (got ${profile.type})`,
        `give ${needs}, or leave the band out`,
      ),
    );
  if (profile.use === 'closed')
    issues.push(
      ...issue(
        pointerTo('profile', 'band'),
        'is of no use to a closed attribute',
        'give `"use": "filterable"`, or leave the band out',
      ),
    );
  if (band.by === 'prefix') {
    if (Object.keys(band.prefixes).length === 0)
      issues.push(...issue(pointerTo('profile', 'band', 'prefixes'), 'is empty', 'give at least one prefix'));
    return issues;
  }
  if (band.edges.some((edge, at) => at > 0 && edge <= (band.edges[at - 1] as number)))
    issues.push(...issue(pointerTo('profile', 'band', 'edges'), 'must rise', 'give each edge once, the lowest first'));
  return issues;
};

const zonesAreKnown: Rule = ({ profile, computed }) => {
  const band = profile?.band;
  const zones: readonly (readonly [pointer: string, zone: string])[] = [
    ...(band?.by === 'age' ? [[pointerTo('profile', 'band', 'timeZone'), band.timeZone] as const] : []),
    ...(computed === undefined ? [] : [[pointerTo('computed', 'timeZone'), computed.timeZone] as const]),
  ];
  return zones.flatMap(([pointer, zone]) =>
    isTimeZone(zone)
      ? []
      : issue(
          pointer,
          `must be a known time zone (got ${JSON.stringify(zone)})`,
          'give an IANA name, such as UTC or Europe/Amsterdam',
        ),
  );
};

const NEEDS_FIELD: readonly AttributeFunction[] = ['first', 'last', 'sum', 'most-frequent'];

const functionHasWhatItNeeds: Rule = ({ computed }) => {
  if (computed === undefined) return [];
  const { function: what, field, value, minimumCount = 1, maximumCount, per } = computed;
  const at = (name: string): string => pointerTo('computed', name);
  const issues: ValidationIssue[] = [];
  if (field === undefined && NEEDS_FIELD.includes(what))
    issues.push(...issue(at('field'), `is missing beside the function ${what}`, 'name a field of the data'));
  if (what === 'score' && value === undefined)
    issues.push(...issue(at('value'), 'is missing beside the function score', 'give the points, such as 50'));
  if (what !== 'score')
    for (const name of ['value', 'minimumCount', 'maximumCount', 'per'] as const)
      if (computed[name] !== undefined)
        issues.push(...issue(at(name), `belongs to the function score alone (got ${what})`, 'leave it out'));
  if (maximumCount !== undefined && maximumCount < minimumCount)
    issues.push(
      ...issue(at('maximumCount'), `must be at least minimumCount (${minimumCount})`, 'give a larger number'),
    );
  if (per !== undefined && what === 'score' && computed.field !== undefined)
    issues.push(...issue(at('field'), 'has no meaning beside `per`: a score counts touchpoints', 'leave it out'));
  const { from, until } = computed;
  if (from !== undefined && until !== undefined && Date.parse(from) >= Date.parse(until))
    issues.push(...issue(at('until'), 'must be after `from`', 'give a later instant'));
  return issues;
};

const READER = documentReader(AttributeForm, {
  rules: [isOneOfBoth, bandFits, zonesAreKnown, functionHasWhatItNeeds],
});

/** The document of a definition, as OpenAPI and help show it. */
export const ATTRIBUTE_DEFINITION = READER;

/** The schema of the data of a touchpoint type, in its newest version; null where there is no such type. */
export type SchemaOfType = (type: string) => JsonSchema | null;

export type AttributeReading =
  | { readonly ok: true; readonly definition: AttributeDefinition }
  | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

/** Reads a definition that is to be saved: also whether the touchpoints that it computes from have the field. */
export function readAttribute(document: unknown, schemaOf: SchemaOfType): AttributeReading {
  const reading = READER.read(document);
  if (!reading.ok) return reading;
  const definition = reading.value as unknown as AttributeDefinition;
  const errors = definition.computed === undefined ? [] : fieldIssues(definition.computed, schemaOf);
  return errors.length === 0 ? { ok: true, definition } : { ok: false, errors };
}

/** Reads a definition that the log holds. @throws Error where it is none: the log holds what was read before it was recorded */
export function storedAttribute(document: unknown): AttributeDefinition {
  const reading = READER.read(document);
  if (!reading.ok) throw new Error(`A definition of an attribute cannot be read: ${JSON.stringify(reading.errors)}.`);
  return reading.value as unknown as AttributeDefinition;
}

/** What values of the attribute can be compared with: those of a band are texts. */
export function kindOfAttribute({ profile, computed }: AttributeDefinition, schemaOf: SchemaOfType): AttributeKind {
  if (profile !== undefined) return profile.band === undefined && profile.type !== 'any' ? profile.type : 'text';
  if (computed.function === 'count' || computed.function === 'sum' || computed.function === 'score') return 'number';
  const leaf = leafOf(schemaOf(computed.of), computed.field ?? '');
  const types = 'schema' in leaf ? typesOf(leaf.schema) : [];
  if (types.length === 0) return 'text';
  if (types.every((type) => type === 'integer' || type === 'number')) return 'number';
  return types.every((type) => type === 'boolean') ? 'flag' : 'text';
}

function fieldIssues({ of, field, function: what }: ComputedPart, schemaOf: SchemaOfType): readonly ValidationIssue[] {
  const schema = schemaOf(of);
  if (schema === null)
    return issue(
      pointerTo('computed', 'of'),
      `names no touchpoint type (got ${JSON.stringify(of)})`,
      'see perennial types',
    );
  if (field === undefined) return [];
  const at = pointerTo('computed', 'field');
  const leaf = leafOf(schema, field);
  if ('wrong' in leaf) return issue(at, `${leaf.wrong} of ${of}`, leaf.hint);
  const types = typesOf(leaf.schema);
  if (types.some((type) => type === 'object' || type === 'array'))
    return issue(at, 'names an object or a list', 'name a text, a number, or true or false within it');
  if (what === 'sum' && !types.every((type) => type === 'integer' || type === 'number'))
    return issue(at, 'must be a number for a sum', 'name a field that holds numbers, or use another function');
  return [];
}

/** The schema of a field; or what is wrong with its name. Fields that no schema declares are sealed, as personal ones are. */
function leafOf(
  schema: JsonSchema | null,
  field: string,
): { readonly schema: JsonSchema } | { readonly wrong: string; readonly hint: string } {
  let part: JsonSchema = schema ?? {};
  for (const name of field.split('.')) {
    while (isObject(part['items'])) part = part['items'];
    const properties = part['properties'];
    const next = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (!isObject(next))
      return {
        wrong: 'is no declared field',
        hint: 'perennial types NAME shows the fields: what no type declares is sealed',
      };
    if (next['x-personal'] === true)
      return { wrong: 'is a personal field', hint: 'name a field that is not personal: those stay sealed' };
    part = next;
  }
  while (isObject(part['items'])) part = part['items'];
  return { schema: part };
}

const typesOf = ({ type }: JsonSchema): readonly unknown[] =>
  (Array.isArray(type) ? (type as readonly unknown[]) : type === undefined ? [] : [type]).filter(
    (each) => each !== 'null',
  );
