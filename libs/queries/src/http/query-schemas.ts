import type { Column, QueryDefinition } from '../running/query.js';

/** An OpenAPI schema as far as we write one. */
export type Schema = Readonly<Record<string, unknown>>;

const COLUMN_TYPES: Readonly<Record<Column['type'], Schema>> = {
  text: { type: 'string' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  instant: { type: 'string', format: 'date-time' },
  day: { type: 'string', format: 'date' },
  json: {},
};

/** The schema of a query's answer in JSON. */
export function answerSchema(query: QueryDefinition): Schema {
  const properties = Object.fromEntries(
    query.columns.map(({ name, type, description, nullable }) => [
      name,
      { ...COLUMN_TYPES[type], description, ...(nullable === true ? { nullable } : {}) },
    ]),
  );
  return {
    type: 'object',
    required: ['query', 'columns', 'rows', 'nextCursor', 'meta'],
    properties: {
      query: { type: 'string', enum: [query.name] },
      columns: { type: 'array', items: COLUMN },
      rows: { type: 'array', items: { type: 'object', required: Object.keys(properties), properties } },
      nextCursor: { type: 'string', nullable: true, description: 'the cursor of the next page; null at the end' },
      meta: META,
    },
  };
}

const COLUMN: Schema = {
  type: 'object',
  required: ['name', 'type', 'description'],
  properties: {
    name: { type: 'string' },
    type: { type: 'string', enum: Object.keys(COLUMN_TYPES) },
    description: { type: 'string' },
    nullable: { type: 'boolean' },
  },
};

const META: Schema = {
  type: 'object',
  description: 'What the answer rests on: the same query with these values gives the same answer.',
  required: ['asOf', 'knownAt', 'position', 'timeZone', 'currency', 'policyVersion', 'complete'],
  properties: {
    asOf: { type: 'string', format: 'date-time', description: 'what was true at this instant' },
    knownAt: {
      type: 'string',
      format: 'date-time',
      nullable: true,
      description: 'as believed at this instant; null: now',
    },
    position: { type: 'integer', description: 'the log position up to which events are in the answer' },
    timeZone: { type: 'string', description: 'the zone in which days are reckoned and dates were read' },
    currency: { type: 'string', nullable: true, description: 'the currency of the policy; null where it names none' },
    policyVersion: {
      type: 'string',
      description:
        'of a population: the policy in force now; of one customer: the one in force at as-of, as known then',
    },
    complete: {
      type: 'boolean',
      description: 'false while customers are folded, or days counted, again under another policy',
    },
    personalData: {
      type: 'object',
      required: ['state'],
      description:
        'present in answers that can show personal data: open with its purpose, or closed with why, and a hint',
      properties: {
        state: { type: 'string', enum: ['open', 'closed'] },
        purpose: { type: 'string' },
        why: {
          type: 'string',
          enum: ['no-permission', 'no-purpose', 'unknown-purpose', 'purpose-not-granted', 'restricted'],
        },
        hint: { type: 'string' },
      },
    },
    provisional: {
      type: 'object',
      required: ['day', 'sources'],
      description:
        'present where sources that close their books have not closed the last day of the answer: figures may change',
      properties: {
        day: { type: 'string', format: 'date' },
        sources: { type: 'array', items: { type: 'string' } },
      },
    },
  },
};
