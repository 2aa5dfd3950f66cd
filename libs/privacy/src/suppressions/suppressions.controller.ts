import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiTags } from '@nestjs/swagger';
import { MEDIA, SUPPRESSION_REASONS, type SuppressionReason } from '#contracts';
import { actorOf, type Principal } from '#platform';
import { Allow, ApiDocument, ApiProblems, CurrentPrincipal, DocumentPipe, Problem, Records } from '#platform/nest';
import { ManageSuppressions } from './manage-suppressions.js';
import {
  newSuppression,
  SUPPRESSIONS_REQUEST,
  suppressionView,
  type ShownSuppression,
  type SuppressionsRequest,
} from './suppression-request.js';

export class SuppressionView implements ShownSuppression {
  @ApiProperty({ example: '9f86d081884c7d659a2feaa0c55ad015' })
  readonly suppressionId!: string;
  @ApiProperty({ description: 'The keyed hash of the identifier' })
  readonly subjectId!: string;
  @ApiProperty({ example: 'email' })
  readonly namespace!: string;
  @ApiProperty({ enum: SUPPRESSION_REASONS })
  readonly reason!: SuppressionReason;
  @ApiProperty({ enum: MEDIA, nullable: true, description: 'The only medium for which it holds; null: every medium' })
  readonly medium!: string | null;
  @ApiProperty({ nullable: true, type: String, format: 'date-time' })
  readonly expiresAt!: string | null;
  @ApiProperty({ enum: ['active', 'lifted'] })
  readonly status!: 'active' | 'lifted';
  @ApiProperty({ format: 'date-time' })
  readonly addedAt!: string;
  @ApiProperty({ example: 'key:5f0c3a9b1d2e' })
  readonly addedBy!: string;
}

export class SuppressionsView {
  @ApiProperty({ type: [SuppressionView], description: 'In the order of the request' })
  readonly suppressions!: readonly SuppressionView[];
}

/** The suppression list: identifiers to whose persons no action is proposed. The query `suppressions` lists and exports it. */
@ApiTags('privacy')
@Controller('suppressions')
export class SuppressionsController {
  constructor(@Inject(ManageSuppressions) private readonly manage: ManageSuppressions) {}

  @Post()
  @Records('suppression-added')
  @HttpCode(200)
  @Allow(['erase', 'decide'])
  @ApiOperation({
    operationId: 'addSuppressions',
    summary: 'Put identifiers on the suppression list',
    description:
      'No action is proposed to the persons that they name, also where these are not known yet, and what stands proposed is withdrawn. It outlives an erasure, as a hash. What is on the list already stays there. All or none: an entry that is not valid rejects the request.',
  })
  @ApiDocument(SUPPRESSIONS_REQUEST)
  @ApiOkResponse({ type: SuppressionsView })
  @ApiProblems(400, 413, 415, 422, 503, 507)
  async add(
    @CurrentPrincipal() caller: Principal,
    @Body(new DocumentPipe(SUPPRESSIONS_REQUEST, 'Nothing was suppressed.')) request: SuppressionsRequest,
  ): Promise<SuppressionsView> {
    const added = await this.manage.add(request.suppressions.map(newSuppression), actorOf(caller));
    return { suppressions: added.map(suppressionView) };
  }

  @Post(':id/lift')
  @Records('suppression-lifted')
  @HttpCode(200)
  @Allow(['erase', 'decide'])
  @ApiOperation({
    operationId: 'liftSuppression',
    summary: 'Take an identifier off the suppression list',
    description: 'What is still called for is proposed then. Twice is the same as once.',
  })
  @ApiParam({ name: 'id', description: 'The id of the suppression' })
  @ApiOkResponse({ type: SuppressionView })
  @ApiProblems(404, 503, 507)
  async lift(@CurrentPrincipal() caller: Principal, @Param('id') id: string): Promise<SuppressionView> {
    const lifted = await this.manage.lift(id, actorOf(caller));
    if (lifted === null) throw new Problem(404, { detail: 'No suppression has this id.' });
    return suppressionView(lifted);
  }
}
