import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiTags } from '@nestjs/swagger';
import {
  actorOf,
  OPENINGS,
  type OpeningRequest,
  type Openings,
  type PersonalDataState,
  type Principal,
} from '#platform';
import {
  Allow,
  ApiDocument,
  ApiProblems,
  CurrentPrincipal,
  DocumentPipe,
  Opens,
  Problem,
  Records,
  StatedOpening,
} from '#platform/nest';
import { DiscardQuarantined } from '../quarantine/discard-quarantined.js';
import { DiscardMany, ReleaseMany, type ClosedMany } from '../quarantine/close-many.js';
import { ReleaseQuarantined } from '../quarantine/release-quarantined.js';
import { Quarantine, type Closing, type Quarantined } from '../quarantine/quarantine.js';
import { showQuarantined, type ShownQuarantined } from '../quarantine/show-quarantined.js';
import {
  BULK_DISCARD_REQUEST,
  BULK_RELEASE_REQUEST,
  DISCARD_REQUEST,
  RELEASE_REQUEST,
  type BulkDiscardRequest,
  type BulkReleaseRequest,
  type DiscardRequest,
  type ReleaseRequest,
} from './request-bodies.js';

export class QuarantinedView {
  @ApiProperty({ example: '9b1d2e5f0c3a9b1d2e5f0c3a9b1d2e5f' })
  readonly quarantineId!: string;
  @ApiProperty()
  readonly position!: number;
  @ApiProperty({ nullable: true, type: String })
  readonly source!: string | null;
  @ApiProperty({ nullable: true, type: String })
  readonly eventId!: string | null;
  @ApiProperty({ nullable: true, type: String })
  readonly type!: string | null;
  @ApiProperty({ example: 'data-invalid' })
  readonly code!: string;
  @ApiProperty({ example: '#/data/currency' })
  readonly pointer!: string;
  @ApiProperty()
  readonly detail!: string;
  @ApiProperty()
  readonly hint!: string;
  @ApiProperty({ format: 'date-time' })
  readonly receivedAt!: string;
  @ApiProperty({ enum: ['open', 'released', 'discarded', 'replaced'] })
  readonly status!: 'open' | 'released' | 'discarded' | 'replaced';
  @ApiProperty({ required: false, description: 'The file of a row of an import; of a message, topic and partition' })
  readonly file?: string;
  @ApiProperty({ required: false, description: 'Its line there' })
  readonly line?: number;
  @ApiProperty({ required: false, description: 'Position in the log of the touchpoint that it became' })
  readonly touchpointPosition?: number;
  @ApiProperty({
    required: false,
    nullable: true,
    anyOf: [...['string', 'number', 'boolean', 'object'].map((type) => ({ type })), { type: 'array', items: {} }],
    description:
      'The body as it was received, any JSON value, where a purpose is stated that is granted. Null otherwise, and where it can no longer be opened',
  })
  readonly body?: unknown;
  @ApiProperty({
    required: false,
    type: Object,
    description: 'Whether the body is shown: open with its purpose, or closed with why, and a hint',
  })
  readonly personalData?: PersonalDataState;
}

export class ClosedManyView {
  @ApiProperty({ description: 'Events that this request released or discarded' })
  readonly closed!: number;
  @ApiProperty({ description: 'Events that are still not touchpoints, or were closed before: they stay as they are' })
  readonly kept!: number;
  @ApiProperty({
    nullable: true,
    type: Number,
    description: 'Null where nothing is left; otherwise send the request again with it as `after`',
  })
  readonly next!: number | null;
}

const ID = { name: 'quarantineId', example: '9b1d2e5f0c3a9b1d2e5f0c3a9b1d2e5f' };

/** Quarantined events, one by one: shown, released as they are or fixed, or discarded. */
@ApiTags('intake')
@Controller('quarantine')
export class QuarantineController {
  constructor(
    private readonly commands: CommandBus,
    readonly quarantine: Quarantine,
    @Inject(OPENINGS) readonly openings: Openings,
  ) {}

  @Get(':quarantineId')
  @Allow('read')
  @Opens()
  @ApiOperation({
    operationId: 'quarantinedEvent',
    summary: 'One quarantined event with its reason, and with its body where a purpose is granted',
  })
  @ApiParam(ID)
  @ApiOkResponse({ type: QuarantinedView })
  @ApiProblems(404)
  async show(
    @Param('quarantineId') quarantineId: string,
    @StatedOpening() opening: OpeningRequest,
  ): Promise<ShownQuarantined> {
    const shown = await showQuarantined(quarantineId, opening, this);
    if (shown === null) throw unknown();
    return shown;
  }

