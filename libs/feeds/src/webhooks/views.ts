import { ApiProperty } from '@nestjs/swagger';
import { formatInstant, type Instant } from '#contracts';
import type { DeliveryRecord, EndpointRecord, EndpointStatus } from './endpoints.js';

const ID = { pattern: '^[0-9a-f]{32}$' };
const INSTANT = { type: String, format: 'date-time' } as const;
const OPTIONAL_INSTANT = { ...INSTANT, nullable: true } as const;

export class WebhookReplayView {
  @ApiProperty({ description: 'the header perennial-replay of each of its messages' })
  readonly id!: string;
  @ApiProperty()
  readonly fromPosition!: number;
  @ApiProperty(INSTANT)
  readonly beganAt!: string;
  @ApiProperty({ description: 'messages enqueued so far, delivered ones included' })
  readonly enqueued!: number;
}

export class WebhookView {
  @ApiProperty(ID)
  readonly id!: string;
  @ApiProperty()
  readonly url!: string;
  @ApiProperty({ type: [String] })
  readonly feeds!: readonly string[];
  @ApiProperty({
    enum: ['active', 'paused', 'suspended', 'failed', 'gone'],
    description:
      'paused: by an operator; suspended: too many messages were pending, or for too long; failed: accepted nothing for five days; gone: answered 410',
  })
  readonly status!: EndpointStatus;
  @ApiProperty(INSTANT)
  readonly createdAt!: string;
  @ApiProperty({ description: 'messages delivered since it was registered' })
  readonly delivered!: number;
  @ApiProperty({ description: 'messages that are pending for it' })
  readonly pending!: number;
  @ApiProperty({ description: 'age of the oldest pending message in seconds; 0 where none is pending' })
  readonly lagSeconds!: number;
  @ApiProperty({ description: 'messages that were given up' })
  readonly deadLetters!: number;
  @ApiProperty({ description: 'failed attempts in a row' })
  readonly failures!: number;
  @ApiProperty(OPTIONAL_INSTANT)
  readonly lastAttemptAt!: string | null;
  @ApiProperty(OPTIONAL_INSTANT)
  readonly lastDeliveredAt!: string | null;
  @ApiProperty({ type: Number, nullable: true, description: 'status of the last answer; null where there was none' })
  readonly lastStatus!: number | null;
  @ApiProperty({ type: String, nullable: true, description: 'why the last attempt failed; null where it succeeded' })
  readonly lastReason!: string | null;
  @ApiProperty({ ...OPTIONAL_INSTANT, description: 'nothing is sent before' })
  readonly nextAttemptAt!: string | null;
  @ApiProperty({
    description: 'messages published while it was suspended or failed; only a replay sends them',
  })
  readonly missed!: number;
  @ApiProperty({ type: Number, nullable: true, description: 'the log position from which a replay sends them' })
  readonly missedFrom!: number | null;
  @ApiProperty({ ...OPTIONAL_INSTANT, description: 'when the first of them was published' })
  readonly missedSince!: string | null;
  @ApiProperty({ type: () => WebhookReplayView, nullable: true, description: 'its running replay' })
  readonly replay!: WebhookReplayView | null;
}

export class NewWebhookView extends WebhookView {
  @ApiProperty({ description: 'Signs the messages. Shown only this once.', example: 'whsec_…' })
  readonly secret!: string;
}

export class NewSecretView {
  @ApiProperty({ description: 'Signs the messages from now on. Shown only this once.', example: 'whsec_…' })
  readonly secret!: string;
  @ApiProperty({ ...INSTANT, description: 'until then the former secret signs too' })
  readonly formerUntil!: string;
}

export class DeliveryView {
  @ApiProperty({ description: 'its place in the order; pass that of the last one as `after` to get the next page' })
  readonly seq!: number;
  @ApiProperty({ description: 'webhook-id, and the id of the CloudEvent' })
  readonly id!: string;
  @ApiProperty()
  readonly feed!: string;
  @ApiProperty({ description: 'the customer' })
  readonly key!: string;
  @ApiProperty(INSTANT)
  readonly createdAt!: string;
  @ApiProperty()
  readonly attempts!: number;
  @ApiProperty({ type: Number, nullable: true })
  readonly lastStatus!: number | null;
  @ApiProperty({ type: String, nullable: true })
  readonly lastReason!: string | null;
  @ApiProperty({ ...OPTIONAL_INSTANT, description: 'when it became a dead letter' })
  readonly deadAt!: string | null;
}

export class ReplayedView {
  @ApiProperty()
  readonly replayed!: number;
}

const instant = (at: Instant | null): string | null => (at === null ? null : formatInstant(at));

export const webhookView = (endpoint: EndpointRecord, now: Instant): WebhookView => ({
  id: endpoint.id,
  url: endpoint.url,
  feeds: endpoint.feeds,
  status: endpoint.status,
  createdAt: formatInstant(endpoint.createdAt),
  delivered: endpoint.delivered,
  pending: endpoint.pending,
  lagSeconds: lagSeconds(endpoint, now),
  deadLetters: endpoint.deadLetters,
  failures: endpoint.failures,
  lastAttemptAt: instant(endpoint.lastAttemptAt),
  lastDeliveredAt: instant(endpoint.lastDeliveredAt),
  lastStatus: endpoint.lastStatus,
  lastReason: endpoint.lastReason,
  nextAttemptAt: instant(endpoint.nextAttemptAt),
  missed: endpoint.missed,
  missedFrom: endpoint.missedFrom,
  missedSince: instant(endpoint.missedSince),
  replay: endpoint.replay === null ? null : { ...endpoint.replay, beganAt: formatInstant(endpoint.replay.beganAt) },
});

export const newSecretView = ({
  secret,
  formerUntil,
}: {
  readonly secret: string;
  readonly formerUntil: Instant;
}): NewSecretView => ({ secret, formerUntil: formatInstant(formerUntil) });

export const lagSeconds = ({ oldestPendingAt }: EndpointRecord, now: Instant): number =>
  oldestPendingAt === null ? 0 : Math.max(0, (now - oldestPendingAt) / 1_000);

export const deliveryView = ({ createdAt, deadAt, ...delivery }: DeliveryRecord): DeliveryView => ({
  ...delivery,
  createdAt: formatInstant(createdAt),
  deadAt: instant(deadAt),
});
