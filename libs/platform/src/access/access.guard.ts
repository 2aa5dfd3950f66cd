import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ACCESS, RATE_LIMITS } from '../tokens.js';
import { ALLOW, PUBLIC, type GuardedRequest } from './allow.js';
import { authorizeRequest } from './authorize.js';
import { openingRequestOf, OPENS } from './opens.js';
import type { Access, Principal } from './principal.js';
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

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets) === true) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<GuardedRequest>();
    const rule = this.reflector.getAllAndOverride<RouteRule | undefined>(ALLOW, targets);
    const { method, headers, ip: address } = request;
    const principal = authorizeRequest(this.access, { method, headers, address }, rule);
    const reply = http.getResponse<{ header(name: string, value: string): unknown }>();
    const opens = this.reflector.get<boolean | undefined>(OPENS, context.getHandler()) === true;
    const admit = (admitted: Principal): true => {
      const { headers: limits } = this.rates.admit(admitted, 'requests');
      for (const [name, value] of Object.entries(limits)) reply.header(name, value);
      request.principal = admitted;
      if (opens) request.opening = openingRequestOf(request);
      return true;
    };
    return principal instanceof Promise ? principal.then(admit) : admit(principal);
  }
}
