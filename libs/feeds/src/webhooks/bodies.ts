import { ApiProperty } from '@nestjs/swagger';

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
    description: 'all feeds by default',
  })
  readonly feeds?: readonly string[];
}

export class WebhookChange {
  @ApiProperty({ enum: ['active', 'paused'] })
  readonly status!: 'active' | 'paused';
}

export class WebhookReplayRequest {
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    required: false,
    description:
      'leaves out what rests only on the log before this position; by default, what the endpoint missed is sent',
  })
  readonly fromPosition?: number;
  @ApiProperty({
    type: String,
    format: 'date-time',
    required: false,
    description: 'instead of a position: the position at which the log stood at this instant',
  })
  readonly from?: string;
}

export class DeadLettersToSend {
  @ApiProperty({ type: [String], required: false, description: 'webhook-ids; all dead letters by default' })
  readonly messages?: readonly string[];
}
