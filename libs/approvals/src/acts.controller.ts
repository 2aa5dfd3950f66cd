import { Body, Controller, Get, HttpCode, Inject, Optional as IfProvided, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Describe, documentReader, Matching, Optional } from '#contracts';
import { CLOCK, OPENINGS, type Clock, type OpeningRequest, type Openings, type Principal } from '#platform';
import {
  Allow,
  ApiDocument,
  ApiProblems,
  CurrentPrincipal,
  DocumentPipe,
  Opens,
  Problem,
  Records,
  StatedOpening,
} from '#platform/nest';
import { ACT_STATES, stateOf, type ActState } from './act-on-record.js';
import { actView } from './act-view.js';
import { ActListView, ActView, OneActView } from './act-views.js';
import { ApprovalError } from './approval-error.js';
import { reasonShown } from './reason-shown.js';
import { RecordedApprovals } from './recorded-approvals.js';

const ID = { name: 'id', example: '0f8b6c1e5d3a4b7c9e2f1a0b3c4d5e6f' };
/** The newest so many are listed. */
const LISTED_MAX = 1_000;

/** Why an act is declined. */
class DeclineRequest {
  @Optional()
  @Matching('\\S', 500, 'text of 1 to 500 characters, not only blanks')
  @Describe('Why it is declined')
  readonly reason?: string;
}
const DECLINE_REQUEST = documentReader(DeclineRequest);
/** What is approved. */
class ApproveRequest {
  @Optional()
  @Matching('^[0-9a-f]{64}$', 64, '64 hex characters')
  @Describe('The digest that the approver has seen: an act with another one is not approved')
  readonly digest?: string;
}
const APPROVE_REQUEST = documentReader(ApproveRequest);

/** Acts that need two principals: one requests, another approves. */
@ApiTags('access')
@Controller('acts')
@Allow(['approve', 'audit'], { scope: 'brand' })
export class ActsController {
  constructor(
    @Inject(RecordedApprovals) private readonly approvals: RecordedApprovals,
    @Inject(CLOCK) private readonly clock: Clock,
    // A process that opens no personal data has none: it shows no reason that concerns a person.
    @Inject(OPENINGS) @IfProvided() private readonly openings: Openings | null,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listActs', summary: 'Acts that need two principals, the newest first' })
  @ApiQuery({ name: 'state', required: false, enum: ACT_STATES })
  @ApiOkResponse({ type: ActListView })
  @ApiProblems(400)
  async list(@Query('state') state: unknown): Promise<ActListView> {
    if (state !== undefined && !ACT_STATES.includes(state as ActState))
      throw new Problem(400, {
        detail: `\`state\` must be one of ${ACT_STATES.join(', ')} (got ${JSON.stringify(state)}).`,
      });
    const now = this.clock.now();
    const acts = (await this.approvals.list()).filter((act) => state === undefined || stateOf(act, now) === state);
    return { acts: acts.slice(0, LISTED_MAX).map((act) => actView(act, now)) };
  }

  @Get(':id')
  @Opens()
  @ApiOperation({
    operationId: 'getAct',
    summary: 'One act that needs two principals',
    description: 'Why it was declined is shown for a purpose that is granted where the act concerns a person.',
  })
  @ApiParam(ID)
  @ApiOkResponse({ type: OneActView })
  @ApiProblems(404)
  async find(@Param('id') id: string, @StatedOpening() opening: OpeningRequest): Promise<OneActView> {
    const act = await this.approvals.find(id);
    if (act === null) throw new Problem(404, { detail: 'No act has this id.' });
    return {
      ...actView(act, this.clock.now()),
      ...(await reasonShown(act, opening, { approvals: this.approvals, openings: this.openings })),
    };
  }

  @Post(':id/approve')
  @Records('act-approved', 'act-performed', 'act-failed')
  @Allow('approve')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'approveAct',
    summary: 'Approve what another principal requested: the engine does it, once',
    description:
      'Neither the principal that requested it may approve it, nor another key of the same person: one that replaces its key, or that it made alone.',
  })
  @ApiParam(ID)
  @ApiDocument(APPROVE_REQUEST)
  @ApiOkResponse({ type: ActView })
  @ApiProblems(400, 404, 409, 415, 422)
  async approve(
    @Param('id') id: string,
    @Body(new DocumentPipe(APPROVE_REQUEST, 'Nothing was approved.')) { digest }: ApproveRequest,
    @CurrentPrincipal() caller: Principal,
  ): Promise<ActView> {
    return actView(await this.approvals.approve(id, caller, digest).catch(asProblem), this.clock.now());
  }

  @Post(':id/decline')
  @Records('act-declined')
  @Allow('approve')
  @HttpCode(200)
  @ApiOperation({ operationId: 'declineAct', summary: 'Decline what was requested: it is never done' })
  @ApiParam(ID)
  @ApiDocument(DECLINE_REQUEST)
  @ApiOkResponse({ type: ActView })
  @ApiProblems(400, 404, 409, 415, 422)
  async decline(
    @Param('id') id: string,
    @Body(new DocumentPipe(DECLINE_REQUEST, 'Nothing was declined.')) { reason = null }: { reason?: string | null },
    @CurrentPrincipal() caller: Principal,
  ): Promise<ActView> {
    return actView(await this.approvals.decline(id, reason, caller).catch(asProblem), this.clock.now());
  }
}

const STATUS: Readonly<Record<ApprovalError['code'], number>> = {
  'unknown-act': 404,
  decided: 409,
  lapsed: 409,
  'other-digest': 409,
  'same-person': 403,
  local: 403,
  'requester-locked-out': 409,
};

function asProblem(error: unknown): never {
  if (!(error instanceof ApprovalError)) throw error;
  const { code, message } = error;
  throw new Problem(STATUS[code], { ...(code === 'unknown-act' ? {} : { type: code }), detail: message });
}
