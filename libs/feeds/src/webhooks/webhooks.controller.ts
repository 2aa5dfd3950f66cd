import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { formatInstant, type Instant } from '#contracts';
import { CLOCK, type Clock } from '#platform';
import { Allow, ApiProblems, Problem } from '#platform/nest';
import { parseEndpoint, parseMessages, parseNumber, parseReplay, parseStatus } from './parse-endpoint.js';
import type { WebhookDispatcher } from './dispatcher.js';
import type { Endpoints } from './endpoints.js';
import type { EgressPolicy } from './egress-policy.js';
import {
  DeadLettersToSend,
  deliveryView,
  DeliveryView,
  NewSecretView,
  NewWebhook,
  NewWebhookView,
  ReplayedView,
  WebhookChange,
  WebhookReplayRequest,
  webhookView,
  WebhookView,
} from './views.js';

/** What the routes need. */
export interface Webhooks {
  readonly endpoints: Endpoints;
  readonly dispatcher: WebhookDispatcher;
  readonly reach: EgressPolicy;
  /** The log, where this process has it: it tells which position an instant is. */
  readonly log: { positionAt(instant: Instant): Promise<number> } | null;
}

export const WEBHOOKS = Symbol.for('perennial.webhooks');

const ENDPOINT = /^[0-9a-f]{32}$/;
const PAGE = 100;
const PAGE_MAX = 1_000;

const Id = (): MethodDecorator => ApiParam({ name: 'id', schema: { type: 'string', pattern: ENDPOINT.source } });
const page = [
  { name: 'after', description: 'the `seq` of the last one seen', max: Number.MAX_SAFE_INTEGER },
  { name: 'limit', description: `how many at most; ${PAGE} unless given`, max: PAGE_MAX },
] as const;
const Paged = (): MethodDecorator => (target, key, descriptor) => {
  for (const { name, description, max } of page)
    ApiQuery({ name, required: false, description, schema: { type: 'integer', minimum: 0, maximum: max } })(
      target,
      key,
      descriptor,
    );
};

