import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiTags } from '@nestjs/swagger';
import { formatInstant } from '#contracts';
import { actorOf, ACTS, type Acts, type Principal } from '#platform';
import { Allow, ApiProblems, CurrentPrincipal, Problem, Records } from '#platform/nest';
import type { ProjectorStatus } from '#projections';
import { OPERATIONS, type Operations } from './operations.js';

/** How far the read models follow the log. */
export class StatusView {
  @ApiProperty({ description: 'the version that is live' })
  readonly version!: number;
  @ApiProperty({ description: 'the log position up to which it was built' })
  readonly position!: number;
  @ApiProperty({ description: 'how far the head of the log is above; 0: nothing of it is missing' })
  readonly lag!: number;
  @ApiProperty({ enum: ['events', 'bytes'], description: 'what lag counts' })
  readonly lagUnit!: 'events' | 'bytes';
  @ApiProperty({ description: 'how much later the last event was recorded than the last that is indexed' })
  readonly lagMs!: number;
  @ApiProperty({ description: 'customers that are to be folded again' })
  readonly dirty!: number;
  @ApiProperty({ description: 'customers whose first event is still to come: nothing is behind because of them' })
  readonly waiting!: number;
  @ApiProperty({ description: 'customers parked because they could not be folded' })
  readonly parked!: number;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'deadlines up to here are persisted' })
  readonly clock!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'when the next deadline falls due' })
  readonly nextWake!: string | null;
  @ApiProperty()
  readonly running!: boolean;
  @ApiProperty({ type: String, nullable: true, description: 'why the last step failed; null where it did not' })
  readonly failure!: string | null;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, description: 'since the process began' })
  readonly counters!: Readonly<Record<string, number>>;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, description: 'milliseconds by step' })
  readonly stepMs!: Readonly<Record<string, number>>;
}

export class ReleasedView {
  @ApiProperty()
  readonly customerId!: string;
  @ApiProperty({ enum: ['released'] })
  readonly status!: 'released';
}

/** What an operator does with the read models. */
@ApiTags('operations')
@Controller()
@Allow('operate')
export class OperationsController {
  constructor(
    @Inject(OPERATIONS) private readonly operations: Operations,
    @Inject(ACTS) private readonly acts: Acts,
  ) {}

  @Get('projections/status')
  @ApiOperation({ operationId: 'getProjectionStatus', summary: 'How far the read models follow the log' })
  @ApiOkResponse({ type: StatusView })
  async status(): Promise<StatusView> {
    return view(await this.operations.status());
  }

  @Post('parked/:customer/release')
  @Records('operation-started')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'releaseParkedCustomer',
    summary: 'Fold a parked customer again from the beginning, after its cause was fixed',
  })
  @ApiParam({ name: 'customer', schema: { type: 'string', pattern: '^[0-9a-f]{32}$' } })
  @ApiOkResponse({ type: ReleasedView })
  @ApiProblems(400, 404)
  async release(@Param('customer') customerId: string, @CurrentPrincipal() caller: Principal): Promise<ReleasedView> {
    if (!/^[0-9a-f]{32}$/.test(customerId))
      throw new Problem(400, {
        detail: 'The id in the path is not a customer id.',
        errors: [
          {
            pointer: '#/customer',
            detail: 'is not a customer id',
            hint: 'Give the 32 characters of 0-9 and a-f that the query `parked` lists.',
          },
        ],
      });
    if (!(await this.operations.release(customerId)))
      throw new Problem(404, { detail: 'This customer is not parked: the query `parked` lists those that are.' });
    const data = { operation: 'parked-released', customerId };
    await this.acts.record({ name: 'operation-started', by: actorOf(caller), data });
    return { customerId, status: 'released' };
  }
}

const view = (status: ProjectorStatus): StatusView => ({
  ...status,
  counters: { ...status.counters },
  clock: instantOrNull(status.clock),
  nextWake: instantOrNull(status.nextWake),
});

const instantOrNull = (at: number | null): string | null =>
  at === null || !Number.isFinite(at) ? null : formatInstant(at);
