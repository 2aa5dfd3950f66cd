import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ACCESS, RATE_LIMITS } from '../tokens.js';
import { ALLOW, PUBLIC, type GuardedRequest } from './allow.js';
import { authorize } from './authorize.js';
import type { Access } from './principal.js';
import type { RateLimits } from './rate-limits.js';
import type { RouteRule } from './route-rule.js';

/** Denies by default: a route without `@Allow()` or `@Public()` is closed to every caller, the admin key included. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(ACCESS) private readonly access: Access,
    @Inject(RATE_LIMITS) private readonly rates: RateLimits,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets) === true) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<GuardedRequest>();
    const rule = this.reflector.getAllAndOverride<RouteRule | undefined>(ALLOW, targets);
    const { authorization } = request.headers as { readonly authorization?: string };
    const principal = authorize(this.access, { authorization, address: request.ip }, rule);
    const { headers } = this.rates.admit(principal, 'requests');
    const reply = http.getResponse<{ header(name: string, value: string): unknown }>();
    for (const [name, value] of Object.entries(headers)) reply.header(name, value);
    request.principal = principal;
    return true;
  }
}
