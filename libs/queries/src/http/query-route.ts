import { applyDecorators, Get } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { Allow, ApiProblems, Opens } from '#platform/nest';
import type { QueryDefinition } from '../running/query.js';
import { paramSchemas } from '../running/params.js';
import { FORMATS } from './formats.js';
import { answerSchema } from './query-schemas.js';

/** The address of a query, where it is not its name. */
export interface QueryAddress {
  /** Below the controller's own path; a part such as `:customer` takes the parameter of that name out of the query string. */
  readonly path: string;
  /** The name of this route in the OpenAPI document: one query may have two addresses. */
  readonly operationId: string;
  /** Parameters that this address does not take. */
  readonly without?: readonly string[];
}

/**
 * A route that runs a query: GET, the permission that the query needs, and its documentation. All of it comes from the query's
 * definition, so that HTTP, the OpenAPI document and the command line cannot differ.
 */
export function QueryRoute(query: QueryDefinition, address?: QueryAddress): MethodDecorator {
  const { path, operationId, without = [] } = address ?? { path: query.name, operationId: operationIdOf(query) };
  const inPath = [...path.matchAll(/:([a-z-]+)/g)].map((match) => match[1] as string);
  const params = Object.entries(paramSchemas(query)).flatMap(([name, { description, ...schema }]) => {
    const shared = { name, description: description as string, schema };
    if (inPath.includes(name)) return [ApiParam(shared)];
    return without.includes(name) ? [] : [ApiQuery({ ...shared, required: false })];
  });
  return applyDecorators(
    Get(path),
    Allow(query.permission, query.narrows === undefined ? {} : { scope: query.narrows }),
    ...(query.opens === undefined ? [] : [Opens()]),
    ApiOperation({
      operationId,
      summary: query.summary,
      ...(query.description === undefined ? {} : { description: query.description }),
    }),
    ApiQuery({
      name: 'format',
      required: false,
      schema: { type: 'string', enum: Object.keys(FORMATS) },
      description: 'the format of the answer; by default the one that the Accept header names first.',
    }),
    ApiResponse({
      status: 200,
      description: 'The answer.',
      content: {
        'application/json': { schema: answerSchema(query) },
        'text/csv': { schema: { type: 'string' } },
        'application/x-ndjson': { schema: { type: 'string' } },
      },
    }),
    ApiProblems(400, 404, 503),
    ...params,
  );
}

/** `stage-periods` is `queryStagePeriods` in the OpenAPI document. */
const operationIdOf = ({ name }: QueryDefinition): string =>
  `query-${name}`.replace(/-./g, (hyphen) => hyphen.charAt(1).toUpperCase());
