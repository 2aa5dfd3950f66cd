import { Controller, Delete, Get, HttpCode, Inject, Post, Query, type BeforeApplicationShutdown } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiQuery, ApiTags } from '@nestjs/swagger';
import { formatInstant } from '#contracts';
import { CLOCK, type Clock } from '#platform';
import { Allow, ApiProblems, Problem } from '#platform/nest';
import { CurrentJob, type Building, type Job, type JobKind } from './jobs.js';
import { OPERATIONS } from './operations.js';

export class JobView {
  @ApiProperty({ enum: ['rebuild', 'dry-run', 'verify', 'rollback'] })
  readonly kind!: JobKind;
  @ApiProperty({ enum: ['running', 'done', 'failed'] })
  readonly state!: Job['state'];
  @ApiProperty({ format: 'date-time' })
  readonly startedAt!: string;
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, description: 'phase, done, total, rate' })
  readonly progress!: Job['progress'];
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description:
      'of a rebuild or a rollback the version, position and digest; of a verification whether the digests are equal; of a dry run what would change',
  })
  readonly result!: Job['result'];
  @ApiProperty({ type: String, nullable: true })
  readonly failure!: string | null;
}

/** Rebuilding and verifying the read models: a request starts the job, others read its progress. */
@ApiTags('operations')
@Controller('projections')
@Allow('operate')
export class JobsController implements BeforeApplicationShutdown {
  private readonly job: CurrentJob;

  constructor(
    @Inject(OPERATIONS) private readonly building: Building,
    @Inject(CLOCK) clock: Clock,
  ) {
    this.job = new CurrentJob(building, () => clock.now());
  }

  @Post('rebuild')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'rebuildReadModels',
    summary: 'Build the read models again from the log, and switch to them',
    description:
      'GET /v1/projections/jobs/current shows its progress. Until it is done, every answer comes from the live version. ' +
      'With dryRun the result says what would change; nothing is switched and the copy is dropped.',
  })
  @ApiQuery({ name: 'dryRun', required: false, schema: { type: 'boolean' } })
  @ApiAcceptedResponse({ type: JobView })
  @ApiProblems(400, 409)
  rebuild(@Query('dryRun') dryRun: unknown): JobView {
    if (dryRun !== undefined && dryRun !== 'true' && dryRun !== 'false')
      throw new Problem(400, { detail: 'dryRun is true or false.' });
    return this.start(dryRun === 'true' ? 'dry-run' : 'rebuild');
  }

  @Post('rollback')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'rollBackReadModels',
    summary: 'Go back to the version of the read models that was live before',
    description:
      'It is brought up to date and becomes live; the version that was live is kept, so the same request switches back.',
  })
  @ApiAcceptedResponse({ type: JobView })
  @ApiProblems(409)
  async rollback(): Promise<JobView> {
    const versions = await this.building.versions();
    if (!versions.some(({ status }) => status === 'old'))
      throw new Problem(409, { type: 'no-older-version', detail: 'There is no older version to go back to.' });
    return this.start('rollback');
  }

  @Post('verify')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'verifyReadModels',
    summary: 'Build the read models a second time and compare the digests',
    description: 'Changes nothing.',
  })
  @ApiAcceptedResponse({ type: JobView })
  @ApiProblems(409)
  verify(): JobView {
    return this.start('verify');
  }

  @Get('jobs/current')
  @ApiOperation({ operationId: 'getCurrentJob', summary: 'The running job, or the last one' })
  @ApiOkResponse({ type: JobView })
  @ApiProblems(404)
  current(): JobView {
    const { current } = this.job;
    if (current === null) throw new Problem(404, { detail: 'No job has run since the engine started.' });
    return view(current);
  }

  @Delete('jobs/current')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'stopCurrentJob',
    summary: 'Stop the running job; a rebuild continues from there when it is started again',
  })
  @ApiAcceptedResponse({ type: JobView })
  @ApiProblems(404)
  stop(): JobView {
    void this.job.stop();
    return this.current();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.job.stop();
  }

  private start(kind: JobKind): JobView {
    const job = this.job.start(kind);
    if (job === null)
      throw new Problem(409, {
        type: 'job-running',
        detail:
          'Another job on the read models is running: wait for its end, or stop it with DELETE /v1/projections/jobs/current.',
      });
    return view(job);
  }
}

const view = (job: Job): JobView => ({ ...job, startedAt: formatInstant(job.startedAt) });
