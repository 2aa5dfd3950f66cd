import { Controller, Get, Inject, ServiceUnavailableException, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorFunction,
} from '@nestjs/terminus';
import { Public } from '../access/allow.js';
import { ApiProblems } from '../problems/api-problems.js';
import { Problem } from '../problems/problem.js';
import { HEALTH } from '../tokens.js';
import { Health, type CheckResult } from './health.js';

/** A check that takes longer counts as failed. */
const CHECK_MS_MAX = 2_000;

const READY = {
  type: 'object',
  required: ['status', 'checks'],
  properties: {
    status: { type: 'string', enum: ['ready'] },
    checks: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        required: ['ok'],
        properties: {
          ok: { type: 'boolean' },
          detail: { type: 'string' },
          required: {
            type: 'boolean',
            enum: [false],
            description: 'Present where the process is ready although this part fails',
          },
        },
      },
    },
  },
};

/** Liveness and readiness, for load balancers and container runtimes. */
@ApiTags('health')
@Controller({ path: 'health', version: VERSION_NEUTRAL })
@Public()
export class HealthController {
  constructor(
    @Inject(HEALTH) private readonly health: Health,
    private readonly service: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'Whether the process answers at all' })
  @ApiOkResponse({ schema: { type: 'object', properties: { status: { type: 'string', enum: ['live'] } } } })
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('ready')
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  @ApiOperation({ summary: 'Whether every part of the process can do its work' })
  @ApiOkResponse({ schema: READY })
  @ApiProblems(503)
  async ready(): Promise<{ status: 'ready'; checks: Record<string, CheckResult> }> {
    try {
      const { details } = await this.service.check(this.indicatorFunctions());
      return { status: 'ready', checks: checksOf(details) };
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      const checks = checksOf((error.getResponse() as HealthCheckResult).details);
      const failing = Object.keys(checks).filter((name) => checks[name]?.ok !== true);
      throw new Problem(503, {
        detail: failing.length === 0 ? 'The process is shutting down.' : `Not ready: ${failing.join(', ')}.`,
        type: 'not-ready',
        extension: { checks },
        headers: { 'retry-after': '1' },
      });
    }
  }

  private indicatorFunctions(): HealthIndicatorFunction[] {
    return [...this.health.checks].map(
      ([name, check]) =>
        () =>
          this.indicators
            .check(name)
            .attempt(async () => {
              const { ok, detail, required } = await check();
              if (!ok && required !== false) throw new Error(detail ?? 'failed');
              return { ...(detail === undefined ? {} : { detail }), ...(ok ? {} : { failing: true }) };
            })
            .withTimeout(CHECK_MS_MAX),
    );
  }
}

/** The result of each indicator in the form that the route documents. */
function checksOf(details: HealthCheckResult['details']): Record<string, CheckResult> {
  const checks = Object.entries(details).map(([name, { status, detail, message, failing }]): [string, CheckResult] => {
    const text: unknown = detail ?? message;
    const said = typeof text === 'string' ? { detail: text } : {};
    return [name, failing === true ? { ok: false, ...said, required: false } : { ok: status === 'up', ...said }];
  });
  return Object.fromEntries(checks);
}
