import { ENVELOPE_SCHEMA, keysOf, pointerTo, type JsonSchema, type ValidationIssue } from '#contracts';
import type { TypeContracts } from '../types/type-contracts.js';

/** Stands in a pointer for a name that no contract knows: such a name may be an address or a telephone number. */
const UNKNOWN_NAME = '*';

/** Names of an event that stand in no contract of ours, and are no one's: attributes of CloudEvents. */
const ATTRIBUTES = new Set(['specversion', 'datacontenttype', 'dataschema', 'data_base64', 'data', 'events', 'batch']);

/** Names of a call of an analytics library that its specification gives: they are the same for all persons. */
const CALL_NAMES = new Set([
  ...['messageId', 'userId', 'anonymousId', 'previousId', 'groupId', 'event', 'properties', 'traits', 'context'],
  ...['timestamp', 'originalTimestamp', 'sentAt', 'order_id', 'total', 'currency', 'products'],
]);

/**
 * The issues of a quarantined event as they stand in the log, in the clear: names that the contract declares and numbers of list items stay, every
 * other name in a pointer becomes `*`, and so does every name within a personal field.
 */
export function issuesOnRecord(
  issues: readonly [ValidationIssue, ...ValidationIssue[]],
  document: unknown,
  contracts: TypeContracts,
  isCall = false,
): readonly [ValidationIssue, ...ValidationIssue[]] {
  const schema = {
    ...ENVELOPE_SCHEMA,
    properties: { ...propertiesOf(ENVELOPE_SCHEMA), data: dataSchema(document, contracts) },
  };
  const [first, ...rest] = issues.map((issue) => ({
    ...issue,
    pointer: withoutUnknownNames(issue.pointer, schema, isCall),
  }));
  return [first as ValidationIssue, ...rest];
}

function dataSchema(document: unknown, contracts: TypeContracts): JsonSchema {
  const { type, schemaVersion } = (document ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof type !== 'string') return {};
  const version = typeof schemaVersion === 'number' ? schemaVersion : undefined;
  return contracts.types.schema(type, version) ?? {};
}

function withoutUnknownNames(pointer: string, whole: JsonSchema, isCall: boolean): string {
  const keys = keysOf(pointer);
  let schema: JsonSchema | null = whole;
  const steps: (string | number)[] = [];
  for (const [depth, key] of keys.entries()) {
    const items: JsonSchema | null = schema === null || schema['x-personal'] === true ? null : partOf(schema['items']);
    if (items !== null && /^\d{1,9}$/.test(key)) {
      steps.push(key);
      schema = items;
      continue;
    }
    const properties: JsonSchema = schema === null || schema['x-personal'] === true ? {} : propertiesOf(schema);
    const declared =
      Object.hasOwn(properties, key) || (depth === 0 && ATTRIBUTES.has(key)) || (isCall && CALL_NAMES.has(key));
    steps.push(declared ? key : UNKNOWN_NAME);
    schema = declared ? partOf(properties[key]) : null;
  }
  return pointerTo(...steps);
}

/** The issues of a row of a file: its columns are named by the operator's mapping, and stay unless a name looks like an identifier. */
export function rowIssuesOnRecord(
  issues: readonly [ValidationIssue, ...ValidationIssue[]],
): readonly [ValidationIssue, ...ValidationIssue[]] {
  const [first, ...rest] = issues.map((issue) => ({
    ...issue,
    pointer: pointerTo(...keysOf(issue.pointer).map((key) => (looksPersonal(key) ? UNKNOWN_NAME : key))),
  }));
  return [first as ValidationIssue, ...rest];
}

/** Whether a name looks like an address or a telephone number. */
const looksPersonal = (name: string): boolean => /@|(?:\d[\s().-]{0,2}){7}/.test(name);

const propertiesOf = (schema: JsonSchema): JsonSchema => partOf(schema['properties']) ?? {};

const partOf = (value: unknown): JsonSchema | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : null;
