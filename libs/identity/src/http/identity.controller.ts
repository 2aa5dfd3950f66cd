import { applyDecorators, Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '#platform';
import { Allow, ApiDocument, ApiProblems, CurrentPrincipal, Records, RecordsNothing } from '#platform/nest';
import { DecideCustomers, type DecisionRequest } from '../deciding/decide-customers.js';
import { KEEP_APART_REQUEST, LIFT_REQUEST, MERGE_REQUEST, UNMERGE_REQUEST } from '../deciding/decision-documents.js';
import type { DecisionPreview } from '../preview/preview.js';
import { decisionProblem } from './decision-problem.js';
import { DecidedView, DecisionPreviewView } from './decision-views.js';

type ApiBody = Parameters<typeof ApiDocument>[0];

const ID = ApiParam({ name: 'id', description: 'The decisionId', schema: { type: 'string' } });

const previews = (operationId: string, what: string, body: ApiBody): MethodDecorator =>
  applyDecorators(
    RecordsNothing('a preview writes nothing'),
    HttpCode(200),
    Allow('decide'),
    ApiOperation({
      operationId,
      summary: `Preview ${what}`,
      description:
        'Who they are, how many events they have, and what stage, orders and revenue would become; which links would be rejected. Nothing is written. A reason is not needed.',
    }),
    ApiDocument(body),
    ApiOkResponse({ type: DecisionPreviewView }),
    ApiProblems(400, 404, 409, 415, 422, 503),
  );

const decides = (operationId: string, summary: string, description: string, body: ApiBody): MethodDecorator =>
  applyDecorators(
    HttpCode(200),
    Allow('decide'),
    ApiOperation({ operationId, summary, description }),
    ApiDocument(body),
    ApiOkResponse({ type: DecidedView }),
    ApiProblems(400, 404, 409, 415, 422, 503, 507),
  );

/** Decisions about who is who. Their list is the query `identity-decisions`. */
@ApiTags('identity')
@Controller('identity')
export class IdentityController {
  constructor(@Inject(DecideCustomers) private readonly customers: DecideCustomers) {}

  @Post('merges')
  @Records('customers-merged')
  @decides(
    'mergeCustomers',
    'Merge two customers',
    'They are one customer from now on, by the id of the one that is lower in the log; the other id keeps working. No touchpoint changes: the merge can be undone.',
    MERGE_REQUEST,
  )
  merge(@CurrentPrincipal() caller: Principal, @Body() document: unknown): Promise<DecidedView> {
    return this.decide({ kind: 'merge', document }, caller);
  }

  @Post('merges/preview')
  @previews('previewMerge', 'a merge', MERGE_REQUEST)
  previewMerge(@Body() document: unknown): Promise<DecisionPreview> {
    return this.preview({ kind: 'merge', document });
  }

  @Post('unmerges')
  @Records('customers-unmerged')
  @decides(
    'unmergeCustomers',
    'Undo a merge, or part identifiers from a customer',
    'Links that cross are revoked, and the two sides are kept apart until that is lifted. Each touchpoint belongs to the side whose identifier it came with.',
    UNMERGE_REQUEST,
  )
  unmerge(@CurrentPrincipal() caller: Principal, @Body() document: unknown): Promise<DecidedView> {
    return this.decide({ kind: 'unmerge', document }, caller);
  }

  @Post('unmerges/preview')
  @previews('previewUnmerge', 'an unmerge', UNMERGE_REQUEST)
  previewUnmerge(@Body() document: unknown): Promise<DecisionPreview> {
    return this.preview({ kind: 'unmerge', document });
  }

  @Post('keep-aparts')
  @Records('customers-kept-apart')
  @decides(
    'keepCustomersApart',
    'Keep two customers apart',
    'They are different people: no link joins them until that is lifted.',
    KEEP_APART_REQUEST,
  )
  keepApart(@CurrentPrincipal() caller: Principal, @Body() document: unknown): Promise<DecidedView> {
    return this.decide({ kind: 'keep-apart', document }, caller);
  }

  @Post('keep-aparts/preview')
  @previews('previewKeepApart', 'a keep-apart', KEEP_APART_REQUEST)
  previewKeepApart(@Body() document: unknown): Promise<DecisionPreview> {
    return this.preview({ kind: 'keep-apart', document });
  }

  @Post('decisions/:id/lift')
  @Records('keep-apart-lifted')
  @ID
  @decides(
    'liftKeepApart',
    'Lift what keeps two sides apart',
    'Of a keep-apart or an unmerge. Links that an unmerge revoked stay revoked; those that came since may join the sides. Twice is the same as once.',
    LIFT_REQUEST,
  )
  lift(
    @CurrentPrincipal() caller: Principal,
    @Param('id') decisionId: string,
    @Body() document: unknown,
  ): Promise<DecidedView> {
    return this.decide({ kind: 'lift', decisionId, document }, caller);
  }

  @Post('decisions/:id/lift/preview')
  @ID
  @previews('previewLift', 'the lifting of what keeps two sides apart', LIFT_REQUEST)
  previewLift(@Param('id') decisionId: string, @Body() document: unknown): Promise<DecisionPreview> {
    return this.preview({ kind: 'lift', decisionId, document });
  }

  private async decide({ document, ...request }: DecisionRequest, caller: Principal): Promise<DecidedView> {
    const verdict = await this.customers.decide({ ...request, document: document ?? {} }, actorOf(caller));
    if (verdict.outcome !== 'decided') throw decisionProblem(verdict, 'Nothing was decided.');
    const { decision, changed, preview } = verdict;
    return { decision, changed, preview };
  }

  private async preview({ document, ...request }: DecisionRequest): Promise<DecisionPreview> {
    const verdict = await this.customers.preview({ ...request, document: document ?? {} });
    if (verdict.outcome !== 'previewed') throw decisionProblem(verdict, 'Nothing can be previewed.');
    return verdict.preview;
  }
}
