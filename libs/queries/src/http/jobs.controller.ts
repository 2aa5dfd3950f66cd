import { Controller, Delete, Get, HttpCode, Inject, Post, Query, type BeforeApplicationShutdown } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiQuery, ApiTags } from '@nestjs/swagger';
import { formatInstant } from '#contracts';
import { CLOCK, type Clock } from '#platform';
import { Allow, ApiProblems, Problem } from '#platform/nest';
import { LongWork, type Building, type Work, type WorkKind } from './jobs.js';
import { OPERATIONS } from './operations.js';

export class WorkView {
  @ApiProperty({ enum: ['rebuild', 'dry-run', 'verify', 'rollback'] })
  readonly kind!: WorkKind;
  @ApiProperty({ enum: ['running', 'done', 'failed'] })
  readonly state!: Work['state'];
  @ApiProperty({ format: 'date-time' })
  readonly startedAt!: string;
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, description: 'phase, done, total, rate' })
  readonly progress!: Work['progress'];
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description:
      'of a rebuild or a rollback the version, position and digest; of a verification whether the digests are equal; of a dry run what would change',
  })
  readonly result!: Work['result'];
  @ApiProperty({ type: String, nullable: true })
  readonly failure!: string | null;
}

/** Rebuilding the read models and proving them: started by one request, asked after by others. */
@ApiTags('operations')
@Controller('projections')
@Allow('operate')
export class WorkController implements BeforeApplicationShutdown {
  private readonly work: LongWork;

  constructor(
    @Inject(OPERATIONS) private readonly building: Building,
    @Inject(CLOCK) clock: Clock,
  ) {
    this.work = new LongWork(building, () => clock.now());
  }

  @Post('rebuild')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Build the read models again from the log, and switch to them',
    description:
      'Ask GET /v1/projections/work how far it has come. Until it is done every answer comes from the live version. ' +
      'With dryRun it is only tried out: the result says what would change, nothing is switched, and the copy is dropped.',
  })
  @ApiQuery({ name: 'dryRun', required: false, schema: { type: 'boolean' } })
  @ApiAcceptedResponse({ type: WorkView })
  @ApiProblems(400, 409)
  rebuild(@Query('dryRun') dryRun: unknown): WorkView {
    if (dryRun !== undefined && dryRun !== 'true' && dryRun !== 'false')
      throw new Problem(400, { detail: 'dryRun is true or false.' });
    return this.start(dryRun === 'true' ? 'dry-run' : 'rebuild');
  }

  @Post('rollback')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Go back to the version of the read models that was live before',
    description:
      'It is brought up to date and switched to; the one that was live is kept, so that the same request goes forth again.',
  })
  @ApiAcceptedResponse({ type: WorkView })
  @ApiProblems(409)
  async rollback(): Promise<WorkView> {
    const versions = await this.building.versions();
    if (!versions.some(({ status }) => status === 'old'))
      throw new Problem(409, { type: 'no-older-version', detail: 'There is no older version to go back to.' });
    return this.start('rollback');
  }

  @Post('verify')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Build the read models a second time and compare the digests',
    description: 'Changes nothing.',
  })
  @ApiAcceptedResponse({ type: WorkView })
  @ApiProblems(409)
  verify(): WorkView {
    return this.start('verify');
  }

  @Get('work')
  @ApiOperation({ summary: 'The rebuild or verification under way, or the last one' })
  @ApiOkResponse({ type: WorkView })
  @ApiProblems(404)
  current(): WorkView {
    const { current } = this.work;
    if (current === null)
      throw new Problem(404, { detail: 'Nothing was rebuilt or verified since the engine started.' });
    return view(current);
  }

  @Delete('work')
  @HttpCode(202)
  @ApiOperation({ summary: 'Stop what is under way; a rebuild goes on from there when it is started again' })
  @ApiAcceptedResponse({ type: WorkView })
  @ApiProblems(404)
  stop(): WorkView {
    void this.work.stop();
    return this.current();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.work.stop();
  }

  private start(kind: WorkKind): WorkView {
    const work = this.work.start(kind);
    if (work === null)
      throw new Problem(409, {
        type: 'work-under-way',
        detail: 'Other work on the read models is under way: wait, or stop it.',
      });
    return view(work);
  }
}

const view = (work: Work): WorkView => ({ ...work, startedAt: formatInstant(work.startedAt) });