  @Post(':quarantineId/release')
  @Records('event-released')
  @HttpCode(200)
  @Allow('quarantine')
  @ApiOperation({
    operationId: 'releaseQuarantined',
    summary: 'Ingest a quarantined event after all, as it is or fixed',
    description:
      'It keeps its original time. Where it is still not a touchpoint nothing is written, and the answer has the reason.',
  })
  @ApiParam(ID)
  @ApiDocument(RELEASE_REQUEST)
  @ApiOkResponse({ type: QuarantinedView })
  @ApiProblems(400, 404, 409, 410, 415, 422, 503, 507)
  async release(
    @Param('quarantineId') quarantineId: string,
    @CurrentPrincipal() caller: Principal,
    @Body(new DocumentPipe(RELEASE_REQUEST, 'The event cannot be released.')) { fixed }: ReleaseRequest,
  ): Promise<Quarantined> {
    return closed(
      await this.commands.execute<ReleaseQuarantined, Closing>(
        new ReleaseQuarantined(quarantineId, fixed, actorOf(caller)),
      ),
    );
  }

  @Post(':quarantineId/discard')
  @Records('event-discarded')
  @HttpCode(200)
  @Allow('quarantine')
  @ApiOperation({ operationId: 'discardQuarantined', summary: 'Close a quarantined event without ingesting it' })
  @ApiParam(ID)
  @ApiDocument(DISCARD_REQUEST)
  @ApiOkResponse({ type: QuarantinedView })
  @ApiProblems(400, 404, 409, 415, 422, 503, 507)
  async discard(
    @Param('quarantineId') quarantineId: string,
    @CurrentPrincipal() caller: Principal,
    @Body(new DocumentPipe(DISCARD_REQUEST, 'The event cannot be discarded.')) { reason = '' }: DiscardRequest,
  ): Promise<Quarantined> {
    return closed(
      await this.commands.execute<DiscardQuarantined, Closing>(
        new DiscardQuarantined(quarantineId, reason, actorOf(caller)),
      ),
    );
  }

  @Post('release')
  @Records('event-released')
  @HttpCode(200)
  @Allow('quarantine')
  @ApiOperation({
    operationId: 'releaseAllQuarantined',
    summary: 'Release open events by code, source, file or ids, up to 1,000 at a time',
  })
  @ApiDocument(BULK_RELEASE_REQUEST)
  @ApiOkResponse({ type: ClosedManyView })
  @ApiProblems(400, 415, 422, 503, 507)
  async releaseAll(
    @CurrentPrincipal() caller: Principal,
    @Body(new DocumentPipe(BULK_RELEASE_REQUEST, 'The events cannot be released.')) selection: BulkReleaseRequest,
  ): Promise<ClosedMany> {
    return listed(
      await this.commands.execute<ReleaseMany, ClosedMany | null>(new ReleaseMany(selection, actorOf(caller))),
    );
  }

  @Post('discard')
  @Records('event-discarded')
  @HttpCode(200)
  @Allow('quarantine')
  @ApiOperation({
    operationId: 'discardAllQuarantined',
    summary: 'Discard open events by code, source, file or ids, up to 1,000 at a time',
  })
  @ApiDocument(BULK_DISCARD_REQUEST)
  @ApiOkResponse({ type: ClosedManyView })
  @ApiProblems(400, 415, 422, 503, 507)
  async discardAll(
    @CurrentPrincipal() caller: Principal,
    @Body(new DocumentPipe(BULK_DISCARD_REQUEST, 'The events cannot be discarded.'))
    { reason, replaced = false, ...selection }: BulkDiscardRequest,
  ): Promise<ClosedMany> {
    return listed(
      await this.commands.execute<DiscardMany, ClosedMany | null>(
        new DiscardMany(selection, reason, actorOf(caller), replaced),
      ),
    );
  }
}

function listed(closing: ClosedMany | null): ClosedMany {
  if (closing === null) throw new Problem(503, { detail: 'This process has no list of quarantined events.' });
  return closing;
}

function closed(closing: Closing): Quarantined {
  switch (closing.outcome) {
    case 'closed':
      return closing.quarantined;
    case 'unknown':
      throw unknown();
    case 'conflict':
      throw new Problem(409, { detail: `The event was ${closing.quarantined.status} before.` });
    case 'erased':
      throw new Problem(410, { detail: 'A person in the event was erased: its body can no longer be opened.' });
    case 'rejected':
      throw new Problem(422, {
        type: 'still-rejected',
        detail: `The event is still not a touchpoint (${closing.code}). Nothing was written.`,
        errors: closing.errors,
      });
  }
}

const unknown = (): Problem => new Problem(404, { detail: 'No quarantined event has this id.' });
