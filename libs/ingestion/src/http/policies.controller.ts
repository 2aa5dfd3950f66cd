import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Allow, ApiDocument, ApiProblems, DocumentPipe, Problem } from '#platform/nest';
import { PublishPolicy, type PublishVerdict } from '../policies/publish-policy.js';
import { PUBLISH_POLICY_REQUEST, type PublishPolicyRequest } from './request-bodies.js';

export class PolicyPublishedView {
  @ApiProperty({ example: 'retail@2' })
  readonly version!: string;
  @ApiProperty({ nullable: true, type: String, format: 'date-time' })
  readonly effectiveFrom!: string | null;
  @ApiProperty({ description: 'Position in the log' })
  readonly position!: number;
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
  @HttpCode(200)
  @Allow('operate')
  @ApiOperation({
    operationId: 'publishPolicy',
    summary: 'Publish a policy',
    description: 'Prospectively: the past is not rewritten. The same policy again changes nothing.',
  })
  @ApiDocument(PUBLISH_POLICY_REQUEST)
  @ApiOkResponse({ type: PolicyPublishedView })
  @ApiProblems(400, 415, 422, 503, 507)
  async publishPolicy(
    @Body(new DocumentPipe(PUBLISH_POLICY_REQUEST, NOT_PUBLISHED))
    { policy, effectiveFrom = null }: PublishPolicyRequest,
  ): Promise<PolicyPublishedView> {
    const verdict = await this.commands.execute<PublishPolicy, PublishVerdict>(
      new PublishPolicy(policy, effectiveFrom),
    );
    if (!verdict.ok) throw new Problem(422, { type: 'invalid', detail: NOT_PUBLISHED, errors: verdict.errors });
    const { published, position, changed } = verdict;
    return { version: published.version, effectiveFrom: published.effectiveFrom, position, changed };
  }
}
