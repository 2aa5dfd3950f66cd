import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#platform';
import { Act, Allow, ApiDocument, ApiProblems, CurrentPrincipal, DocumentPipe, Problem, Records } from '#platform/nest';
import { PublishPolicy, type PublishVerdict } from '../policies/publish-policy.js';
import { PUBLISH_POLICY_REQUEST, type PublishPolicyRequest } from './request-bodies.js';

export class PolicyPublishedView {
  @ApiProperty({ example: 'retail@2' })
  readonly version!: string;
  @ApiProperty({ nullable: true, type: String, format: 'date-time' })
  readonly effectiveFrom!: string | null;
  @ApiProperty({ description: 'Whether it counts from a date before its publication' })
  readonly restates!: boolean;
  @ApiProperty({ nullable: true, type: String, description: 'Why the past is restated' })
  readonly reason!: string | null;
  @ApiProperty({ nullable: true, type: Number, description: 'Position in the log; null in a dry run' })
  readonly position!: number | null;
  @ApiProperty({ description: 'False where the same policy was published before' })
  readonly changed!: boolean;
}

const NOT_PUBLISHED = 'The policy cannot be published.';

/** Where the business publishes its policy. */
@ApiTags('policy')
@Controller('policies')
export class PoliciesController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @Records('policy-published')
  @HttpCode(200)
  @Allow('policy')
  @Act('policy-publish')
  @ApiOperation({
    operationId: 'publishPolicy',
    summary: 'Publish a policy',
    description:
      'The first policy is in force from the beginning of time, and so is any that is published before the first touchpoint. A later one is in force from now or from a date to come: the past is not rewritten, unless `restate` is set. The same policy again changes nothing.',
  })
  @ApiDocument(PUBLISH_POLICY_REQUEST)
  @ApiOkResponse({ type: PolicyPublishedView })
  @ApiProblems(400, 415, 422, 503, 507)
  async publishPolicy(
    @Body(new DocumentPipe(PUBLISH_POLICY_REQUEST, NOT_PUBLISHED))
    { policy, ...options }: PublishPolicyRequest,
    @CurrentPrincipal() caller: Principal,
  ): Promise<PolicyPublishedView> {
    const verdict = await this.commands.execute<PublishPolicy, PublishVerdict>(
      new PublishPolicy(policy, options, caller),
    );
    if (!verdict.ok) throw new Problem(422, { type: 'invalid', detail: NOT_PUBLISHED, errors: verdict.errors });
    const { published, position, changed } = verdict;
    const { version, effectiveFrom, restates, reason } = published;
    return { version, effectiveFrom, restates, reason, position, changed };
  }
}
