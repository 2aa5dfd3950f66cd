import { Body, Controller, HttpCode, Post, UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBody, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { TOUCHPOINT_GROUPS } from '#contracts';
import { Allow, ApiProblems } from '#platform/nest';
import { PublishPolicy, RegisterType } from '../publishing/commands.js';
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

export class TypeForm {
  @ApiProperty({ example: 'campsite-booked' })
  readonly name!: string;
  @ApiProperty({ example: 1, description: '1 for a new type; one more each time its schema changes' })
  readonly version!: number;
  @ApiProperty({ enum: ['customer', 'business', 'system'] })
  readonly origin!: string;
  @ApiProperty({ enum: TOUCHPOINT_GROUPS, description: 'What it tells us' })
  readonly group!: string;
  @ApiProperty({ type: Object, description: 'JSON Schema of its data; personal fields say "x-personal": true' })
  readonly schema!: unknown;
  @ApiProperty({ required: false })
  readonly description?: string;
}

export class TypeRegisteredView {
  @ApiProperty({ example: 'campsite-booked' })
  readonly name!: string;
  @ApiProperty({ example: 1 })
  readonly version!: number;
  @ApiProperty({ nullable: true, type: Number, description: 'Where the log holds it; null where it was known before' })
  readonly position!: number | null;
}

/** What the business says of itself: its policy, and touchpoint types of its own. */
@ApiTags('policy')
@Controller()
@UseFilters(StoreProblems)
export class PublishingController {
  constructor(private readonly commands: CommandBus) {}

  @Post('policies')
  @HttpCode(200)
  @Allow('operate')
  @ApiOperation({
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
    const verdict = await this.commands.execute(new PublishPolicy(policy, effectiveFrom));
    if (!verdict.ok) throw invalid(verdict.errors, 'The policy cannot be published.');
    const { published, position, changed } = verdict;
    return { version: published.version, effectiveFrom: published.effectiveFrom, position, changed };
  }

  @Post('types')
  @HttpCode(200)
  @Allow('operate')
  @ApiOperation({
    summary: 'Register a touchpoint type of your own, by its JSON Schema',
    description: 'From then on its events are taken. Those that were quarantined before can be released.',
  })
  @ApiBody({ type: TypeForm })
  @ApiOkResponse({ type: TypeRegisteredView })
  @ApiProblems(400, 415, 422, 503, 507)
  async registerType(@Body() body?: unknown): Promise<TypeRegisteredView> {
    const verdict = await this.commands.execute(new RegisterType(body));
    if (!verdict.ok) throw invalid(verdict.errors, 'The type cannot be registered.');
    const { definition, position } = verdict;
    return { name: definition.name, version: definition.version, position };
  }
}
