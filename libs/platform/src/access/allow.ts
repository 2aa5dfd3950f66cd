import { applyDecorators, createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import { ApiProblems } from '../problems/api-problems.js';
import type { Permission } from './permissions.js';
import type { Principal } from './principal.js';

export const ALLOW = 'perennial:allow';
export const PUBLIC = 'perennial:public';

/** Opens a route to callers with the permission, or with one of several. A route with neither this nor `@Public()` is closed to every caller. */
export const Allow = (permission: Permission, ...others: readonly Permission[]): MethodDecorator & ClassDecorator =>
  applyDecorators(
    SetMetadata(ALLOW, [permission, ...others]),
    ApiBearerAuth(),
    ApiExtension('x-permission', others.length === 0 ? permission : [permission, ...others].join(' or ')),
    ApiProblems(401, 403),
  );

/** Opens a route to every caller, without a key: for health checks. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(PUBLIC, true);

/** A request that the guard has let in. */
export interface GuardedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  principal?: Principal;
}

/** The authenticated caller, as a parameter of a handler. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal | undefined => {
  return context.switchToHttp().getRequest<GuardedRequest>().principal;
});
