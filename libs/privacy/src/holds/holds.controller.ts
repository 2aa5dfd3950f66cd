import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiQuery, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '#platform';
import { Act, Allow, ApiDocument, ApiProblems, CurrentPrincipal, DocumentPipe, Problem, Records } from '#platform/nest';
import { personOf } from '../erasure/erasure-request.js';
import { personProblem } from '../erasure/person-problem.js';
import { HOLD_LIFT_REQUEST, HOLD_REQUEST, type HoldLiftRequest, type HoldRequest } from './hold-request.js';
import { HoldKeeper } from './hold-keeper.js';
import { HoldRegister } from './hold-register.js';
import { holdView, type ShownHold } from './hold-view.js';
import { LiftHold, ManageHolds, PlaceHold } from './manage-holds.js';

export class HoldView implements ShownHold {
  @ApiProperty({ example: '9f86d081884c7d659a2feaa0c55ad015' })
  readonly holdId!: string;
  @ApiProperty({ example: '2026-117', description: 'The reference of the case' })
  readonly case!: string;
  @ApiProperty({ enum: ['active', 'lifted'] })
  readonly status!: 'active' | 'lifted';
  @ApiProperty({ nullable: true, type: String, description: 'The customer, where they were known when the hold began' })
  readonly customerId!: string | null;
  @ApiProperty({ description: 'Subjects whose data are kept; those that are linked to them later are kept too' })
  readonly subjects!: number;
  @ApiProperty({ format: 'date-time' })
  readonly placedAt!: string;
  @ApiProperty({ example: 'key:5f0c3a9b1d2e' })
  readonly placedBy!: string;
  @ApiProperty({ nullable: true, type: String, format: 'date-time' })
  readonly liftedAt!: string | null;
  @ApiProperty({ nullable: true, type: String })
  readonly liftedBy!: string | null;
  @ApiProperty({ description: 'Erasures that were requested meanwhile and wait for the end of the hold' })
  readonly waitingErasures!: number;
}

export class PlacedHoldView extends HoldView {
  @ApiProperty({ description: 'Subjects of the person that were erased before: their data cannot be kept any more' })
  readonly subjectsErased!: number;
}

export class LiftedHoldView extends HoldView {
  @ApiProperty({ description: 'Erasures that waited for this hold and were executed now' })
  readonly erasuresDone!: number;
  @ApiProperty({ description: 'Erasures that wait on: for another hold, or for the read models to catch up' })
  readonly erasuresWaiting!: number;
}

export class HoldsView {
  @ApiProperty({ type: [HoldView], description: 'In the order in which they were placed' })
  readonly holds!: readonly HoldView[];
}

const STATUSES = ['active', 'lifted', 'all'] as const;

/** Where the data of a person are kept for a case. */
@ApiTags('privacy')
@Controller('holds')
export class HoldsController {
  constructor(
    @Inject(ManageHolds) private readonly manage: ManageHolds,
    @Inject(HoldRegister) private readonly register: HoldRegister,
    @Inject(HoldKeeper) private readonly keeper: HoldKeeper,
  ) {}

  @Post()
  @Records('hold-placed')
  @HttpCode(200)
  @Allow('hold')
  @ApiOperation({
    operationId: 'placeHold',
    summary: 'Place a legal hold on a person',
    description:
      'Until it is lifted no erasure destroys anything of the person. It holds all their identifiers, and those that are linked to them later. The same case and person again is the same hold.',
  })
  @ApiDocument(HOLD_REQUEST)
  @ApiOkResponse({ type: PlacedHoldView })
  @ApiProblems(400, 404, 409, 415, 422, 503, 507)
  async place(
    @CurrentPrincipal() caller: Principal,
    @Body(new DocumentPipe(HOLD_REQUEST, 'No hold was placed.')) request: HoldRequest,
  ): Promise<PlacedHoldView> {
    const command = new PlaceHold(personOf(request), request.case, request.reason ?? null, actorOf(caller));
    const verdict = await this.manage.place(command);
    switch (verdict.outcome) {
      case 'placed':
        return { ...holdView(verdict.hold, this.register), subjectsErased: verdict.erased };
      case 'erased':
        throw new Problem(409, { type: 'erased', detail: 'This person was erased: nothing is left to be kept.' });
      default:
        throw personProblem(verdict, 'place a hold on each one by itself');
    }
  }

  @Get()
  @Allow('hold')
  @ApiOperation({ operationId: 'listHolds', summary: 'List legal holds' })
  @ApiQuery({ name: 'status', required: false, enum: STATUSES, description: 'active by default' })
  @ApiOkResponse({ type: HoldsView })
  @ApiProblems(400, 503)
  async list(@Query('status') status: unknown = 'active'): Promise<HoldsView> {
    if (!STATUSES.some((known) => known === status))
      throw new Problem(400, {
        detail: 'The status is not known.',
        errors: [
          {
            pointer: '#/status',
            detail: `must be one of ${STATUSES.join(', ')}`,
            hint: 'leave it out for active holds',
          },
        ],
      });
    await this.register.load();
    const holds = [...this.register.holds.values()].map((hold) => holdView(hold, this.register));
    return { holds: holds.filter((hold) => status === 'all' || hold.status === status) };
  }

  @Post(':id/lift')
  @Records('hold-lifted')
  @Act('hold-lift')
  @HttpCode(200)
  @Allow('hold')
  @ApiOperation({
    operationId: 'liftHold',
    summary: 'Lift a legal hold',
    description:
      'Erasures of the person that were requested meanwhile are executed, unless another hold keeps the person. Twice is the same as once.',
  })
  @ApiParam({ name: 'id', description: 'The id of the hold' })
  @ApiDocument(HOLD_LIFT_REQUEST)
  @ApiOkResponse({ type: LiftedHoldView })
  @ApiProblems(400, 404, 415, 422, 503, 507)
  async lift(
    @CurrentPrincipal() caller: Principal,
    @Param('id') id: string,
    @Body(new DocumentPipe(HOLD_LIFT_REQUEST, 'The hold was not lifted.')) request: HoldLiftRequest,
  ): Promise<LiftedHoldView> {
    const verdict = await this.manage.lift(new LiftHold(id, request.reason ?? null, caller));
    if (verdict.outcome === 'unknown') throw new Problem(404, { detail: 'No legal hold has this id.' });
    const { done: erasuresDone, waiting: erasuresWaiting } = await this.keeper.executeWaiting();
    return { ...holdView(verdict.hold, this.register), erasuresDone, erasuresWaiting };
  }
}
