import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiQuery, ApiTags } from '@nestjs/swagger';
import { formatInstant } from '#contracts';
import { EVENT_LOG, type EventLog } from '#event-log';
import { Allow, ApiProblems, Problem } from '#platform/nest';

export class EventOutcomeView {
  @ApiProperty({ enum: ['accepted', 'unknown'] })
  readonly outcome!: 'accepted' | 'unknown';
  @ApiProperty({ required: false })
  readonly position?: number;
  @ApiProperty({ required: false })
  readonly type?: string;
  @ApiProperty({ required: false, format: 'date-time' })
  readonly occurredAt?: string;
  @ApiProperty({ required: false, format: 'date-time' })
  readonly recordedAt?: string;
}

/** The outcome of a published event. Touchpoints are published through `touchpoints.plugin.ts`. */
@ApiTags('intake')
@Controller('touchpoints')
export class TouchpointsController {
  constructor(@Inject(EVENT_LOG) private readonly log: EventLog) {}

  @Get('outcome')
  @Allow('read')
  @ApiOperation({
    operationId: 'touchpointOutcome',
    summary: 'The outcome of one event, by its source and id',
    description:
      'Read from the log itself: for a sender whose answer got lost. Quarantined events: see /v1/quarantine.',
  })
  @ApiQuery({ name: 'source', example: 'shop' })
  @ApiQuery({ name: 'id', example: 'order-1042' })
  @ApiOkResponse({ type: EventOutcomeView })
  @ApiProblems(400)
  async outcome(@Query('source') source?: unknown, @Query('id') id?: unknown): Promise<EventOutcomeView> {
    if (typeof source !== 'string' || source === '' || typeof id !== 'string' || id === '')
      throw new Problem(400, { detail: 'Give the source and the id of the event, each once.' });
    const [event] = await this.log.find([{ source, id }]);
    if (event === null || event === undefined) return { outcome: 'unknown' };
    return {
      outcome: 'accepted',
      position: event.position,
      type: event.type,
      occurredAt: formatInstant(event.occurredAt),
      recordedAt: formatInstant(event.recordedAt),
    };
  }
}
