import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiTags } from '@nestjs/swagger';
import { nearest, TYPE_DEFINITION, type JsonSchema, type TypeDefinition } from '#contracts';
import { actorOf, type Principal } from '#platform';
import {
  Allow,
  ApiDocument,
  ApiProblems,
  CurrentPrincipal,
  DocumentPipe,
  Problem,
  Records,
  RecordsNothing,
  ValidationIssueView,
} from '#platform/nest';
import {
  NAMESPACE_DESCRIPTIONS,
  typeDescriptions,
  type NamespaceDescription,
  type TypeDescription,
} from '../types/type-catalogue.js';
import { CHECK_TYPE_REQUEST, checkType, type CheckTypeRequest } from '../types/check-type.js';
import { TypeContracts } from '../types/type-contracts.js';
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

export class TypeView implements TypeDescription {
  @ApiProperty({ example: 'order-placed' })
  readonly name!: string;
  @ApiProperty({ example: 'purchase' })
  readonly group!: string;
  @ApiProperty({ enum: ['customer', 'business', 'system'], description: 'Who acts' })
  readonly origin!: string;
  @ApiProperty({ description: 'The newest version of its data', example: 1 })
  readonly version!: number;
  @ApiProperty({ description: 'Whether the business registered it' })
  readonly isCustom!: boolean;
  @ApiProperty({ example: 'The customer ordered.' })
  readonly summary!: string;
  @ApiProperty({ required: false, description: 'What it does to stage and figures, beyond the signals of the policy' })
  readonly effect?: string;
  @ApiProperty({ type: Object, description: 'JSON Schema of `data`, with the meaning of each field' })
  readonly schema!: JsonSchema;
  @ApiProperty({ required: false, type: Object, description: 'Data that are valid' })
  readonly example?: Readonly<Record<string, unknown>>;
}

class NamespaceExampleView {
  @ApiProperty({ example: ' Jane.Doe@Shop.example ' })
  readonly given!: string;
  @ApiProperty({ example: 'jane.doe@shop.example' })
  readonly known!: string;
}

export class NamespaceView implements NamespaceDescription {
  @ApiProperty({ example: 'email' })
  readonly name!: string;
  @ApiProperty()
  readonly meaning!: string;
  @ApiProperty({ description: 'How values are brought into one spelling' })
  readonly normalisation!: string;
  @ApiProperty()
  readonly example!: NamespaceExampleView;
}

export class BacktrackingPatternView {
  @ApiProperty({ example: 'campsite-booked' })
  readonly name!: string;
  @ApiProperty({ example: 1 })
  readonly version!: number;
  @ApiProperty({ example: '#/properties/pitch/pattern', description: 'Where it stands in the schema' })
  readonly pointer!: string;
}

export class TypesView {
  @ApiProperty({ type: [TypeView], description: 'Built-in types in the order of the catalogue, then registered ones' })
  readonly types!: readonly TypeView[];
  @ApiProperty({
    type: [NamespaceView],
    description: 'Namespaces of identifiers, the strongest first. Any other name is a namespace of the business’s own',
  })
  readonly namespaces!: readonly NamespaceView[];
  @ApiProperty({
    type: [BacktrackingPatternView],
    description:
      'Patterns that were registered before patterns had to be linear, and are not: their texts are bounded at 256 characters. Register a new version without them',
  })
  readonly backtrackingPatterns!: readonly BacktrackingPatternView[];
}

class CheckedSampleView {
  @ApiProperty()
  readonly valid!: boolean;
  @ApiProperty({ type: [ValidationIssueView], description: 'What is wrong with it, each with a hint' })
  readonly errors!: readonly ValidationIssueView[];
  @ApiProperty({
    type: [String],
    description: 'Fields that the schema does not declare: they are kept, and sealed as if they were personal',
  })
  readonly unknown!: readonly string[];
}

export class TypeCheckView {
  @ApiProperty({ example: 'campsite-booked' })
  readonly name!: string;
  @ApiProperty({ example: 2 })
  readonly version!: number;
  @ApiProperty({
    nullable: true,
    type: Boolean,
    description: 'Whether registering the definition would record something; null where a type was named',
  })
  readonly changed!: boolean | null;
  @ApiProperty({ type: [CheckedSampleView], description: 'One for each sample, in their order' })
  readonly samples!: readonly CheckedSampleView[];
}

const NOT_REGISTERED = 'The type cannot be registered.';

/** Where the business registers touchpoint types of its own. */
@ApiTags('types')
@ApiExtraModels(NamespaceExampleView, CheckedSampleView)
@Controller('types')
export class TypesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly contracts: TypeContracts,
  ) {}

  @Get()
  @Allow(['publish', 'read', 'types'], { scope: ['sources', 'types', 'brand'] })
  @ApiOperation({
    operationId: 'listTypes',
    summary: 'All touchpoint types with their fields and examples, and the namespaces of identifiers',
  })
  @ApiOkResponse({ type: TypesView })
  list(): TypesView {
    const { types } = this.contracts;
    return {
      types: typeDescriptions(types),
      namespaces: NAMESPACE_DESCRIPTIONS,
      backtrackingPatterns: types.backtrackingPatterns(),
    };
  }

  @Get(':name')
  @Allow(['publish', 'read', 'types'], { scope: ['sources', 'types', 'brand'] })
  @ApiOperation({ operationId: 'showType', summary: 'One touchpoint type with its fields and an example' })
  @ApiParam({ name: 'name', example: 'order-placed' })
  @ApiOkResponse({ type: TypeView })
  @ApiProblems(404)
  show(@Param('name') name: string): TypeView {
    const types = typeDescriptions(this.contracts.types);
    const found = types.find((each) => each.name === name);
    if (found !== undefined) return found;
    const likely = nearest(
      name,
      types.map((each) => each.name),
    );
    throw new Problem(404, {
      detail: `There is no touchpoint type of this name.${likely === null ? '' : ` Did you mean ${likely}?`} GET /v1/types lists all of them.`,
    });
  }

  @Post()
  @Records('type-registered')
  @HttpCode(200)
  @Allow('types')
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
    @CurrentPrincipal() caller: Principal,
  ): Promise<TypeRegisteredView> {
    const verdict = await this.commands.execute<RegisterType, RegisterVerdict>(
      new RegisterType(definition, actorOf(caller)),
    );
    if (!verdict.ok) throw new Problem(422, { type: 'invalid', detail: NOT_REGISTERED, errors: verdict.errors });
    const { name, version } = verdict.definition;
    return { name, version, position: verdict.position };
  }

  @Post('check')
  @RecordsNothing('a check writes nothing')
  @HttpCode(200)
  @Allow('types')
  @ApiOperation({
    operationId: 'checkType',
    summary: 'Check a definition, or samples of the data of a type; nothing is registered',
    description:
      'A definition is checked as if it were registered: whether its schema is safe, and takes all that the version before takes. Each sample, data or a touchpoint, is checked against it, or against the type that is named.',
  })
  @ApiDocument(CHECK_TYPE_REQUEST)
  @ApiOkResponse({ type: TypeCheckView })
  @ApiProblems(400, 415, 422)
  check(@Body(new DocumentPipe(CHECK_TYPE_REQUEST)) request: CheckTypeRequest): TypeCheckView {
    const verdict = checkType(this.contracts.types, request);
    if (!verdict.ok)
      throw new Problem(422, { type: 'invalid', detail: 'The type cannot be checked.', errors: verdict.errors });
    const { name, version, changed, samples } = verdict;
    return { name, version, changed, samples };
  }
}
