import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Problem } from '../problems/problem.js';
import { ACCESS } from '../tokens.js';
import { Access } from './access.js';
import { ALLOW, PUBLIC, type GuardedRequest } from './allow.js';
import type { Permission } from './permissions.js';

/** Denies by default: what a route did not say may be done by nobody, whatever key they hold. */
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
    const principal = this.access.principalOf(request.headers['authorization'] as string | undefined);
    if (principal === null) throw unauthenticated();
    const permission = this.reflector.getAllAndOverride<Permission | undefined>(ALLOW, targets);
    if (permission === undefined)
      throw new Problem(403, { detail: 'This route is open to nobody: it does not say which permission it asks for.' });
    if (!principal.permissions.has(permission))
      throw new Problem(403, { detail: `The key "${principal.name}" lacks the permission "${permission}".` });
    request.principal = principal;
    return true;
  }
}

/** The answer to a request without a key that we know. */
export function unauthenticated(): Problem {
  return new Problem(401, {
    detail:
      'No key that is known here: send "Authorization: Bearer <key>". The admin key was shown at the first start.',
    headers: { 'www-authenticate': 'Bearer' },
  });
}
