import type { Readable } from 'node:stream';
import { Controller, Get, HttpCode, Inject, Post, Query, Req, UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiQuery,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { ENVELOPE_SCHEMA, formatInstant } from '#contracts';
import { EVENT_LOG, type EventLog } from '#event-log';
import { CLOCK, CONFIG, type Clock, type Config } from '#platform';
import { Allow, ApiProblems, Problem } from '#platform/nest';
import { readHttpMessage } from '../cloudevents/http-message.js';
import { readNdjson } from '../cloudevents/ndjson.js';
import type { IngestItem, IngestResult } from '../pipeline/item.js';
import { IngestTouchpoints } from '../pipeline/ingest-touchpoints.js';
import { StreamAccount } from './stream-account.js';
import { StoreProblems } from './store-problems.js';
import { ItemResultView, IngestResultView } from './views.js';

/** At most this many results are listed of a stream, whatever is asked for: the counts are always whole. */
const LISTED_MAX = 10_000;
/** Bytes of one commit of a stream. */
const SLICE_BYTES = 4 * 1024 * 1024;

interface TouchpointsRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer | Readable | undefined;
}

export class EventOutcomeView {
  @ApiProperty({ enum: ['accepted', 'unknown'] })
  readonly outcome!: 'accepted' | 'unknown';
  @ApiProperty({ required: false })
  readonly position?: number;
  @ApiProperty({ required: false })
  readonly type?: string;
  @ApiProperty({ required: false, format: 'date-time' })
  readonly occurredAt?: string;
  @ApiProperty({ required: false, format: 'date-time' })
  readonly recordedAt?: string;
}

const EVENT = {
  ...(ENVELOPE_SCHEMA as Record<string, unknown>),
  description: 'A touchpoint in our JSON form, or a CloudEvent 1.0 in the JSON format',
};
const CLOUD_EVENT = {
  type: 'object',
  required: ['specversion', 'id', 'source', 'type'],
  properties: {
    specversion: { type: 'string', enum: ['1.0'] },
    id: { type: 'string', minLength: 1 },
    source: { type: 'string', minLength: 1 },
    type: { type: 'string', minLength: 1 },
    subject: { type: 'string', description: 'namespace:value names the customer where identifiers do not' },
    time: { type: 'string', format: 'date-time' },
    channel: { type: 'string' },
    identifiers: { type: 'array', items: { type: 'object' } },
    data: {},
  },
};

const BODY = {
  required: true,
  content: {
    'application/json': { schema: { anyOf: [EVENT, { type: 'array', items: EVENT }] } },
    'application/cloudevents+json': { schema: CLOUD_EVENT },
    'application/cloudevents-batch+json': { schema: { type: 'array', items: CLOUD_EVENT } },
    'application/x-ndjson': {
      schema: { type: 'string', description: 'One touchpoint, or one CloudEvent in the JSON format, on each line' },
    },
  },
};

/** Where channels publish what happened between them and a customer. */
@ApiTags('intake')
@Controller('touchpoints')
@UseFilters(StoreProblems)
export class TouchpointsController {
  constructor(
    private readonly commands: CommandBus,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(EVENT_LOG) private readonly log: EventLog,
  ) {}

  @Post()
  @HttpCode(200)
  @Allow('publish')
  @ApiOperation({
    summary: 'Publish touchpoints',
    description:
      'One event, a batch, or a stream of lines. Each event has one outcome: accepted, duplicate, quarantined with its reason, or suppressed. A batch is never rejected for one bad event. Every outcome told here is durable. A CloudEvent in binary mode carries its attributes in ce- headers, and ours beside them: ce-channel, ce-identifiers (JSON text).',
    requestBody: BODY,
  })
  @ApiQuery({
    name: 'verbose',
    required: false,
    type: Boolean,
    description: `List the accepted events too; of a stream at most ${LISTED_MAX} results are listed, the others first`,
  })
  @ApiExtraModels(ItemResultView)
  @ApiOkResponse({ schema: { $ref: getSchemaPath(IngestResultView) } })
  @ApiExtraModels(IngestResultView)
  @ApiProblems(400, 413, 415, 429, 503, 507)
  async publish(@Req() request: TouchpointsRequest, @Query('verbose') verbose?: string): Promise<IngestResultView> {
    const all = verbose === 'true' || verbose === '1' || verbose === '';
    const { body, headers } = request;
    if (body !== undefined && !Buffer.isBuffer(body)) return this.publishStream(body, all);
    const items = readHttpMessage(headers, body ?? Buffer.alloc(0));
    if ('status' in items) throw new Problem(items.status, { detail: items.detail });
    const { maxBatchEvents } = this.config;
    if (items.length > maxBatchEvents)
      throw new Problem(413, {
        type: 'batch-too-large',
        detail: `The batch holds ${items.length} events, at most ${maxBatchEvents} are taken: send several, or NDJSON.`,
      });
    const taken = await this.take(items);
    return { ...taken.counts, results: all || items.length === 1 ? taken.results : taken.exceptions };
  }

  /** A stream is taken slice by slice while it arrives: the next is read while the last is being stored. */
  private async publishStream(stream: Readable, all: boolean): Promise<IngestResultView> {
    const account = new StreamAccount(all, LISTED_MAX);
    const { maxBatchEvents: sliceEvents, maxBodyBytes: lineBytes } = this.config;
    let underWay: Promise<IngestResult> | null = null;
    for await (const slice of readNdjson(stream, {
      sliceEvents: Math.min(sliceEvents, 2_000),
      sliceBytes: SLICE_BYTES,
      lineBytes,
    })) {
      if (underWay !== null) account.add(await underWay);
      underWay = this.take(slice);
      // Awaited in its turn; until then its failure must not pass as unhandled.
      underWay.catch(() => undefined);
    }
    if (underWay !== null) account.add(await underWay);
    return account.view;
  }

  private take(items: readonly IngestItem[]): Promise<IngestResult> {
    return this.commands.execute(new IngestTouchpoints(items, this.clock.now()));
  }

  @Get('outcome')
  @Allow('read')
  @ApiOperation({
    summary: 'The outcome of one event, by its source and id',
    description: 'Asked of the log itself: for a sender whose answer got lost. Quarantined events: see /v1/quarantine.',
  })
  @ApiQuery({ name: 'source', example: 'shop' })
  @ApiQuery({ name: 'id', example: 'order-1042' })
  @ApiOkResponse({ type: EventOutcomeView })
  @ApiProblems(400)
  async outcome(@Query('source') source?: unknown, @Query('id') id?: unknown): Promise<EventOutcomeView> {
    if (typeof source !== 'string' || source === '' || typeof id !== 'string' || id === '')
      throw new Problem(400, { detail: 'Give the source and the id of the event, each once.' });
    const [event] = await this.log.find([{ source, id }]);
    if (event === null || event === undefined) return { outcome: 'unknown' };
    return {
      outcome: 'accepted',
      position: event.position,
      type: event.type,
      occurredAt: formatInstant(event.occurredAt),
      recordedAt: formatInstant(event.recordedAt),
    };
  }
}
