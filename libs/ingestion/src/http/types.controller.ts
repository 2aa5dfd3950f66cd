import { Body, Controller, HttpCode, Post, UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBody, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { TOUCHPOINT_GROUPS } from '#contracts';
import { Allow, ApiProblems } from '#platform/nest';
import { RegisterType, type RegisterVerdict } from '../types/register-type.js';
import { invalid } from './body.js';
import { StoreProblems } from './store-problems.js';

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

/** Where the business registers touchpoint types of its own. */
@ApiTags('policy')
@Controller('types')
@UseFilters(StoreProblems)
export class TypesController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(200)
  @Allow('operate')
  @ApiOperation({
    operationId: 'registerType',
    summary: 'Register a touchpoint type of your own, by its JSON Schema',
    description: 'From then on its events are taken. Those that were quarantined before can be released.',
  })
  @ApiBody({ type: TypeForm })
  @ApiOkResponse({ type: TypeRegisteredView })
  @ApiProblems(400, 415, 422, 503, 507)
  async registerType(@Body() body?: unknown): Promise<TypeRegisteredView> {
    const verdict = await this.commands.execute<RegisterType, RegisterVerdict>(new RegisterType(body));
    if (!verdict.ok) throw invalid(verdict.errors, 'The type cannot be registered.');
    const { definition, position } = verdict;
    return { name: definition.name, version: definition.version, position };
  }
}
