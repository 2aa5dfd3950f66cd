import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Post,
  Query,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  Describe,
  documentReader,
  Flag,
  formatInstant,
  issueUnder,
  Moment,
  Optional,
  OrNull,
  parseInstant,
  Part,
  PolicyForm,
} from '#contracts';
import { policyVersion, validatePolicy } from '#lifecycle';
import type { PolicyDraft } from '#projections';
import { actorOf, ACTS, CLOCK, type Acts, type Clock, type Principal } from '#platform';
import {
  Allow,
  ApiDocument,
  ApiProblems,
  CurrentPrincipal,
  DocumentPipe,
  Problem,
  Records,
  RecordsNothing,
  RecordsOperation,
} from '#platform/nest';
import { CurrentJob, JOB_KINDS, type Building, type Job, type JobKind } from './jobs.js';
import type { ContentChecker } from './contents.js';
import { CONTENT_CHECKER, OPERATIONS } from './operations.js';

/** The body of a dry run of a policy. */
class PolicyDraftRequest {
  @Part(() => PolicyForm) @Describe('The whole policy') readonly policy!: PolicyForm;
  @Optional()
  @OrNull(Moment())
  @Describe('From when it would be in force; null or absent: from the beginning where it restates, else now')
  readonly effectiveFrom?: string | null;
  @Optional() @Flag() @Describe('Whether it would count from before its publication') readonly restates?: boolean;
}
const POLICY_DRAFT_REQUEST = documentReader(PolicyDraftRequest);

export class JobView {
  @ApiProperty({ enum: JOB_KINDS })
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
      'of a rebuild or a rollback the version, position and digest; of a verification whether the digests are equal, and under `contents` which events of the log do not have the content that was recorded; of a dry run what would change; of a dry run of a policy which customers would move, and how many messages',
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
    @Inject(CONTENT_CHECKER) contents: ContentChecker,
    @Inject(CLOCK) clock: Clock,
    @Inject(ACTS) private readonly acts: Acts,
  ) {
    this.job = new CurrentJob(building, contents, () => clock.now());
  }

  @Post('rebuild')
  @Records('operation-started')
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
  async rebuild(@Query('dryRun') dryRun: unknown, @CurrentPrincipal() caller: Principal): Promise<JobView> {
    if (dryRun !== undefined && dryRun !== 'true' && dryRun !== 'false')
      throw new Problem(400, { detail: 'dryRun is true or false.' });
    return dryRun === 'true' ? this.start('dry-run') : this.startAct('rebuild', caller);
  }

  @Post('rollback')
  @Records('operation-started')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'rollBackReadModels',
    summary: 'Go back to the version of the read models that was live before',
    description:
      'It is brought up to date and becomes live; the version that was live is kept, so the same request switches back.',
  })
  @ApiAcceptedResponse({ type: JobView })
  @ApiProblems(409)
  async rollback(@CurrentPrincipal() caller: Principal): Promise<JobView> {
    const versions = await this.building.versions();
    if (!versions.some(({ status }) => status === 'old'))
      throw new Problem(409, { type: 'no-older-version', detail: 'There is no older version to go back to.' });
    return this.startAct('rollback', caller);
  }

  @Post('verify')
  @RecordsNothing('it compares, and changes nothing')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'verifyReadModels',
    summary: 'Check the content of every event of the log, build the read models a second time and compare the digests',
    description:
      'Changes nothing. The content of each event is hashed again and compared with the content hash that was recorded; events of erased persons cannot be ' +
      'checked, and are counted.',
  })
  @ApiAcceptedResponse({ type: JobView })
  @ApiProblems(409)
  verify(): JobView {
    return this.start('verify');
  }

  @Post('policy-dry-run')
  @RecordsNothing('it compares, and changes nothing')
  @Allow(['operate', 'policy'])
  @HttpCode(202)
  @ApiOperation({
    operationId: 'dryRunPolicy',
    summary: 'Show what publishing a policy would change',
    description:
      'Folds each customer once and writes nothing. The result says which customers would move, from which phase to which, and how many messages would be ' +
      'published. `POST /v1/policies` with `dryRun` checks the policy and resolves its date.',
  })
  @ApiDocument(POLICY_DRAFT_REQUEST)
  @ApiAcceptedResponse({ type: JobView })
  @ApiProblems(400, 409, 422)
  policyDryRun(
    @Body(new DocumentPipe(POLICY_DRAFT_REQUEST, 'The policy cannot be tried.'))
    { policy: document, effectiveFrom, restates = false }: PolicyDraftRequest,
  ): JobView {
    const verdict = validatePolicy(document);
    if (!verdict.ok)
      throw new Problem(422, {
        type: 'invalid',
        detail: 'The policy cannot be tried.',
        errors: verdict.errors.map((issue) => issueUnder('#/policy', issue)),
      });
    const { policy } = verdict;
    const from = effectiveFrom === undefined || effectiveFrom === null ? null : parseInstant(effectiveFrom);
    return this.start('policy-dry-run', { version: policyVersion(policy), policy, effectiveFrom: from, restates });
  }

  @Post('refold')
  @RecordsNothing('it waits for what follows from a policy in any case')
  @Allow(['operate', 'policy'])
  @HttpCode(202)
  @ApiOperation({
    operationId: 'awaitRefolding',
    summary: 'Follow how customers are folded again under a policy that was published',
    description:
      'They are folded in any case: the job ends when each of them is, and the days are counted in its zone.',
  })
  @ApiAcceptedResponse({ type: JobView })
  @ApiProblems(409)
  refold(): JobView {
    return this.start('refold');
  }

  @Get('jobs/current')
  @Allow(['operate', 'policy'])
  @ApiOperation({ operationId: 'getCurrentJob', summary: 'The running job, or the last one' })
  @ApiOkResponse({ type: JobView })
  @ApiProblems(404)
  current(): JobView {
    const { current } = this.job;
    if (current === null) throw new Problem(404, { detail: 'No job has run since the engine started.' });
    return view(current);
  }

  @Delete('jobs/current')
  @RecordsOperation('job-stopped')
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

  /** Starts what changes the live read models, and records who did. */
  private async startAct(kind: 'rebuild' | 'rollback', caller: Principal): Promise<JobView> {
    const job = this.start(kind);
    await this.acts.record({ name: 'operation-started', by: actorOf(caller), data: { operation: kind } });
    return job;
  }

  private start(kind: JobKind, draft: PolicyDraft | null = null): JobView {
    const job = this.job.start(kind, draft);
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