/** The feeds by webhook, for channels without Kafka: who is told, and how it goes. */
@ApiTags('webhooks')
@Controller('webhooks')
@Allow('operate')
export class WebhooksController {
  constructor(
    @Inject(WEBHOOKS) private readonly webhooks: Webhooks,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Register an endpoint; the answer is the only time that its secret is shown',
    description: 'It is told what is said from now on.',
  })
  @ApiBody({ type: NewWebhook })
  @ApiCreatedResponse({ type: NewWebhookView })
  @ApiProblems(400, 409, 413, 415, 422)
  async register(@Body() body: unknown): Promise<NewWebhookView> {
    const { url, feeds } = parseEndpoint(body, this.webhooks.reach);
    const registered = await (await this.endpoints()).register(url, feeds);
    if (registered === null)
      throw new Problem(409, { detail: 'There are as many webhooks as there may be: take one away first.' });
    this.webhooks.dispatcher.wake();
    return { ...webhookView(registered.endpoint, this.clock.now()), secret: registered.secret };
  }

  @Get()
  @ApiOperation({ summary: 'All endpoints, and how each fares' })
  @ApiOkResponse({ type: [WebhookView] })
  async list(): Promise<WebhookView[]> {
    const now = this.clock.now();
    return (await (await this.endpoints()).list()).map((endpoint) => webhookView(endpoint, now));
  }

  @Get(':id')
  @Id()
  @ApiOperation({ summary: 'One endpoint, and how it fares' })
  @ApiOkResponse({ type: WebhookView })
  @ApiProblems(404)
  async find(@Param('id') id: string): Promise<WebhookView> {
    return webhookView(there(await (await this.endpoints()).find(known(id))), this.clock.now());
  }

  @Patch(':id')
  @Id()
  @ApiOperation({
    summary: 'Let an endpoint rest, or send to it at once',
    description:
      'What is said while it is paused waits for it; one that failed or is gone gets what is said from then on.',
  })
  @ApiBody({ type: WebhookChange })
  @ApiOkResponse({ type: WebhookView })
  @ApiProblems(400, 404, 413, 415, 422)
  async change(@Param('id') id: string, @Body() body: unknown): Promise<WebhookView> {
    const endpoint = there(await (await this.endpoints()).turn(known(id), parseStatus(body)));
    this.webhooks.dispatcher.wake();
    return webhookView(endpoint, this.clock.now());
  }

  @Delete(':id')
  @HttpCode(200)
  @Id()
  @ApiOperation({ summary: 'Forget an endpoint, what was on its way to it, and its secret' })
  @ApiOkResponse({ type: WebhookView })
  @ApiProblems(404)
  async remove(@Param('id') id: string): Promise<WebhookView> {
    return webhookView(there(await (await this.endpoints()).remove(known(id))), this.clock.now());
  }

  @Post(':id/secrets')
  @Id()
  @ApiOperation({
    summary: 'Give an endpoint a new secret; the answer is the only time that it is shown',
    description: 'For a day the one before signs as well.',
  })
  @ApiCreatedResponse({ type: NewSecretView })
  @ApiProblems(400, 404, 413, 415)
  async rotate(@Param('id') id: string): Promise<NewSecretView> {
    const { secret, formerUntil } = there(await (await this.endpoints()).rotate(known(id)));
    return { secret, formerUntil: formatInstant(formerUntil) };
  }

  @Get(':id/deliveries')
  @Id()
  @Paged()
  @ApiOperation({ summary: 'What waits for an endpoint, in the order in which it will be sent' })
  @ApiOkResponse({ type: [DeliveryView] })
  @ApiProblems(400, 404)
  deliveries(
    @Param('id') id: string,
    @Query('after') after?: unknown,
    @Query('limit') limit?: unknown,
  ): Promise<DeliveryView[]> {
    return this.listed(id, false, after, limit);
  }

  @Get(':id/dead-letters')
  @Id()
  @Paged()
  @ApiOperation({ summary: 'What was given up, with the reason' })
  @ApiOkResponse({ type: [DeliveryView] })
  @ApiProblems(400, 404)
  deadLetters(
    @Param('id') id: string,
    @Query('after') after?: unknown,
    @Query('limit') limit?: unknown,
  ): Promise<DeliveryView[]> {
    return this.listed(id, true, after, limit);
  }

  @Post(':id/dead-letters/replays')
  @HttpCode(200)
  @Id()
  @ApiOperation({
    summary: 'Send dead letters again',
    description: 'Under the names that they had, in their old order, before what is younger.',
  })
  @ApiBody({ type: DeadLettersToSend, required: false })
  @ApiOkResponse({ type: ReplayedView })
  @ApiProblems(400, 404, 413, 415, 422)
  async replay(@Param('id') id: string, @Body() body?: unknown): Promise<ReplayedView> {
    const messages = parseMessages(body);
    const replayed = there(await (await this.endpoints()).replayDeadLetters(known(id), messages));
    this.webhooks.dispatcher.wake();
    return { replayed };
  }

  @Post(':id/replays')
  @HttpCode(200)
  @Id()
  @ApiOperation({
    summary: 'Tell an endpoint again what was said, from a position or an instant on; or what it missed',
    description:
      'Sets it active. What is told again bears its old names and the header perennial-replay, customer by customer, each one’s in order; what is said now goes on between, and no other endpoint notices. `replay` in how it fares says how far it is.',
  })
  @ApiBody({ type: WebhookReplayRequest, required: false })
  @ApiOkResponse({ type: WebhookView })
  @ApiProblems(400, 404, 409, 413, 415, 422)
  async tellAgain(@Param('id') id: string, @Body() body?: unknown): Promise<WebhookView> {
    const asked = parseReplay(body);
    const begun = await this.webhooks.dispatcher.replay(
      known(id),
      asked === null ? null : await this.positionOf(asked),
    );
    if (begun === 'nothing-missed')
      throw new Problem(409, { detail: 'It missed nothing: say from where with fromPosition or from.' });
    return this.find(id);
  }

  private async positionOf(asked: { readonly position: number } | { readonly instant: Instant }): Promise<number> {
    if ('position' in asked) return asked.position;
    const { log } = this.webhooks;
    if (log === null)
      throw new Problem(422, {
        detail: 'This process has no log to look an instant up in.',
        errors: [{ pointer: '#/from', detail: 'cannot be looked up here', hint: 'give fromPosition' }],
      });
    return log.positionAt(asked.instant);
  }

  private async listed(id: string, dead: boolean, after: unknown, limit: unknown): Promise<DeliveryView[]> {
    const asked = {
      ...{ dead, after: parseNumber('after', after, 0, Number.MAX_SAFE_INTEGER) },
      limit: parseNumber('limit', limit, PAGE, PAGE_MAX),
    };
    return there(await (await this.endpoints()).deliveries(known(id), asked)).map(deliveryView);
  }

  private async endpoints(): Promise<Endpoints> {
    await this.webhooks.dispatcher.ready();
    return this.webhooks.endpoints;
  }
}

function known(id: string): string {
  if (!ENDPOINT.test(id)) throw new Problem(404, { detail: 'There is no webhook of this id.' });
  return id;
}

function there<T>(found: T | null): T {
  if (found === null) throw new Problem(404, { detail: 'There is no webhook of this id.' });
  return found;
}
