import { applyDecorators, createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import { ApiProblems } from '../problems/api-problems.js';
import { PERMISSIONS, type Permission } from './permissions.js';
import type { RouteRule, ScopeName } from './route-rule.js';
import type { OpeningRequest } from './openings.js';
import type { Principal } from './principal.js';
import { SCOPE_NAMES } from './scopes.js';

export const ALLOW = 'perennial:allow';
export const PUBLIC = 'perennial:public';

export interface AllowOptions {
  /** The scopes by which the handler narrows what it does or shows, or which do not concern it: see `RouteRule`. */
  readonly scope?: ScopeName | readonly ScopeName[];
  /** For what acts on the machine of the engine: API keys are rejected. */
  readonly only?: 'local';
}

/**
 * Opens a route to callers with the permission, or with one of several. A route with neither this nor `@Public()` is closed to every caller.
 * `docs/access.md` is made of these decorators.
 */
export function Allow(
  permission: Permission | readonly Permission[],
  { scope = [], only }: AllowOptions = {},
): MethodDecorator & ClassDecorator {
  const rule = { permissions: [permission].flat(), scopes: [scope].flat(), ...(only === undefined ? {} : { only }) };
  const documented = Object.entries(ruleDocumentation(rule)).map(([name, value]) => ApiExtension(name, value));
  return applyDecorators(SetMetadata(ALLOW, rule), ApiBearerAuth(), ...documented, ApiProblems(401, 403, 429));
}

/** What OpenAPI says of a rule. */
export const ruleDocumentation = ({ permissions, scopes, only }: RouteRule): Record<`x-${string}`, unknown> => ({
  'x-permission': permissions.length === PERMISSIONS.length ? 'any' : permissions.join(' or '),
  ...(scopes.length === 0 ? {} : { 'x-scope': scopes }),
  ...(only === undefined ? {} : { 'x-only': only }),
});

/** Opens a route to every principal, whatever it may do: for what it is told of itself. */
export const AllowAny = (): MethodDecorator & ClassDecorator => Allow(PERMISSIONS, { scope: SCOPE_NAMES });

/** Opens a route to every caller, without a key: for health checks. */
export const Public = (): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(PUBLIC, true), ApiExtension('x-permission', 'public'));

/** A request that the guard has let in. */
export interface GuardedRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly ip: string;
  principal?: Principal;
  /** Set for a handler that is marked with `@Opens()`. */
  opening?: OpeningRequest | null;
}

/** The authenticated caller, as a parameter of a handler. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal | undefined => {
  return context.switchToHttp().getRequest<GuardedRequest>().principal;
});
