import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiTags } from '@nestjs/swagger';
import { SOURCE_KINDS, type RegisteredSource, type SourceStatus, type TrackingMapping } from '#contracts';
import { KeyAdministration } from '#keys';
import { actorOf, CLOCK, type Clock, type Principal } from '#platform';
import { Allow, ApiDocument, ApiProblems, CurrentPrincipal, Problem, Records } from '#platform/nest';
import { createSource } from '../sources/create-source.js';
import { ChangeSource, ManageSources, SetSourceStatus, type SourceVerdict } from '../sources/manage-sources.js';
import { SourceActivity, type SpanOutcomes } from '../sources/source-activity.js';
import { NEW_SOURCE_DOCUMENT, SOURCE_CHANGES } from '../sources/source-document.js';
import { listingOf, listSources, type SourceListing } from '../sources/source-listing.js';
import { Sources } from '../sources/sources.js';

/** The outcomes of a span: received = accepted + duplicate + quarantined + suppressed. */
export class SpanOutcomesView implements SpanOutcomes {
  @ApiProperty()
  readonly received!: number;
  @ApiProperty()
  readonly accepted!: number;
  @ApiProperty()
  readonly duplicate!: number;
  @ApiProperty()
  readonly quarantined!: number;
  @ApiProperty()
  readonly suppressed!: number;
}

export class SourceView implements SourceListing {
  @ApiProperty({ example: 'shop' })
  readonly name!: string;
  @ApiProperty({
    enum: ['active', 'paused', 'retired', 'unregistered'],
    description: 'unregistered: it sends, and was never registered',
  })
  readonly status!: SourceStatus | 'unregistered';
  @ApiProperty({ required: false, enum: SOURCE_KINDS })
  readonly kind?: (typeof SOURCE_KINDS)[number];
  @ApiProperty({ required: false, description: 'Whether its events are marked as test traffic when they come in' })
  readonly test?: boolean;
  @ApiProperty({ required: false, type: [String], description: 'The types that it may send; absent: all of them' })
  readonly types?: readonly string[];
  @ApiProperty({ required: false, example: 'web shop', description: 'The channel of its events that state none' })
  readonly channel?: string;
  @ApiProperty({ required: false, example: 'EUR', description: 'The currency of its events that state none' })
  readonly currency?: string;
  @ApiProperty({ required: false, example: 'Europe/Berlin', description: 'The zone of its times without an offset' })
  readonly timeZone?: string;
  @ApiProperty({ required: false, example: 'Alpine', description: 'The brand of its events that state none' })
  readonly brand?: string;
  @ApiProperty({
    required: false,
    type: Object,
    example: { 'order-placed': 1 },
    description: 'Its schema contract: the version of a type’s data that it sends, by type',
  })
  readonly versions?: Readonly<Record<string, number>>;
  @ApiProperty({
    required: false,
    type: [String],
    example: ['https://shop.example'],
    description: 'The web origins whose pages may send with its key; absent: none',
  })
  readonly origins?: readonly string[];
  @ApiProperty({
    required: false,
    type: Object,
    description: 'How the events of its analytics library become touchpoints: `events` by name, and `others`',
  })
  readonly tracking?: TrackingMapping;
  @ApiProperty({ nullable: true, type: String, format: 'date-time' })
  readonly registeredAt!: string | null;
  @ApiProperty({ nullable: true, type: String, format: 'date-time' })
  readonly changedAt!: string | null;
  @ApiProperty({
    nullable: true,
    type: String,
    format: 'date-time',
    description: 'When the last event came in; null where none did, or where this process has no read models',
  })
  readonly lastSeenAt!: string | null;
  @ApiProperty({ nullable: true, type: SpanOutcomesView, description: 'The current hour and the one before' })
  readonly lastHour!: SpanOutcomes | null;
  @ApiProperty({ nullable: true, type: SpanOutcomesView, description: 'The current hour and the 24 before' })
  readonly lastDay!: SpanOutcomes | null;
}

export class SourcesView {
  @ApiProperty({ type: [SourceView], description: 'Registered sources in their order, then unregistered ones' })
  readonly sources!: readonly SourceView[];
}

/** A new source: only this answer shows its key. */
export class NewSourceView extends SourceView {
  @ApiProperty({
    nullable: true,
    type: String,
    example: 'pk_5f0c3a9b1d2e_…',
    description:
      'Publishes for this source alone. Shown once: store it now. Null for topics and files, which need none',
  })
  readonly key!: string | null;
}

const NAME = { name: 'name', example: 'shop', description: 'The name of the source, percent-encoded' };

