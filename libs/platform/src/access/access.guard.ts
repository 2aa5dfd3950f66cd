import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Problem } from '../problems/problem.js';
import { ACCESS } from '../tokens.js';
import { principalOf, type Access } from './access.js';
import { ALLOW, PUBLIC, type GuardedRequest } from './allow.js';
import type { Permission } from './permissions.js';

/** Denies by default: a route without `@Allow()` or `@Public()` is closed to every caller, the admin key included. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(ACCESS) private readonly access: Access,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets) === true) return true;
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const principal = principalOf(this.access, request.headers['authorization'] as string | undefined);
    if (principal === null) throw unauthenticated();
    const permission = this.reflector.getAllAndOverride<Permission | undefined>(ALLOW, targets);
    if (permission === undefined)
      throw new Problem(403, { detail: 'This route is closed to every key: it declares no permission.' });
    if (!principal.permissions.has(permission))
      throw new Problem(403, { detail: `The key "${principal.name}" lacks the permission "${permission}".` });
    request.principal = principal;
    return true;
  }
}

/** The answer to a request without a known key. */
export function unauthenticated(): Problem {
  return new Problem(401, {
    detail:
      'The request carries no known API key. Send "Authorization: Bearer <key>"; the admin key was printed at the first start.',
    headers: { 'www-authenticate': 'Bearer' },
  });
}
