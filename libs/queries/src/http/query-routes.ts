import { Controller, Get, Inject, Req, Res, type Type } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#platform';
import { Allow, ApiProblems, CurrentPrincipal } from '#platform/nest';
import type { QueryDefinition } from '../running/query.js';
import { allParams } from '../running/standard-params.js';
import { answerOverHttp, type AskReply, type AskRequest } from './answering.js';
import { answerSchema, paramSchema } from './query-schemas.js';

/** A question under an address. Parameters that stand in the path (`:customer`) leave the query string. */
export interface QueryRoute {
  readonly path: string;
  readonly query: QueryDefinition;
  /** Parameters that this address does not take. */
  readonly without?: readonly string[];
}

/**
 * A controller with a method for each route: what a hand would write for every question, made from its description, so that
 * the routes, the documentation and the command line cannot part ways.
 */
export function queryController(tag: string, prefix: string, routes: readonly QueryRoute[]): Type {
  @ApiTags(tag)
  @Controller(prefix)
  class QueryController {
    constructor(@Inject(QueryBus) readonly bus: QueryBus) {}
  }
  for (const route of routes) addRoute(QueryController, route);
  return QueryController;
}

function addRoute(controller: Type<{ bus: QueryBus }>, { path, query, without = [] }: QueryRoute): void {
  const prototype = controller.prototype as Record<string, unknown>;
  const name = query.name.replace(/-./g, (hyphen) => hyphen.charAt(1).toUpperCase());
  prototype[name] = async function (
    this: { bus: QueryBus },
    request: AskRequest,
    reply: AskReply,
    caller: Principal,
  ): Promise<void> {
    await answerOverHttp(this.bus, query, caller, request, reply);
  };
  Reflect.defineMetadata('design:paramtypes', [Object, Object, Object], prototype, name);
  Req()(prototype, name, 0);
  Res()(prototype, name, 1);
  CurrentPrincipal()(prototype, name, 2);
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name) as TypedPropertyDescriptor<unknown>;
  for (const decorate of [Get(path), Allow(query.permission), ...documented(path, query, without)])
    decorate(prototype, name, descriptor);
}

function documented(path: string, query: QueryDefinition, without: readonly string[]): MethodDecorator[] {
  const inPath = [...path.matchAll(/:([a-z-]+)/g)].map((match) => match[1] as string);
  const decorators: MethodDecorator[] = [
    ApiOperation({
      summary: query.summary,
      ...(query.description === undefined ? {} : { description: query.description }),
    }),
    ApiQuery({
      name: 'format',
      required: false,
      schema: { type: 'string', enum: ['json', 'csv', 'ndjson'] },
      description: 'how the answer is written; the Accept header counts unless said.',
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
  ];
  for (const [name, param] of Object.entries(allParams(query))) {
    const shared = { name, description: param.description, schema: paramSchema(param) };
    if (inPath.includes(name)) decorators.push(ApiParam(shared));
    else if (!without.includes(name)) decorators.push(ApiQuery({ ...shared, required: param.required === true }));
  }
  return decorators;
}
