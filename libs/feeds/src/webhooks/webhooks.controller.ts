import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { formatInstant, type Instant } from '#contracts';
import { CLOCK, type Clock } from '#platform';
import { Allow, ApiProblems, Problem } from '#platform/nest';
import { parseEndpoint, parseMessages, parseNumber, parseReplay, parseStatus } from './parse-endpoint.js';
import type { WebhookDispatcher } from './dispatcher.js';
import type { Endpoints } from './endpoints.js';
import type { EgressPolicy } from './egress-policy.js';
import { DeadLettersToSend, NewWebhook, WebhookChange, WebhookReplayRequest } from './bodies.js';
import {
  deliveryView,
  DeliveryView,
  NewSecretView,
  NewWebhookView,
  ReplayedView,
  webhookView,
  WebhookView,
} from './views.js';

/** What the routes use. */
export interface Webhooks {
  readonly endpoints: Endpoints;
  readonly dispatcher: WebhookDispatcher;
  readonly egressPolicy: EgressPolicy;
  /** The log, where this process has it: it finds the position of an instant. */
  readonly log: { positionAt(instant: Instant): Promise<number> } | null;
}

export const WEBHOOKS = Symbol.for('perennial.webhooks');

const ENDPOINT = /^[0-9a-f]{32}$/;
const PAGE = 100;
const PAGE_MAX = 1_000;

const Id = (): MethodDecorator => ApiParam({ name: 'id', schema: { type: 'string', pattern: ENDPOINT.source } });
const PAGE_PARAMETERS = [
  { name: 'after', description: 'the `seq` of the last one of the page before', max: Number.MAX_SAFE_INTEGER },
  { name: 'limit', description: `how many at most; ${PAGE} by default`, max: PAGE_MAX },
] as const;
const Paged = (): MethodDecorator => (target, key, descriptor) => {
  for (const { name, description, max } of PAGE_PARAMETERS)
    ApiQuery({ name, required: false, description, schema: { type: 'integer', minimum: 0, maximum: max } })(
      target,
      key,
      descriptor,
    );
};

