import { documentReader, PERIOD_PATTERN, PolicyForm, TIME_OF_DAY_PATTERN, type JsonSchema } from '#contracts';
import { BUILT_IN_POLICIES } from './built-in.js';
import type { Policy } from './policy.js';
import { DEFAULT_OPENINGS, DEFAULT_PURPOSES } from './purposes.js';

/** A field of the policy document: where it stands, what it means, and what it may be. */
export interface PolicyField {
  /** `silence.atRiskDaysMin`; `signals.TYPE[].phase`, where TYPE stands for any name. */
  readonly path: string;
  readonly meaning: string;
  /** Which values it may have. */
  readonly values: string;
  /** A value from the example, as JSON; empty where it has none. */
  readonly example: string;
}

/** What each part of the document is about. */
export const POLICY_PARTS: Readonly<Record<string, string>> = {
  acquisition: 'How long interest lasts',
  onboarding: 'The time after the first order',
  silence: 'After how much silence a customer is at risk, lapsed and lost',
  expansion: 'What counts as a customer who grows',
  contracts: 'What holds for subscriptions',
  tiers: 'How customers are divided by the profit that they bring',
  treatments: 'What to do for a customer in each phase; an action is proposed where they gave consent',
  openings: 'How openings of personal data are watched and kept',
  retention: 'How long data are kept; without the list for ever',
  approvals: 'Which acts need two principals; none by default',
  contact: 'How a customer may be contacted: caps, quiet hours, days without contact, consents to be confirmed',
  costs: 'What serving a customer costs where events state no cost',
};

/** A policy that uses every field: what the documentation quotes. */
export const EXAMPLE_POLICY: Policy = {
  ...BUILT_IN_POLICIES.retail,
  name: 'tea-shop',
  timeZone: 'Europe/Berlin',
  currency: 'EUR',
  signals: {
    ...BUILT_IN_POLICIES.retail.signals,
    'enquiry-made': [
      { phase: 'evaluation', intent: true, when: [{ field: 'value.amount', op: 'at-least', value: 500 }] },
      { phase: 'consideration', intent: true },
    ],
  },
  taxonomy: ['tea', 'cups', 'kettles'],
  replacementDays: { kettles: 1_825 },
  ladder: [
    { rung: 'suspect', needs: {} },
    { rung: 'prospect', needs: { intent: true } },
    { rung: 'client', needs: { ordersAtLeast: 2, satisfactionAtLeast: 'satisfied' } },
    { rung: 'advocate', needs: { ordersAtLeast: 1, referralsConvertedAtLeast: 1 } },
  ],
  treatments: {
    ...BUILT_IN_POLICIES.retail.treatments,
    retention: {
      ...BUILT_IN_POLICIES.retail.treatments['retention'],
      lapsed: { name: 'invite back', purpose: 'marketing', media: ['email', 'sms'], validDays: 14 },
    },
  },
  purposes: [
    { name: 'warranty', text: 'Settle a warranty claim', legalBasis: 'GDPR art. 6(1)(b)' },
    ...DEFAULT_PURPOSES,
  ],
  openings: DEFAULT_OPENINGS,
  retention: [
    {
      what: 'person',
      after: 'P3Y',
      since: 'last-contact',
      unless: ['open-contract', 'hold'],
      grace: 'P30D',
      media: ['email'],
    },
    { what: 'openings', after: 'P3Y' },
  ],
  approvals: {
    erase: 'two',
    'grant-administer': 'two',
    'grant-open': 'two',
    'hold-lift': 'two',
    'policy-publish': 'one',
    rekey: 'two',
    'retention-publish': 'two',
    withinHours: 72,
  },
  contact: {
    caps: [
      { max: 2, days: 7, medium: 'email' },
      { max: 1, days: 90, purpose: 'survey' },
    ],
    quietHours: [{ from: '21:00', until: '08:00', media: ['sms', 'phone'] }],
    holdbackDays: ['12-24', '12-25', '2027-05-01'],
    exemptPurposes: ['retention', 'service'],
    doubleOptIn: ['newsletter'],
  },
  costs: { minuteMinor: 75, contactMinor: 150, returnMinor: 600, acquisitionMinor: 2_500 },
};

/** Every field of the policy document, in the order in which it is written. */
export function policyFields(): readonly PolicyField[] {
  const { schema } = documentReader(PolicyForm);
  return fieldsOf('', schema, [EXAMPLE_POLICY, BUILT_IN_POLICIES.seasonal], new Set());
}

