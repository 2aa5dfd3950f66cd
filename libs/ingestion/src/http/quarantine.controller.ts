import { Body, Controller, Get, HttpCode, Param, Post, UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#platform';
import { Allow, ApiProblems, CurrentPrincipal, Problem } from '#platform/nest';
import { DiscardQuarantined } from '../quarantine/discard-quarantined.js';
import { OpenQuarantined } from '../quarantine/open-quarantined.js';
import { ReleaseQuarantined } from '../quarantine/release-quarantined.js';
import { Quarantine, type Closing, type Quarantined } from '../quarantine/quarantine.js';
import { fieldsOf, invalid } from './body.js';
import { StoreProblems } from './store-problems.js';

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
  @ApiProperty({ example: '/data/currency' })
  readonly path!: string;
  @ApiProperty()
  readonly detail!: string;
  @ApiProperty()
  readonly hint!: string;
  @ApiProperty({ format: 'date-time' })
  readonly receivedAt!: string;
  @ApiProperty({ enum: ['open', 'released', 'discarded'] })
  readonly status!: 'open' | 'released' | 'discarded';
  @ApiProperty({ required: false, description: 'Where the log holds the touchpoint that it became' })
  readonly touchpointPosition?: number;
  @ApiProperty({
    required: false,
    nullable: true,
    type: Object,
    description:
      'What was received, opened: for a key that may read personal data. Null where a person in it was erased',
  })
  readonly body?: unknown;
}

export class ReleaseForm {
  @ApiProperty({
    required: false,
    type: Object,
    description: 'The event as it should have been; the received one without',
  })
  readonly fixed?: unknown;
}

export class DiscardForm {
  @ApiProperty({ required: false, example: 'a test of the shop' })
  readonly reason?: string;
}

export class BulkReleaseForm {
  @ApiProperty({ example: 'type-unknown', description: 'Release all open ones that were quarantined for this reason' })
  readonly code!: string;
}

export class BulkReleaseView {
  @ApiProperty()
  readonly released!: number;
  @ApiProperty({ description: 'Still not touchpoints, or erased: they stay' })
  readonly kept!: number;
  @ApiProperty({ description: 'True where there are more: ask again' })
  readonly more!: boolean;
}

/** Events released in one request. */
const BULK_MAX = 1_000;
const ID = { name: 'quarantineId', example: '9b1d2e5f0c3a9b1d2e5f0c3a9b1d2e5f' };

/** What could not be taken, one by one: look at it, fix it, take it in after all, or leave it for good. */
@ApiTags('intake')
@Controller('quarantine')
@UseFilters(StoreProblems)
export class QuarantineController {
  constructor(
    private readonly commands: CommandBus,
    private readonly quarantine: Quarantine,
    private readonly open: OpenQuarantined,
  ) {}

  @Get(':quarantineId')
  @Allow('read')
  @ApiOperation({ summary: 'One quarantined event, with its reason; and with its body for who may read personal data' })
  @ApiParam(ID)
  @ApiOkResponse({ type: QuarantinedView })
  @ApiProblems(404)
  async show(
    @Param('quarantineId') quarantineId: string,
    @CurrentPrincipal() caller: Principal,
  ): Promise<Quarantined & { body?: unknown }> {
    const found = await this.quarantine.find(quarantineId);
    if (found === null) throw unknown();
    if (!caller.permissions.has('open')) return found;
    const body = await this.quarantine.body(quarantineId);
    // A body that was cut is no JSON any more: it is shown as the text that is left.
    return { ...found, body: body === null ? null : found.cut === true ? body : (JSON.parse(body) as unknown) };
  }

  @Post(':quarantineId/release')
  @HttpCode(200)
  @Allow('operate')
  @ApiOperation({
    summary: 'Take a quarantined event in after all, as it is or fixed',
    description:
      'It keeps its original time. Where it is still not a touchpoint nothing is written, and the answer says why.',
  })
  @ApiParam(ID)
  @ApiBody({ type: ReleaseForm, required: false })
  @ApiOkResponse({ type: QuarantinedView })
  @ApiProblems(400, 404, 409, 410, 415, 422, 503, 507)
  async release(
    @Param('quarantineId') quarantineId: string,
    @CurrentPrincipal() caller: Principal,
    @Body() body?: unknown,
  ): Promise<Quarantined> {
    const { fixed } = fieldsOf(body, ['fixed']);
    return closed(
      await this.commands.execute<ReleaseQuarantined, Closing>(new ReleaseQuarantined(quarantineId, fixed, caller.id)),
    );
  }

  @Post(':quarantineId/discard')
  @HttpCode(200)
  @Allow('operate')
  @ApiOperation({ summary: 'Leave a quarantined event where it is, for good' })
  @ApiParam(ID)
  @ApiBody({ type: DiscardForm, required: false })
  @ApiOkResponse({ type: QuarantinedView })
  @ApiProblems(400, 404, 409, 415, 422, 503, 507)
  async discard(
    @Param('quarantineId') quarantineId: string,
    @CurrentPrincipal() caller: Principal,
    @Body() body?: unknown,
  ): Promise<Quarantined> {
    const { reason = '' } = fieldsOf(body, ['reason']);
    if (typeof reason !== 'string' || reason.length > 1_000 || /\0|\p{Surrogate}/u.test(reason))
      throw invalid([{ pointer: '/reason', detail: 'is no text of at most 1000 characters', hint: 'shorten it' }]);
    return closed(
      await this.commands.execute<DiscardQuarantined, Closing>(new DiscardQuarantined(quarantineId, reason, caller.id)),
    );
  }

  @Post('release')
  @HttpCode(200)
  @Allow('operate')
  @ApiOperation({ summary: 'Release all open ones that were quarantined for one reason, up to 1,000 at a time' })
  @ApiBody({ type: BulkReleaseForm })
  @ApiOkResponse({ type: BulkReleaseView })
  @ApiProblems(400, 415, 422, 503, 507)
  async releaseAll(@CurrentPrincipal() caller: Principal, @Body() body?: unknown): Promise<BulkReleaseView> {
    const { code } = fieldsOf(body, ['code']);
    if (typeof code !== 'string' || code === '')
      throw invalid([{ pointer: '/code', detail: 'is missing', hint: 'give the code of the reason' }]);
    const ids = await this.open.ids(code, BULK_MAX + 1);
    if (ids === null) throw new Problem(503, { detail: 'This process has no list of quarantined events.' });
    let released = 0;
    for (const id of ids.slice(0, BULK_MAX)) {
      const closing = await this.commands.execute<ReleaseQuarantined, Closing>(
        new ReleaseQuarantined(id, undefined, caller.id),
      );
      if (closing.outcome === 'closed') released += 1;
    }
    return { released, kept: Math.min(ids.length, BULK_MAX) - released, more: ids.length > BULK_MAX };
  }
}

function closed(closing: Closing): Quarantined {
  switch (closing.outcome) {
    case 'closed':
      return closing.quarantined;
    case 'unknown':
      throw unknown();
    case 'conflict':
      throw new Problem(409, { detail: `It was ${closing.quarantined.status} before.` });
    case 'erased':
      throw new Problem(410, { detail: 'A person whom it names was erased: nothing of it can be opened.' });
    case 'rejected':
      throw new Problem(422, {
        type: 'still-rejected',
        detail: `It is still not a touchpoint (${closing.code}). Nothing was written.`,
        errors: closing.errors,
      });
  }
}

const unknown = (): Problem => new Problem(404, { detail: 'There is no quarantined event of this id.' });
