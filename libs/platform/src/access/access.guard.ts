import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ACCESS } from '../tokens.js';
import { ALLOW, PUBLIC, type GuardedRequest } from './allow.js';
import { authorize } from './authorize.js';
import type { Access } from './principal.js';
import type { RouteRule } from './route-rule.js';

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
    const rule = this.reflector.getAllAndOverride<RouteRule | undefined>(ALLOW, targets);
    const { authorization } = request.headers as { readonly authorization?: string };
    request.principal = authorize(this.access, { authorization, address: request.ip }, rule);
    return true;
  }
}
