import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '../access/allow.js';
import { ApiProblems } from '../problems/api-problems.js';
import { Problem } from '../problems/problem.js';
import { HEALTH } from '../tokens.js';
import { Health, type CheckResult } from './health.js';

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
        properties: { ok: { type: 'boolean' }, detail: { type: 'string' } },
      },
    },
  },
};

/** The questions a load balancer asks. */
@ApiTags('health')
@Controller('health')
@Public()
export class HealthController {
  constructor(@Inject(HEALTH) private readonly health: Health) {}

  @Get('live')
  @ApiOperation({ summary: 'Whether the process answers at all' })
  @ApiOkResponse({ schema: { type: 'object', properties: { status: { type: 'string', enum: ['live'] } } } })
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether every part can do its work' })
  @ApiOkResponse({ schema: READY })
  @ApiProblems(503)
  async ready(): Promise<{ status: 'ready'; checks: Record<string, CheckResult> }> {
    const { ok, checks } = await this.health.ready();
    if (ok) return { status: 'ready', checks };
    const failing = Object.keys(checks).filter((name) => checks[name]?.ok !== true);
    throw new Problem(503, {
      detail: `Not ready: ${failing.join(', ')}.`,
      type: 'not-ready',
      extension: { checks },
      headers: { 'retry-after': '1' },
    });
  }
}
