import { describe, expect, it } from '@jest/globals';
import type { ClassConstructor } from 'class-transformer';
import { targetConstructorToSchema } from 'class-validator-jsonschema';
import { factOf, FACTS, TOUCHPOINT_TYPES } from './catalogue.js';
import { PolicyForm } from './documents/policy.js';
import { Default, Describe } from './documents/kinds.js';
import { TouchpointForm } from './envelope.js';
import { factClassOf } from './facts/classes.js';
import { ANNOTATION, FIELD, Flag, OneOf, Optional, Part, PERSONAL, Personal, RULE, Text } from './fields.js';
import { inlined, rulesOf, schemaOfClass } from './schemas.js';
import { classOf } from './touchpoints/classes.js';

class Empty {}
class Named extends Empty {
  @Text(10) @Describe('the name') @Personal() name!: string;
  @Optional() @Flag() isKnown?: boolean;
}
/** Adds to what it inherits. */
class Coloured extends Named {
  @OneOf('red', 'blue') @Default('red') colour!: string;
}
/** Says something else of a field that it inherits. */
class Renamed extends Named {
  @Optional() @Text(20) declare name: string;
}
/** Has nothing of its own, as the parameters of a query without time and pages. */
class Same extends Coloured {}
class Holder {
  @Part(() => Coloured) part!: Coloured;
}

const VERSIONS = [...TOUCHPOINT_TYPES, ...FACTS].flatMap(({ name, version }) =>
  Array.from({ length: version }, (_, index) => {
    const target = factOf(name) === null ? classOf(name, index + 1) : factClassOf(name, index + 1);
    return [`${name} ${index + 1}`, target!] as const;
  }),
);
const CLASSES: readonly (readonly [string, ClassConstructor<object>])[] = [
  ...VERSIONS,
  ...[Empty, Named, Coloured, Renamed, Same, Holder, TouchpointForm, PolicyForm].map(
    (each) => [each.name, each] as const,
  ),
];

/** The schema that class-validator-jsonschema makes of the same metadata. */
function byTheLibrary(target: ClassConstructor<object>): unknown {
  const stated = ({ constraints }: { readonly constraints?: readonly object[] }): object => constraints?.[0] ?? {};
  const additionalConverters = {
    ...{ [FIELD]: stated, [PERSONAL]: stated, [ANNOTATION]: stated },
    ...{ [RULE]: () => ({}), nestedValidation: () => ({}) },
  } as NonNullable<NonNullable<Parameters<typeof targetConstructorToSchema>[1]>['additionalConverters']>;
  const schema = inlined(targetConstructorToSchema(target, { additionalConverters })) as object;
  const rules = rulesOf(target);
  return rules.length === 0 ? schema : { ...schema, allOf: rules.map((rule) => rule.schema) };
}

describe('schemaOfClass', () => {
  it.each(CLASSES)('of %s is what class-validator-jsonschema makes of it, in the same order', (_name, target) => {
    const schema = schemaOfClass(target);
    expect(schema).toEqual(byTheLibrary(target));
    expect(JSON.stringify(schema)).toBe(JSON.stringify(byTheLibrary(target)));
  });
});
