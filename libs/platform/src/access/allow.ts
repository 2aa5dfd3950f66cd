import { applyDecorators, createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import { ApiProblems } from '../problems/api-problems.js';
import type { Permission, Principal } from './permissions.js';

export const ALLOW = 'perennial:allow';
export const PUBLIC = 'perennial:public';

/** Lets in who holds the permission. A route without this, or `@Public()`, lets in nobody. */
export const Allow = (permission: Permission): MethodDecorator & ClassDecorator =>
  applyDecorators(
    SetMetadata(ALLOW, permission),
    ApiBearerAuth(),
    ApiExtension('x-permission', permission),
    ApiProblems(401, 403),
  );

/** Lets in everybody: for the questions a load balancer asks. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(PUBLIC, true);

/** A request that the guard let in. */
export interface GuardedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  principal?: Principal;
}

/** Who is asking: a parameter of a handler. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal | undefined => {
  return context.switchToHttp().getRequest<GuardedRequest>().principal;
});
