import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiTags } from '@nestjs/swagger';
import { formatInstant, nearest } from '#contracts';
import { EVENT_LOG, type EventLog } from '#event-log';
import { ATTRIBUTE_DEFINITION, type AttributeDefinition, type ComputedPart, type ProfilePart } from '#lifecycle';
import { actorOf, type Principal } from '#platform';
import { Allow, ApiDocument, ApiProblems, CurrentPrincipal, Problem, Records } from '#platform/nest';
import { attributeListings, type AttributeListing } from '../attributes/attribute-listing.js';
import {
  DefineAttribute,
  ManageAttributes,
  RemoveAttribute,
  type AttributeVerdict,
} from '../attributes/manage-attributes.js';
import { recordedAttributes } from '../attributes/recorded-attributes.js';

export class AttributeView implements AttributeListing {
  @ApiProperty({ example: 'plan' })
  readonly name!: string;
  @ApiProperty({ example: 1 })
  readonly version!: number;
  @ApiProperty({ required: false })
  readonly description?: string;
  @ApiProperty({ type: String, format: 'date-time', description: 'When this version was defined' })
  readonly definedAt!: string;
  @ApiProperty({ required: false, type: Object, description: 'Of an attribute that sources state' })
  readonly profile?: ProfilePart | undefined;
  @ApiProperty({ required: false, type: Object, description: 'Of an attribute that follows from touchpoints' })
  readonly computed?: ComputedPart | undefined;
}

export class AttributesView {
  @ApiProperty({ type: [AttributeView], description: 'By name' })
  readonly attributes!: readonly AttributeView[];
}

export class AttributeDefinedView {
  @ApiProperty({ example: 'plan' })
  readonly name!: string;
  @ApiProperty({ example: 1 })
  readonly version!: number;
  @ApiProperty({ description: 'False where it was so before: nothing was recorded' })
  readonly changed!: boolean;
  @ApiProperty({ nullable: true, type: Number, description: 'Position in the log; null where nothing was recorded' })
  readonly position!: number | null;
}

const NAME = { name: 'name', example: 'plan' };

/** The attributes of customers: what sources state of them, and what follows from their touchpoints. */
@ApiTags('attributes')
@Controller('attributes')
export class AttributesController {
  constructor(
    private readonly manage: ManageAttributes,
    @Inject(EVENT_LOG) private readonly log: EventLog,
  ) {}

  @Get()
  @Allow(['read', 'policy'])
  @ApiOperation({ operationId: 'listAttributes', summary: 'The attributes that are defined' })
  @ApiOkResponse({ type: AttributesView })
  async list(): Promise<AttributesView> {
    return { attributes: await this.listings() };
  }

  @Get(':name')
  @Allow(['read', 'policy'])
  @ApiOperation({ operationId: 'showAttribute', summary: 'One attribute' })
  @ApiParam(NAME)
  @ApiOkResponse({ type: AttributeView })
  @ApiProblems(404)
  async show(@Param('name') name: string): Promise<AttributeView> {
    const all = await this.listings();
    const found = all.find((each) => each.name === name);
    if (found !== undefined) return found;
    throw unknown(
      name,
      all.map((each) => each.name),
    );
  }

  @Post()
  @Records('attribute-defined')
  @HttpCode(200)
  @Allow('policy')
  @ApiOperation({
    operationId: 'defineAttribute',
    summary: 'Define an attribute, or replace its definition by the next version',
    description:
      'An attribute that is not defined is closed: it opens for a purpose alone. A filterable one is kept in the clear in the read models, for selections; its values are still shown for a purpose alone.',
  })
  @ApiDocument(ATTRIBUTE_DEFINITION)
  @ApiOkResponse({ type: AttributeDefinedView })
  @ApiProblems(400, 415, 422, 503, 507)
  async define(@Body() document: unknown, @CurrentPrincipal() caller: Principal): Promise<AttributeDefinedView> {
    return shown(await this.manage.define(new DefineAttribute(document, actorOf(caller))), '');
  }

  @Delete(':name')
  @Records('attribute-removed')
  @Allow('policy')
  @ApiOperation({
    operationId: 'removeAttribute',
    summary: 'Remove the definition of an attribute',
    description: 'What sources stated stays in the log. The read models lose what they held of it in the clear.',
  })
  @ApiParam(NAME)
  @ApiOkResponse({ type: AttributeDefinedView })
  @ApiProblems(404, 503, 507)
  async remove(@Param('name') name: string, @CurrentPrincipal() caller: Principal): Promise<AttributeDefinedView> {
    return shown(await this.manage.remove(new RemoveAttribute(name, actorOf(caller))), name);
  }

  private async listings(): Promise<readonly AttributeListing[]> {
    const { attributes } = await recordedAttributes(this.log);
    return attributeListings(attributes, formatInstant);
  }
}

function shown(verdict: AttributeVerdict, name: string): AttributeDefinedView {
  switch (verdict.outcome) {
    case 'done':
      return shownDefinition(verdict.definition, verdict);
    case 'unknown':
      throw unknown(name, []);
    case 'invalid':
      throw new Problem(422, {
        type: 'invalid',
        detail: 'The attribute cannot be defined.',
        errors: verdict.errors,
      });
  }
}

const shownDefinition = (
  { name, version }: AttributeDefinition,
  { changed, position }: Pick<AttributeDefinedView, 'changed' | 'position'>,
): AttributeDefinedView => ({ name, version, changed, position });

function unknown(name: string, names: readonly string[]): Problem {
  const likely = nearest(name, names);
  return new Problem(404, {
    detail: `No attribute of this name is defined.${likely === null ? '' : ` Did you mean ${likely}?`} GET /v1/attributes lists all of them.`,
  });
}
