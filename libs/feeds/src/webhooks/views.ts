import { ApiProperty } from '@nestjs/swagger';
import { formatInstant, type Instant } from '#contracts';
import type { DeliveryRecord, EndpointRecord, EndpointStatus } from './endpoints.js';

const ID = { pattern: '^[0-9a-f]{32}$' };
const MOMENT = { type: String, format: 'date-time', nullable: true } as const;

export class NewWebhook {
  @ApiProperty({
    example: 'https://hooks.example/perennial',
    maxLength: 2048,
    description: 'https; http to hosts that WEBHOOK_HOSTS allows by name, and to this machine',
  })
  readonly url!: string;
  @ApiProperty({
    type: [String],
    required: false,
    example: ['perennial.stage-changes'],
    description: 'All feeds unless given',
  })
  readonly feeds?: readonly string[];
}

export class WebhookChange {
  @ApiProperty({ enum: ['active', 'paused'] })
  readonly status!: 'active' | 'paused';
}

export class WebhookReplayView {
  @ApiProperty({ description: 'stands in the header perennial-replay of each of its messages' })
  readonly id!: string;
  @ApiProperty()
  readonly fromPosition!: number;
  @ApiProperty({ type: String, format: 'date-time' })
  readonly beganAt!: string;
  @ApiProperty({ description: 'messages that are on their way, or taken, by now' })
  readonly told!: number;
}

export class WebhookReplayRequest {
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    required: false,
    description: 'what rests on less of the log than this is left out; what it missed is told unless said otherwise',
  })
  readonly fromPosition?: number;
  @ApiProperty({
    type: String,
    format: 'date-time',
    required: false,
    description: 'instead of a position: what rests on the log as it stood then, or on more of it',
  })
  readonly from?: string;
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
      'paused: by a person; suspended: more waits for it, or for longer, than may; failed: took nothing for five days; gone: it answered 410',
  })
  readonly status!: EndpointStatus;
  @ApiProperty({ type: String, format: 'date-time' })
  readonly createdAt!: string;
  @ApiProperty({ description: 'messages that it took, from the beginning' })
  readonly taken!: number;
  @ApiProperty({ description: 'messages that wait for it' })
  readonly waiting!: number;
  @ApiProperty({ description: 'how long the oldest of them has waited, in seconds; 0 where none waits' })
  readonly lagSeconds!: number;
  @ApiProperty({ description: 'messages that were given up' })
  readonly deadLetters!: number;
  @ApiProperty({ description: 'tries in a row that were in vain' })
  readonly failures!: number;
  @ApiProperty(MOMENT)
  readonly lastTriedAt!: string | null;
  @ApiProperty(MOMENT)
  readonly lastTakenAt!: string | null;
  @ApiProperty({ type: Number, nullable: true, description: 'the last answer’s status; null where there was none' })
  readonly lastStatus!: number | null;
  @ApiProperty({ type: String, nullable: true, description: 'why the last try was in vain; null where it was not' })
  readonly lastReason!: string | null;
  @ApiProperty({ ...MOMENT, description: 'nothing is sent before' })
  readonly nextTryAt!: string | null;
  @ApiProperty({
    description: 'messages that were said while it was suspended or failed, and are told by a replay alone',
  })
  readonly missed!: number;
  @ApiProperty({ type: Number, nullable: true, description: 'the position of the log from which a replay tells them' })
  readonly missedFrom!: number | null;
  @ApiProperty({ ...MOMENT, description: 'when the first of them was said' })
  readonly missedSince!: string | null;
  @ApiProperty({ type: () => WebhookReplayView, nullable: true, description: 'what it is told again at present' })
  readonly replay!: WebhookReplayView | null;
}

export class NewWebhookView extends WebhookView {
  @ApiProperty({ description: 'Signs what is sent. Shown only this once.', example: 'whsec_…' })
  readonly secret!: string;
}

export class NewSecretView {
  @ApiProperty({ description: 'Signs what is sent from now on. Shown only this once.', example: 'whsec_…' })
  readonly secret!: string;
  @ApiProperty({ type: String, format: 'date-time', description: 'until then the one before signs as well' })
  readonly formerUntil!: string;
}

export class DeliveryView {
  @ApiProperty({ description: 'its place in the order; the next page begins after the last one’s' })
  readonly seq!: number;
  @ApiProperty({ description: 'webhook-id, and the CloudEvent’s id' })
  readonly id!: string;
  @ApiProperty()
  readonly feed!: string;
  @ApiProperty({ description: 'the customer' })
  readonly key!: string;
  @ApiProperty({ type: String, format: 'date-time' })
  readonly createdAt!: string;
  @ApiProperty()
  readonly attempts!: number;
  @ApiProperty({ type: Number, nullable: true })
  readonly lastStatus!: number | null;
  @ApiProperty({ type: String, nullable: true })
  readonly lastReason!: string | null;
  @ApiProperty({ ...MOMENT, description: 'when it was given up' })
  readonly deadAt!: string | null;
}

export class DeadLettersToSend {
  @ApiProperty({ type: [String], required: false, description: 'webhook-ids; all of them unless given' })
  readonly messages?: readonly string[];
}

export class ReplayedView {
  @ApiProperty()
  readonly replayed!: number;
}

const moment = (at: Instant | null): string | null => (at === null ? null : formatInstant(at));

export const webhookView = (endpoint: EndpointRecord, now: Instant): WebhookView => ({
  id: endpoint.id,
  url: endpoint.url,
  feeds: endpoint.feeds,
  status: endpoint.status,
  createdAt: formatInstant(endpoint.createdAt),
  taken: endpoint.taken,
  waiting: endpoint.waiting,
  lagSeconds: lagSeconds(endpoint, now),
  deadLetters: endpoint.deadLetters,
  failures: endpoint.failures,
  lastTriedAt: moment(endpoint.lastTriedAt),
  lastTakenAt: moment(endpoint.lastTakenAt),
  lastStatus: endpoint.lastStatus,
  lastReason: endpoint.lastReason,
  nextTryAt: moment(endpoint.nextTryAt),
  missed: endpoint.missed,
  missedFrom: endpoint.missedFrom,
  missedSince: moment(endpoint.missedSince),
  replay: endpoint.replay === null ? null : { ...endpoint.replay, beganAt: formatInstant(endpoint.replay.beganAt) },
});

export const lagSeconds = ({ oldestWaitingAt }: EndpointRecord, now: Instant): number =>
  oldestWaitingAt === null ? 0 : Math.max(0, (now - oldestWaitingAt) / 1_000);

export const deliveryView = ({ createdAt, deadAt, ...delivery }: DeliveryRecord): DeliveryView => ({
  ...delivery,
  createdAt: formatInstant(createdAt),
  deadAt: moment(deadAt),
});
