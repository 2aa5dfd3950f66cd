import {
  applyDecorators,
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
} from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { parseInstant, type Instant, type JsonSchema } from '#contracts';
import { actorOf, CLOCK, type Clock, type Principal } from '#platform';
import {
  Allow,
  ApiDocument,
  ApiProblems,
  CurrentPrincipal,
  DocumentPipe,
  openApiSchema,
  Problem,
  Records,
  RecordsOperation,
} from '#platform/nest';
import {
  DEAD_LETTERS_TO_SEND,
  DELIVERY_PAGE,
  NEW_WEBHOOK,
  WEBHOOK_CHANGE,
  WEBHOOK_REPLAY,
  type DeadLettersToSend,
  type DeliveryPage,
  type NewWebhook,
  type WebhookChange,
  type WebhookReplay,
} from './bodies.js';
import type { WebhookDispatcher } from './dispatcher.js';
import type { EgressPolicy } from './egress-policy.js';
import type { Endpoints } from './endpoints.js';
import type { RegistrationLog } from './registrations.js';
import {
  deliveryView,
  DeliveryView,
  newSecretView,
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
  readonly log: ({ positionAt(instant: Instant): Promise<number> } & RegistrationLog) | null;
}

export const WEBHOOKS = Symbol.for('perennial.webhooks');

const WEBHOOK_ID = /^[0-9a-f]{32}$/;

const ApiWebhookId = (): MethodDecorator =>
  ApiParam({ name: 'id', schema: { type: 'string', pattern: WEBHOOK_ID.source } });

