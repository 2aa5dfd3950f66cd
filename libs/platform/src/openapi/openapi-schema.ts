import { applyDecorators } from '@nestjs/common';
import { ApiBody } from '@nestjs/swagger';
import type { DocumentReader, JsonSchema } from '#contracts';
import { ApiProblems } from '../problems/api-problems.js';

type ApiSchema = NonNullable<Extract<Parameters<typeof ApiBody>[0], { schema: unknown }>['schema']>;

/** Documents the request body that a `DocumentPipe` of this reader validates, and the problems that it answers with. */
export const ApiDocument = (
  reader: Pick<DocumentReader<unknown>, 'schema'>,
  { required = true }: { readonly required?: boolean } = {},
): MethodDecorator =>
  applyDecorators(ApiBody({ required, schema: openApiSchema(reader.schema) as ApiSchema }), ApiProblems(400, 415, 422));

/** A JSON Schema (draft 7) in the dialect of OpenAPI 3.0, which spells null, constants and exclusive bounds in other ways. */
export function openApiSchema(schema: JsonSchema): JsonSchema {
  const { type, const: only, exclusiveMinimum: above, exclusiveMaximum: below, discriminator: _, ...rest } = schema;
  const types = [type].flat().filter((each) => each !== undefined && each !== 'null');
  const nullable = Array.isArray(type) && type.includes('null');
  return {
    ...mapped(rest),
    ...(types.length === 1
      ? { type: types[0] }
      : types.length === 0
        ? {}
        : { anyOf: types.map((each) => ({ type: each })) }),
    ...(nullable ? { nullable } : {}),
    ...(only === undefined ? {} : { enum: [only] }),
    ...(typeof above === 'number' ? { minimum: above, exclusiveMinimum: true } : {}),
    ...(typeof below === 'number' ? { maximum: below, exclusiveMaximum: true } : {}),
  };
}

/** The schemas within a schema, in the same dialect; one of several that is null makes the whole nullable. */
function mapped(schema: JsonSchema): JsonSchema {
  const entries = Object.entries(schema).flatMap(([word, value]): [string, unknown][] => {
    switch (word) {
      case 'items':
      case 'additionalProperties':
        return [[word, typeof value === 'object' && value !== null ? openApiSchema(value as JsonSchema) : value]];
      case 'properties':
        return [[word, Object.fromEntries(schemasIn(value).map(([name, part]) => [name, openApiSchema(part)]))]];
      case 'anyOf':
      case 'oneOf':
      case 'allOf': {
        const parts = schemasIn(value).map(([, part]) => part);
        const others = parts.filter((part) => part['type'] !== 'null').map(openApiSchema);
        const given: [string, unknown] = [word === 'anyOf' && others.length === 1 ? 'allOf' : word, others];
        return others.length === parts.length ? [given] : [given, ['nullable', true]];
      }
      default:
        return [[word, value]];
    }
  });
  return Object.fromEntries(entries);
}

const schemasIn = (value: unknown): [string, JsonSchema][] =>
  Object.entries(value as Readonly<Record<string, JsonSchema>>);