/** The fields as a table of Markdown: docs/policy.md holds it, and a spec compares the two. */
export function policyFieldsTable(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = policyFields().map(
    ({ path, meaning, values, example }) =>
      `| \`${path}\` | ${cell(meaning)} | ${cell(values)} | ${example === '' ? '' : `\`${cell(example)}\``} |`,
  );
  return ['| field | meaning | values | example |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

type Examples = readonly unknown[];

function fieldsOf(path: string, schema: JsonSchema, examples: Examples, seen: Set<string>): readonly PolicyField[] {
  const properties = schema['properties'] as Readonly<Record<string, JsonSchema>> | undefined;
  if (properties !== undefined)
    return Object.entries(properties).flatMap(([name, part]) =>
      fieldsOf(path === '' ? name : `${path}.${name}`, part, inner(examples, name), seen),
    );
  const alternatives = schema['oneOf'] as readonly JsonSchema[] | undefined;
  if (alternatives !== undefined)
    return alternatives.flatMap((part) => fieldsOf(path, part, examplesOf(part, examples), seen));
  const own = leaf(path, schema, examples);
  const items = schema['items'] as JsonSchema | undefined;
  if (items !== undefined)
    return isComposed(items) ? [own, ...fieldsOf(`${path}[]`, items, examples.flat(), seen)] : [own];
  const values = schema['additionalProperties'] as JsonSchema | false | undefined;
  if (values !== undefined && values !== false) {
    const each = examples.flatMap((example) => (isObject(example) ? Object.values(example) : []));
    const name = path === 'signals' ? 'TYPE' : 'CATEGORY';
    return isComposed(values) ? [own, ...fieldsOf(`${path}.${name}`, values, each, seen).slice(1)] : [own];
  }
  // A treatment is a name or an object: the object is shown once, where it is met first.
  const object = (schema['anyOf'] as readonly JsonSchema[] | undefined)?.find((part) => 'properties' in part);
  if (object === undefined || seen.has('treatment')) return [own];
  seen.add('treatment');
  return [own, ...fieldsOf('treatments.STAGE.PHASE', object, treatments(), seen)];
}

const treatments = (): Examples =>
  Object.values(EXAMPLE_POLICY.treatments).flatMap((phases) => Object.values(phases).filter(isObject));

const isComposed = (schema: JsonSchema): boolean => 'properties' in schema || 'items' in schema || 'oneOf' in schema;

function leaf(path: string, schema: JsonSchema, examples: Examples): PolicyField {
  const example = examples.find((each) => each !== undefined);
  const meaning = typeof schema['description'] === 'string' ? schema['description'] : '';
  return {
    path,
    meaning: meaning.replace(/\.$/, ''),
    values: valuesOf(schema),
    example: example === undefined || isLong(example) ? '' : JSON.stringify(example),
  };
}

const isLong = (example: unknown): boolean => JSON.stringify(example).length > 80;

function inner(examples: Examples, name: string): Examples {
  return examples.flatMap((example) => (isObject(example) && example[name] !== undefined ? [example[name]] : []));
}

/** The examples that are of this alternative: the field that tells alternatives apart is as in it. */
function examplesOf(schema: JsonSchema, examples: Examples): Examples {
  const properties = schema['properties'] as Readonly<Record<string, { readonly enum?: readonly unknown[] }>>;
  const by = 'mode' in properties ? 'mode' : 'what';
  return examples.filter((example) => isObject(example) && properties[by]?.enum?.includes(example[by]) === true);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function valuesOf(schema: JsonSchema): string {
  const { enum: words, type, minimum, maximum, exclusiveMinimum, exclusiveMaximum, pattern } = schema;
  if (Array.isArray(words)) return words.map((word) => (word === null ? 'null' : String(word))).join(', ');
  if (schema['anyOf'] !== undefined) return 'a name, or an object';
  if (type === 'boolean') return 'true or false';
  if (type === 'array') return 'a list';
  if (type === 'object') return 'an object';
  if (type === 'integer') return `whole number from ${show(minimum)} to ${show(maximum)}`;
  if (type === 'number')
    return `number above ${show(exclusiveMinimum)}, ${maximum === undefined ? `below ${show(exclusiveMaximum)}` : `at most ${show(maximum)}`}`;
  if (Array.isArray(type)) return 'text or null';
  if (pattern === TIME_OF_DAY_PATTERN) return 'a time of the day such as 21:00';
  if (pattern === PERIOD_PATTERN) return 'a period such as P3Y, P18M or P30D';
  if (typeof pattern === 'string') return 'lower-case letters, digits and hyphens';
  return type === undefined ? 'a text, a number, true, false, null, or a list of these' : 'text';
}

const show = (number: unknown): string => Number(number).toLocaleString('en-US');
