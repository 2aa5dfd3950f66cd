import { Injectable, type Type } from '@nestjs/common';
import type { JsonSchema } from '#contracts';

/** The OpenAPI operation of a route that is registered with Fastify itself: Nest's explorer sees controllers only. */
export interface FastifyRoute {
  readonly path: string;
  readonly method: 'get' | 'post';
  readonly operation: Readonly<Record<string, unknown>>;
  /** Classes whose schemas the operation refers to. */
  readonly models: readonly Type[];
  /** Schemas without a class that the operation refers to, by their names among the components. */
  readonly schemas?: Readonly<Record<string, JsonSchema>>;
}

/** The routes that libs register with Fastify itself, for the OpenAPI document. */
@Injectable()
export class FastifyRoutes {
  private readonly added: FastifyRoute[] = [];

  add(...routes: readonly FastifyRoute[]): void {
    this.added.push(...routes);
  }

  get all(): readonly FastifyRoute[] {
    return this.added;
  }
}