/** Webhook endpoints, for channels without Kafka: register, watch, pause, replay and delete them. */
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
    summary: 'Register an endpoint; only this answer shows its secret',
    description: 'Messages published from now on are sent to it.',
  })
  @ApiBody({ type: NewWebhook })
  @ApiCreatedResponse({ type: NewWebhookView })
  @ApiProblems(400, 409, 413, 415, 422)
  async register(@Body() body: unknown): Promise<NewWebhookView> {
    const { url, feeds } = parseEndpoint(body, this.webhooks.egressPolicy);
    const registered = await (await this.endpoints()).register(url, feeds);
    if (registered === null)
      throw new Problem(409, { detail: 'The number of webhooks has reached its limit: delete one first.' });
    this.webhooks.dispatcher.wake();
    return { ...webhookView(registered.endpoint, this.clock.now()), secret: registered.secret };
  }

  @Get()
  @ApiOperation({ summary: 'All endpoints, with the state of each' })
  @ApiOkResponse({ type: [WebhookView] })
  async list(): Promise<WebhookView[]> {
    const now = this.clock.now();
    return (await (await this.endpoints()).list()).map((endpoint) => webhookView(endpoint, now));
  }

  @Get(':id')
  @Id()
  @ApiOperation({ summary: 'One endpoint and its state' })
  @ApiOkResponse({ type: WebhookView })
  @ApiProblems(404)
  async find(@Param('id') id: string): Promise<WebhookView> {
    return webhookView(there(await (await this.endpoints()).find(known(id))), this.clock.now());
  }

  @Patch(':id')
  @Id()
  @ApiOperation({
    summary: 'Pause an endpoint, or activate it and send at once',
    description:
      'Messages published while it is paused stay pending. An endpoint that failed or is gone gets, once active, the messages published from then on.',
  })
  @ApiBody({ type: WebhookChange })
  @ApiOkResponse({ type: WebhookView })
  @ApiProblems(400, 404, 413, 415, 422)
  async change(@Param('id') id: string, @Body() body: unknown): Promise<WebhookView> {
    const endpoint = there(await (await this.endpoints()).setStatus(known(id), parseStatus(body)));
    this.webhooks.dispatcher.wake();
    return webhookView(endpoint, this.clock.now());
  }

  @Delete(':id')
  @HttpCode(200)
  @Id()
  @ApiOperation({ summary: 'Delete an endpoint, its pending messages and dead letters, and its secret' })
  @ApiOkResponse({ type: WebhookView })
  @ApiProblems(404)
  async remove(@Param('id') id: string): Promise<WebhookView> {
    return webhookView(there(await (await this.endpoints()).remove(known(id))), this.clock.now());
  }

  @Post(':id/secrets')
  @Id()
  @ApiOperation({
    summary: 'Give an endpoint a new secret; only this answer shows it',
    description: 'For a day the former secret signs too.',
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
  @ApiOperation({ summary: 'The pending messages of an endpoint, in the order of sending' })
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
  @ApiOperation({ summary: 'The dead letters of an endpoint, with the reason of each' })
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
    description: 'With their original ids and in their original order, before newer messages.',
  })
  @ApiBody({ type: DeadLettersToSend, required: false })
  @ApiOkResponse({ type: ReplayedView })
  @ApiProblems(400, 404, 413, 415, 422)
  async sendDeadLetters(@Param('id') id: string, @Body() body?: unknown): Promise<ReplayedView> {
    const messages = parseMessages(body);
    const replayed = there(await (await this.endpoints()).replayDeadLetters(known(id), messages));
    this.webhooks.dispatcher.wake();
    return { replayed };
  }

  @Post(':id/replays')
  @HttpCode(200)
  @Id()
  @ApiOperation({
    summary: 'Send an endpoint what was published from a position or an instant on; or what it missed',
    description:
      'Sets it active. Replayed messages have their original ids and the header perennial-replay, customer by customer, each one’s in order; live messages go on in between, and other endpoints get nothing. `replay` in the endpoint’s state shows the progress.',
  })
  @ApiBody({ type: WebhookReplayRequest, required: false })
  @ApiOkResponse({ type: WebhookView })
  @ApiProblems(400, 404, 409, 413, 415, 422)
  async replay(@Param('id') id: string, @Body() body?: unknown): Promise<WebhookView> {
    const from = parseReplay(body);
    const requested = await this.webhooks.dispatcher.replay(
      known(id),
      from === null ? null : await this.positionOf(from),
    );
    if (requested === 'nothing-missed')
      throw new Problem(409, { detail: 'The endpoint missed nothing: give fromPosition or from.' });
    return this.find(id);
  }

  private async positionOf(from: { readonly position: number } | { readonly instant: Instant }): Promise<number> {
    if ('position' in from) return from.position;
    const { log } = this.webhooks;
    if (log === null)
      throw new Problem(422, {
        detail: 'This process has no event log in which to find an instant.',
        errors: [{ pointer: '#/from', detail: 'cannot be resolved by this process', hint: 'give fromPosition' }],
      });
    return log.positionAt(from.instant);
  }

  private async listed(id: string, dead: boolean, after: unknown, limit: unknown): Promise<DeliveryView[]> {
    const page = {
      ...{ dead, after: parseNumber('after', after, 0, Number.MAX_SAFE_INTEGER) },
      limit: parseNumber('limit', limit, PAGE, PAGE_MAX),
    };
    return there(await (await this.endpoints()).deliveries(known(id), page)).map(deliveryView);
  }

  private async endpoints(): Promise<Endpoints> {
    await this.webhooks.dispatcher.ready();
    return this.webhooks.endpoints;
  }
}

function known(id: string): string {
  if (!ENDPOINT.test(id)) throw new Problem(404, { detail: 'There is no webhook with this id.' });
  return id;
}

function there<T>(found: T | null): T {
  if (found === null) throw new Problem(404, { detail: 'There is no webhook with this id.' });
  return found;
}
