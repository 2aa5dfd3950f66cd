import { Body, Controller, HttpCode, Post, UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBody, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Allow, ApiProblems } from '#platform/nest';
import { PublishPolicy, type PublishVerdict } from '../policies/publish-policy.js';
import { fieldsOf, invalid } from './body.js';
import { StoreProblems } from './store-problems.js';

export class PolicyForm {
  @ApiProperty({ type: Object, description: 'The whole policy: start from a built-in one' })
  readonly policy!: unknown;
  @ApiProperty({ required: false, format: 'date-time', description: 'An instant to come; at once without' })
  readonly effectiveFrom?: string;
}

export class PolicyPublishedView {
  @ApiProperty({ example: 'retail@2' })
  readonly version!: string;
  @ApiProperty({ nullable: true, type: String, format: 'date-time' })
  readonly effectiveFrom!: string | null;
  @ApiProperty({ description: 'Where the log holds it' })
  readonly position!: number;
  @ApiProperty({ description: 'False where this very policy was published before' })
  readonly changed!: boolean;
}

/** Where the business publishes its policy. */
@ApiTags('policy')
@Controller('policies')
@UseFilters(StoreProblems)
export class PoliciesController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(200)
  @Allow('operate')
  @ApiOperation({
    operationId: 'publishPolicy',
    summary: 'Publish a policy',
    description: 'Prospectively: what is past is not rewritten. The same again changes nothing.',
  })
  @ApiBody({ type: PolicyForm })
  @ApiOkResponse({ type: PolicyPublishedView })
  @ApiProblems(400, 415, 422, 503, 507)
  async publishPolicy(@Body() body?: unknown): Promise<PolicyPublishedView> {
    const { policy, effectiveFrom = null } = fieldsOf(body, ['policy', 'effectiveFrom']);
    if (effectiveFrom !== null && typeof effectiveFrom !== 'string')
      throw invalid([
        { pointer: '#/effectiveFrom', detail: 'is no date-time', hint: 'write it as 2026-01-31T00:00:00Z' },
      ]);
    const verdict = await this.commands.execute<PublishPolicy, PublishVerdict>(
      new PublishPolicy(policy, effectiveFrom),
    );
    if (!verdict.ok) throw invalid(verdict.errors, 'The policy cannot be published.');
    const { published, position, changed } = verdict;
    return { version: published.version, effectiveFrom: published.effectiveFrom, position, changed };
  }
}