/** The channel systems that publish events: registered, described, paused and retired. */
@ApiTags('sources')
@Controller('sources')
export class SourcesController {
  constructor(
    private readonly sources: Sources,
    private readonly manage: ManageSources,
    private readonly activity: SourceActivity,
    @Inject(KeyAdministration) private readonly keys: KeyAdministration,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @Allow(['read', 'operate', 'administer'])
  @ApiOperation({
    operationId: 'listSources',
    summary: 'All sources, with when each was last seen and its outcomes of the last hour and day',
  })
  @ApiOkResponse({ type: SourcesView })
  async list(): Promise<SourcesView> {
    return { sources: await this.listings() };
  }

  @Post()
  @Records('source-registered', 'key-created')
  @Allow('administer')
  @ApiOperation({
    operationId: 'createSource',
    summary: 'Register a source; the answer shows its key this once',
    description:
      'Facts of the log tell what a source is. Sources that are not registered may send as well, where a key permits it: they are listed as unregistered.',
  })
  @ApiDocument(NEW_SOURCE_DOCUMENT)
  @ApiCreatedResponse({ type: NewSourceView })
  @ApiProblems(409, 503, 507)
  async create(@Body() document: unknown, @CurrentPrincipal() caller: Principal): Promise<NewSourceView> {
    const created = await createSource(this.manage, () => this.keys, document, caller);
    if (created.outcome !== 'created') return { ...(await this.shown(created)), key: null };
    return { ...(await this.shown({ outcome: 'done', source: created.source, changed: true })), key: created.key };
  }

  @Get(':name')
  @Allow(['read', 'operate', 'administer'])
  @ApiOperation({ operationId: 'showSource', summary: 'One source' })
  @ApiParam(NAME)
  @ApiOkResponse({ type: SourceView })
  @ApiProblems(404)
  async show(@Param('name') name: string): Promise<SourceView> {
    const found = (await this.listings()).find((each) => each.name === name);
    if (found === undefined) throw unknown();
    return found;
  }

  @Patch(':name')
  @Records('source-changed')
  @Allow('administer')
  @ApiOperation({
    operationId: 'changeSource',
    summary: 'Change what a source is and may send; null removes a field',
    description: 'It holds for events that come in from now on: nothing that was accepted before changes.',
  })
  @ApiParam(NAME)
  @ApiDocument(SOURCE_CHANGES)
  @ApiOkResponse({ type: SourceView })
  @ApiProblems(404, 409, 503, 507)
  async change(
    @Param('name') name: string,
    @Body() changes: unknown,
    @CurrentPrincipal() caller: Principal,
  ): Promise<SourceView> {
    return this.shown(await this.manage.change(new ChangeSource(name, changes, actorOf(caller))));
  }

  @Post(':name/pause')
  @Records('source-paused')
  @HttpCode(200)
  @Allow(['operate', 'administer'])
  @ApiOperation({ operationId: 'pauseSource', summary: 'Quarantine what a source sends, until it is resumed' })
  @ApiParam(NAME)
  @ApiOkResponse({ type: SourceView })
  @ApiProblems(404, 409, 503, 507)
  pause(@Param('name') name: string, @CurrentPrincipal() caller: Principal): Promise<SourceView> {
    return this.set(name, 'paused', caller);
  }

  @Post(':name/resume')
  @Records('source-resumed')
  @HttpCode(200)
  @Allow(['operate', 'administer'])
  @ApiOperation({ operationId: 'resumeSource', summary: 'Accept again what a paused source sends' })
  @ApiParam(NAME)
  @ApiOkResponse({ type: SourceView })
  @ApiProblems(404, 409, 503, 507)
  resume(@Param('name') name: string, @CurrentPrincipal() caller: Principal): Promise<SourceView> {
    return this.set(name, 'active', caller);
  }

  @Post(':name/retire')
  @Records('source-retired')
  @HttpCode(200)
  @Allow('administer')
  @ApiOperation({
    operationId: 'retireSource',
    summary: 'Retire a source for good: what it sends from now on is quarantined, what it sent stays',
  })
  @ApiParam(NAME)
  @ApiOkResponse({ type: SourceView })
  @ApiProblems(404, 409, 503, 507)
  retire(@Param('name') name: string, @CurrentPrincipal() caller: Principal): Promise<SourceView> {
    return this.set(name, 'retired', caller);
  }

  private async set(name: string, status: SourceStatus, caller: Principal): Promise<SourceView> {
    return this.shown(await this.manage.setStatus(new SetSourceStatus(name, status, actorOf(caller))));
  }

  private listings(): Promise<readonly SourceListing[]> {
    return listSources(this.sources.all, this.activity, this.clock.now());
  }

  private async shown(verdict: SourceVerdict): Promise<SourceView> {
    switch (verdict.outcome) {
      case 'done':
        return this.view(verdict.source);
      case 'unknown':
        throw unknown();
      case 'conflict':
        throw new Problem(409, { detail: verdict.detail });
      case 'invalid':
        throw new Problem(422, {
          type: 'invalid',
          detail: 'The description of the source is not valid.',
          errors: verdict.errors,
        });
    }
  }

  private async view(source: RegisteredSource): Promise<SourceView> {
    const listed = (await this.listings()).find(({ name }) => name === source.settings.name);
    return listed ?? listingOf(source);
  }
}

const unknown = (): Problem =>
  new Problem(404, {
    detail: 'No source of this name is registered or has sent anything. GET /v1/sources lists them.',
  });
