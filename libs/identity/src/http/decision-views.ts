import { ApiProperty } from '@nestjs/swagger';
import type { DecisionView } from '../deciding/decision-view.js';
import type { DecisionPreview, PreviewedCustomer, PreviewedLink } from '../preview/preview.js';

const INSTANT_OR_NULL = { nullable: true, type: String, format: 'date-time' } as const;
const TEXT_OR_NULL = { nullable: true, type: String } as const;

export class DecisionResource implements DecisionView {
  @ApiProperty({ example: '9f86d081884c7d659a2feaa0c55ad015' })
  readonly decisionId!: string;
  @ApiProperty({ enum: ['merge', 'unmerge', 'keep-apart'] })
  readonly kind!: DecisionView['kind'];
  @ApiProperty({
    enum: ['stands', 'ended'],
    description: 'ended: a merge was undone, or what kept two sides apart was lifted',
  })
  readonly status!: DecisionView['status'];
  @ApiProperty({ type: [String], description: 'Subjects of one side, the one that was named first' })
  readonly one!: readonly string[];
  @ApiProperty({ type: [String], description: 'Subjects of the other side' })
  readonly other!: readonly string[];
  @ApiProperty({ format: 'date-time' })
  readonly decidedAt!: string;
  @ApiProperty({ ...TEXT_OR_NULL, example: 'key:5f0c3a9b1d2e' })
  readonly decidedBy!: string | null;
  @ApiProperty({ description: 'Its place in the log: wait for it with after-position' })
  readonly position!: number;
  @ApiProperty({ ...TEXT_OR_NULL, description: 'Of an unmerge: the merge that it undid' })
  readonly merge!: string | null;
  @ApiProperty(INSTANT_OR_NULL)
  readonly endedAt!: string | null;
  @ApiProperty(TEXT_OR_NULL)
  readonly endedBy!: string | null;
}

class PreviewedSubject {
  @ApiProperty()
  readonly subjectId!: string;
  @ApiProperty({ example: 'email' })
  readonly namespace!: string;
}

class PreviewedRevenue {
  @ApiProperty({ example: 'EUR' })
  readonly currency!: string;
  @ApiProperty({ description: 'In minor units' })
  readonly amountMinor!: number;
}

class PreviewedCustomerView implements PreviewedCustomer {
  @ApiProperty()
  readonly customerId!: string;
  @ApiProperty({ type: [PreviewedSubject] })
  readonly subjects!: readonly PreviewedSubject[];
  @ApiProperty({ description: 'Touchpoints of all their subjects' })
  readonly touchpoints!: number;
  @ApiProperty(TEXT_OR_NULL)
  readonly stage!: string | null;
  @ApiProperty(TEXT_OR_NULL)
  readonly phase!: string | null;
  @ApiProperty({ nullable: true, type: Number })
  readonly cycle!: number | null;
  @ApiProperty(INSTANT_OR_NULL)
  readonly enteredAt!: string | null;
  @ApiProperty({ description: 'Surviving orders' })
  readonly orders!: number;
  @ApiProperty({ type: [PreviewedRevenue], description: 'Net, by currency' })
  readonly revenue!: readonly PreviewedRevenue[];
  @ApiProperty(INSTANT_OR_NULL)
  readonly firstSeenAt!: string | null;
  @ApiProperty(INSTANT_OR_NULL)
  readonly lastSeenAt!: string | null;
}

class PreviewedLinkView implements PreviewedLink {
  @ApiProperty()
  readonly a!: string;
  @ApiProperty()
  readonly b!: string;
  @ApiProperty({ format: 'date-time' })
  readonly occurredAt!: string;
  @ApiProperty()
  readonly source!: string;
  @ApiProperty()
  readonly eventId!: string;
  @ApiProperty({ enum: ['touchpoint', 'identify', 'operator'] })
  readonly origin!: string;
  @ApiProperty({ enum: ['unique-namespace', 'kept-apart', 'component-too-large'] })
  readonly reason!: string;
}

export class DecisionPreviewView implements DecisionPreview {
  @ApiProperty({ description: 'The log position that it rests on' })
  readonly position!: number;
  @ApiProperty({ type: [PreviewedCustomerView], description: 'The customers that it concerns, as they are' })
  readonly before!: readonly PreviewedCustomerView[];
  @ApiProperty({ type: [PreviewedCustomerView], description: 'The same people as they would be' })
  readonly after!: readonly PreviewedCustomerView[];
  @ApiProperty({ type: [PreviewedLinkView], description: 'Links that would be rejected, and are not now' })
  readonly rejected!: readonly PreviewedLinkView[];
  @ApiProperty({ type: [PreviewedLinkView], description: 'Links that are rejected now, and would not be' })
  readonly admitted!: readonly PreviewedLinkView[];
}

export class DecidedView {
  @ApiProperty({ type: DecisionResource })
  readonly decision!: DecisionResource;
  @ApiProperty({ description: 'False where it was decided so before: nothing was recorded' })
  readonly changed!: boolean;
  @ApiProperty({
    nullable: true,
    type: DecisionPreviewView,
    description: 'What it changed; null where nothing was recorded',
  })
  readonly preview!: DecisionPreviewView | null;
}