const ApiDeliveryPage = (): MethodDecorator =>
  applyDecorators(
    ...Object.entries(DELIVERY_PAGE.schema['properties'] as Readonly<Record<string, JsonSchema>>).map(
      ([name, schema]) => ApiQuery({ name, required: false, schema: openApiSchema(schema) }),
    ),
  );

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
  @Records('webhook-registered')
  @ApiOperation({
    operationId: 'registerWebhook',
    summary: 'Register an endpoint; only this answer shows its secret',
    description: 'Messages published from now on are sent to it.',
  })
  @ApiDocument(NEW_WEBHOOK)
  @ApiCreatedResponse({ type: NewWebhookView })
  @ApiProblems(409, 413)
  async register(
    @Body(new DocumentPipe(NEW_WEBHOOK, 'The webhook cannot be registered.')) { url, feeds }: NewWebhook,
    @CurrentPrincipal() caller: Principal,
  ): Promise<NewWebhookView> {
    const rejection = this.webhooks.egressPolicy.rejection(url);
    if (rejection !== null)
      throw new Problem(422, {
        type: 'invalid',
        detail: 'The webhook cannot be registered.',
        errors: [
          { pointer: '#/url', detail: rejection, hint: 'give an https URL, or have WEBHOOK_HOSTS allow its host' },
        ],
      });
    url.hash = '';
    const registered = await (await this.endpoints()).register(url.href, [...new Set(feeds)], actorOf(caller));
    if (registered === null)
      throw new Problem(409, { detail: 'The number of webhooks has reached its limit: delete one first.' });
    this.webhooks.dispatcher.wake();
    return { ...webhookView(registered.endpoint, this.clock.now()), secret: registered.secret };
  }

  @Get()
  @ApiOperation({ operationId: 'listWebhooks', summary: 'All endpoints, with the state of each' })
  @ApiOkResponse({ type: [WebhookView] })
  async list(): Promise<WebhookView[]> {
    const now = this.clock.now();
    return (await (await this.endpoints()).list()).map((endpoint) => webhookView(endpoint, now));
  }

  @Get(':id')
  @ApiWebhookId()
  @ApiOperation({ operationId: 'getWebhook', summary: 'One endpoint and its state' })
  @ApiOkResponse({ type: WebhookView })
  @ApiProblems(404)
  async find(@Param('id') id: string): Promise<WebhookView> {
    return webhookView(existing(await (await this.endpoints()).find(webhookId(id))), this.clock.now());
  }

  @Patch(':id')
  @Records('webhook-changed')
  @ApiWebhookId()
  @ApiOperation({
    operationId: 'changeWebhook',
    summary: 'Pause an endpoint, or activate it and send at once',
    description:
      'Messages published while it is paused stay pending. An endpoint that failed or is gone gets, once active, the messages published from then on.',
  })
  @ApiDocument(WEBHOOK_CHANGE)
  @ApiOkResponse({ type: WebhookView })
  @ApiProblems(404, 413)
  async change(
    @Param('id') id: string,
    @Body(new DocumentPipe(WEBHOOK_CHANGE, 'The webhook cannot be changed.')) { status }: WebhookChange,
    @CurrentPrincipal() caller: Principal,
  ): Promise<WebhookView> {
    const endpoint = existing(await (await this.endpoints()).setStatus(webhookId(id), status, actorOf(caller)));
    this.webhooks.dispatcher.wake();
    return webhookView(endpoint, this.clock.now());
  }

  @Delete(':id')
  @Records('webhook-changed')
  @HttpCode(200)
  @ApiWebhookId()
  @ApiOperation({
    operationId: 'deleteWebhook',
    summary: 'Delete an endpoint, its pending messages and dead letters, and its secret',
  })
  @ApiOkResponse({ type: WebhookView })
  @ApiProblems(404)
  async remove(@Param('id') id: string, @CurrentPrincipal() caller: Principal): Promise<WebhookView> {
    return webhookView(
      existing(await (await this.endpoints()).remove(webhookId(id), actorOf(caller))),
      this.clock.now(),
    );
  }

  @Post(':id/secrets')
  @Records('webhook-changed')
  @ApiWebhookId()
  @ApiOperation({
    operationId: 'rotateWebhookSecret',
    summary: 'Give an endpoint a new secret; only this answer shows it',
    description: 'For a day the former secret signs too.',
  })
  @ApiCreatedResponse({ type: NewSecretView })
  @ApiProblems(400, 404, 413, 415)
  async rotate(@Param('id') id: string, @CurrentPrincipal() caller: Principal): Promise<NewSecretView> {
    return newSecretView(existing(await (await this.endpoints()).rotate(webhookId(id), actorOf(caller))));
  }

  @Get(':id/deliveries')
  @ApiWebhookId()
  @ApiDeliveryPage()
  @ApiOperation({
    operationId: 'listWebhookDeliveries',
    summary: 'The pending messages of an endpoint, in the order of sending',
  })
  @ApiOkResponse({ type: [DeliveryView] })
  @ApiProblems(400, 404)
  deliveries(@Param('id') id: string, @Query() query: unknown): Promise<DeliveryView[]> {
    return this.listDeliveries(id, false, query);
  }

  @Get(':id/dead-letters')
  @ApiWebhookId()
  @ApiDeliveryPage()
  @ApiOperation({
    operationId: 'listWebhookDeadLetters',
    summary: 'The dead letters of an endpoint, with the reason of each',
  })
  @ApiOkResponse({ type: [DeliveryView] })
  @ApiProblems(400, 404)
  deadLetters(@Param('id') id: string, @Query() query: unknown): Promise<DeliveryView[]> {
    return this.listDeliveries(id, true, query);
  }

  @Post(':id/dead-letters/replays')
  @RecordsOperation('dead-letters-replayed')
  @HttpCode(200)
  @ApiWebhookId()
  @ApiOperation({
    operationId: 'sendWebhookDeadLetters',
    summary: 'Send dead letters again',
    description: 'With their original ids and in their original order, before newer messages.',
  })
  @ApiDocument(DEAD_LETTERS_TO_SEND, { required: false })
  @ApiOkResponse({ type: ReplayedView })
  @ApiProblems(404, 413)
  async sendDeadLetters(
    @Param('id') id: string,
    @Body(new DocumentPipe(DEAD_LETTERS_TO_SEND, 'The dead letters cannot be sent.')) { messages }: DeadLettersToSend,
  ): Promise<ReplayedView> {
    const replayed = existing(await (await this.endpoints()).replayDeadLetters(webhookId(id), messages ?? null));
    this.webhooks.dispatcher.wake();
    return { replayed };
  }

  @Post(':id/replays')
  @RecordsOperation('webhook-replayed')
  @HttpCode(200)
  @ApiWebhookId()
  @ApiOperation({
    operationId: 'replayWebhook',
    summary: 'Send an endpoint what was published from a position or an instant on; or what it missed',
    description:
      'Sets it active. Replayed messages have their original ids and the header perennial-replay, customer by customer, each one’s in order; live messages go on in between, and other endpoints get nothing. `replay` in the endpoint’s state shows the progress.',
  })
  @ApiDocument(WEBHOOK_REPLAY, { required: false })
  @ApiOkResponse({ type: WebhookView })
  @ApiProblems(404, 409, 413)
  async replay(
    @Param('id') id: string,
    @Body(new DocumentPipe(WEBHOOK_REPLAY, 'The replay cannot begin.')) beginning: WebhookReplay,
  ): Promise<WebhookView> {
    const requested = await this.webhooks.dispatcher.replay(webhookId(id), await this.positionOf(beginning));
    if (requested === 'nothing-missed')
      throw new Problem(409, { detail: 'The endpoint missed nothing: give fromPosition or from.' });
    return this.find(id);
  }

  /** Null: the position of what the endpoint missed. */
  private async positionOf({ fromPosition, from }: WebhookReplay): Promise<number | null> {
    const instant = from === undefined ? null : parseInstant(from);
    if (instant === null) return fromPosition ?? null;
    const { log } = this.webhooks;
    if (log === null)
      throw new Problem(422, {
        detail: 'This process has no event log in which to find an instant.',
        errors: [{ pointer: '#/from', detail: 'cannot be resolved by this process', hint: 'give fromPosition' }],
      });
    return log.positionAt(instant);
  }

  private async listDeliveries(id: string, dead: boolean, query: unknown): Promise<DeliveryView[]> {
    const page = deliveryPage(query);
    return existing(await (await this.endpoints()).deliveries(webhookId(id), { dead, ...page })).map(deliveryView);
  }

  private async endpoints(): Promise<Endpoints> {
    await this.webhooks.dispatcher.ready();
    return this.webhooks.endpoints;
  }
}

function deliveryPage(query: unknown): DeliveryPage {
  const reading = DELIVERY_PAGE.read(query);
  if (reading.ok) return reading.value;
  throw new Problem(400, { detail: 'The query parameters are not valid.', errors: reading.errors });
}

function webhookId(id: string): string {
  if (!WEBHOOK_ID.test(id)) throw noWebhook();
  return id;
}

function existing<T>(found: T | null): T {
  if (found === null) throw noWebhook();
  return found;
}

const noWebhook = (): Problem => new Problem(404, { detail: 'There is no webhook with this id.' });
