import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { TYPE_DEFINITION, type TypeDefinition } from '#contracts';
import { Allow, ApiDocument, ApiProblems, DocumentPipe, Problem } from '#platform/nest';
import { RegisterType, type RegisterVerdict } from '../types/register-type.js';

export class TypeRegisteredView {
  @ApiProperty({ example: 'campsite-booked' })
  readonly name!: string;
  @ApiProperty({ example: 1 })
  readonly version!: number;
  @ApiProperty({
    nullable: true,
    type: Number,
    description: 'Position in the log; null where the same definition was registered before',
  })
  readonly position!: number | null;
}

const NOT_REGISTERED = 'The type cannot be registered.';

/** Where the business registers touchpoint types of its own. */
@ApiTags('policy')
@Controller('types')
export class TypesController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(200)
  @Allow('operate')
  @ApiOperation({
    operationId: 'registerType',
    summary: 'Register a touchpoint type of your own, by its JSON Schema',
    description: 'From then on its events are accepted. Those that were quarantined before can be released.',
  })
  @ApiDocument(TYPE_DEFINITION)
  @ApiOkResponse({ type: TypeRegisteredView })
  @ApiProblems(400, 415, 422, 503, 507)
  async registerType(
    @Body(new DocumentPipe(TYPE_DEFINITION, NOT_REGISTERED)) definition: TypeDefinition,
  ): Promise<TypeRegisteredView> {
    const verdict = await this.commands.execute<RegisterType, RegisterVerdict>(new RegisterType(definition));
    if (!verdict.ok) throw new Problem(422, { type: 'invalid', detail: NOT_REGISTERED, errors: verdict.errors });
    const { name, version } = verdict.definition;
    return { name, version, position: verdict.position };
  }
}
