import { describe, expect, it } from '@jest/globals';
import { TOUCHPOINT_TYPES } from '../catalogue.js';
import { isObject, type JsonSchema } from '../fields.js';
import { isPlaceholder, NAMESPACE_DOCUMENTATION, NAMESPACES, normaliseIdentifier } from '../identifiers.js';
import { validateTouchpointData } from '../validation.js';
import { documentedSchema, typeDocumentation } from './documentation.js';

const fieldsWithoutMeaning = (schema: JsonSchema, at = ''): string[] => {
  const { properties, items } = schema;
  const own = isObject(properties) ? Object.entries(properties) : [];
  return [
    ...own.flatMap(([name, field]) => [
      ...((field as JsonSchema)['description'] === undefined ? [`${at}/${name}`] : []),
      ...fieldsWithoutMeaning(field as JsonSchema, `${at}/${name}`),
    ]),
    ...(isObject(items) ? fieldsWithoutMeaning(items, `${at}/*`) : []),
  ];
};

describe('the documentation of the touchpoint types', () => {
  it.each(TOUCHPOINT_TYPES.map(({ name, version }) => [name, version] as const))(
    'of %s says what each field means, with an example that is valid',
    (name, version) => {
      const schema = documentedSchema(name) ?? {};
      expect(fieldsWithoutMeaning(schema)).toEqual([]);
      const { example, fields } = typeDocumentation(name) ?? { example: {}, fields: {} };
      expect(validateTouchpointData(name, version, example)).toEqual({ ok: true });
      expect(Object.keys(schema['properties'] as object)).toEqual(expect.arrayContaining(Object.keys(example)));
      expect(Object.keys(fields).sort()).toEqual(Object.keys(schema['properties'] as object).sort());
    },
  );

  it('is none for a type that is not built in', () => {
    expect([documentedSchema('x'), typeDocumentation('constructor')]).toEqual([null, null]);
  });
});

describe('the documentation of the namespaces', () => {
  it.each(NAMESPACES.map((name) => [name]))('of %s shows how a value is normalised', (name) => {
    const [given, known] = NAMESPACE_DOCUMENTATION[name].example;
    expect(normaliseIdentifier(name, given)).toBe(known);
    expect(isPlaceholder(name, given)).toBe(false);
  });
});
