import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiQuery, ApiTags } from '@nestjs/swagger';
import { RESTRICTION_GROUNDS, type RestrictionGround } from '#contracts';
import { actorOf, type Principal } from '#platform';
import { Allow, ApiDocument, ApiProblems, CurrentPrincipal, DocumentPipe, Problem, Records } from '#platform/nest';
import { personOf } from '../erasure/erasure-request.js';
import { personProblem } from '../erasure/person-problem.js';
import { ManageRestrictions } from './manage-restrictions.js';
import { RestrictionRegister } from './restriction-register.js';
import {
  RESTRICTION_REQUEST,
  RESTRICTION_STATUSES,
  restrictionView,
  selectRestrictions,
  type RestrictionRequest,
  type RestrictionSelection,
  type ShownRestriction,
} from './restriction-request.js';

export class RestrictionView implements ShownRestriction {
  @ApiProperty({ example: '9f86d081884c7d659a2feaa0c55ad015' })
  readonly restrictionId!: string;
  @ApiProperty({ enum: RESTRICTION_GROUNDS, description: 'Why: the cases of GDPR art. 18(1)' })
  readonly ground!: RestrictionGround;
  @ApiProperty({ enum: ['active', 'lifted'] })
  readonly status!: 'active' | 'lifted';
  @ApiProperty({ nullable: true, type: String, description: 'The customer, where they were known when it began' })
  readonly customerId!: string | null;
  @ApiProperty({ description: 'Subjects that it names; those that are linked to them later are restricted too' })
  readonly subjects!: number;
  @ApiProperty({ nullable: true, type: String, description: 'The request of the data subject that it answers' })
  readonly requestId!: string | null;
  @ApiProperty({ format: 'date-time' })
  readonly placedAt!: string;
  @ApiProperty({ example: 'key:5f0c3a9b1d2e' })
  readonly placedBy!: string;
  @ApiProperty({ nullable: true, type: String, format: 'date-time' })
  readonly liftedAt!: string | null;
  @ApiProperty({ nullable: true, type: String })
  readonly liftedBy!: string | null;
}

export class RestrictionsView {
  @ApiProperty({ type: [RestrictionView], description: 'In the order in which they were placed' })
  readonly restrictions!: readonly RestrictionView[];
}

/** Whose data are kept and used for little else (GDPR art. 18). */
@ApiTags('privacy')
@Controller('restrictions')
export class RestrictionsController {
  constructor(
    @Inject(ManageRestrictions) private readonly manage: ManageRestrictions,
    @Inject(RestrictionRegister) private readonly register: RestrictionRegister,
  ) {}

  @Post()
  @Records('restriction-placed')
  @HttpCode(200)
  @Allow('erase')
  @ApiOperation({
    operationId: 'placeRestriction',
    summary: 'Restrict the processing of a person’s data',
    description:
      'Until it is lifted, personal data of the person open for the purposes legal and subject-request alone, actions to the person are held back, and selections by consent leave the person out. Figures count the person as before. The same person and ground again is the same restriction.',
  })
  @ApiDocument(RESTRICTION_REQUEST)
  @ApiOkResponse({ type: RestrictionView })
  @ApiProblems(400, 404, 409, 415, 422, 503, 507)
  async place(
    @CurrentPrincipal() caller: Principal,
    @Body(new DocumentPipe(RESTRICTION_REQUEST, 'Nothing was restricted.')) request: RestrictionRequest,
  ): Promise<RestrictionView> {
    const { ground, request: requestId = null } = request;
    const verdict = await this.manage.place({ person: personOf(request), ground, requestId, by: actorOf(caller) });
    switch (verdict.outcome) {
      case 'placed':
        return restrictionView(verdict.restriction);
      case 'erased':
        throw new Problem(409, { type: 'erased', detail: 'This person was erased: nothing is left to be restricted.' });
      default:
        throw personProblem(verdict, 'restrict each one by itself');
    }
  }

  @Get()
  @Allow('erase')
  @ApiOperation({ operationId: 'listRestrictions', summary: 'List restrictions of processing' })
  @ApiQuery({ name: 'status', required: false, enum: RESTRICTION_STATUSES, description: 'active by default' })
  @ApiOkResponse({ type: RestrictionsView })
  @ApiProblems(400, 503)
  async list(@Query('status') status: unknown = 'active'): Promise<RestrictionsView> {
    if (!RESTRICTION_STATUSES.some((known) => known === status))
      throw new Problem(400, {
        detail: 'The status is not known.',
        errors: [
          {
            pointer: '#/status',
            detail: `must be one of ${RESTRICTION_STATUSES.join(', ')}`,
            hint: 'leave it out for active restrictions',
          },
        ],
      });
    const all = await this.register.load();
    return { restrictions: selectRestrictions(all.values(), status as RestrictionSelection) };
  }

  @Post(':id/lift')
  @Records('restriction-lifted')
  @HttpCode(200)
  @Allow('erase')
  @ApiOperation({
    operationId: 'liftRestriction',
    summary: 'Lift a restriction of processing',
    description: 'Inform the person before (GDPR art. 18(3)). Twice is the same as once.',
  })
  @ApiParam({ name: 'id', description: 'The id of the restriction' })
  @ApiOkResponse({ type: RestrictionView })
  @ApiProblems(404, 503, 507)
  async lift(@CurrentPrincipal() caller: Principal, @Param('id') id: string): Promise<RestrictionView> {
    const lifted = await this.manage.lift(id, actorOf(caller));
    if (lifted === null) throw new Problem(404, { detail: 'No restriction has this id.' });
    return restrictionView(lifted);
  }
}
