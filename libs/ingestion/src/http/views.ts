import { ApiProperty } from '@nestjs/swagger';
import type { ValidationIssue } from '#contracts';
import { ValidationIssueView } from '#platform/nest';
import type { IngestOutcome, ItemResult } from '../pipeline/item.js';
import type { BatchWarning, Warning, WarningCode } from '../pipeline/warnings.js';

const WARNING_CODES: readonly WarningCode[] = [
  'unknown-field',
  'custom-type',
  'likely-namespace',
  'placeholder-identifier',
];

/** What the sender of an accepted event should look at. */
export class WarningView extends ValidationIssueView implements Warning {
  @ApiProperty({ enum: WARNING_CODES })
  readonly code!: WarningCode;
  declare readonly hint: string;
}

/** A warning that holds for some events of a batch. */
export class BatchWarningView extends WarningView implements BatchWarning {
  @ApiProperty({ example: 'cart-updated' })
  readonly type!: string;
  @ApiProperty({ description: 'The first event that it holds for, by its place in the batch', example: 0 })
  readonly index!: number;
  @ApiProperty({ description: 'How many events it holds for', example: 12 })
  readonly count!: number;
}

/** The outcome of one event. */
export class ItemResultView implements ItemResult {
  @ApiProperty({ description: 'Its place in the batch, from 0', example: 3 })
  readonly index!: number;
  @ApiProperty({ nullable: true, type: String, example: 'shop' })
  readonly source!: string | null;
  @ApiProperty({ nullable: true, type: String, example: 'order-1042' })
  readonly id!: string | null;
  @ApiProperty({ enum: ['accepted', 'duplicate', 'quarantined', 'suppressed'] })
  readonly outcome!: IngestOutcome;
  @ApiProperty({
    required: false,
    description:
      'Position in the log; for a duplicate, of the event that it repeats; for a quarantined one, of its quarantine record. A key that may only publish is not told it',
  })
  readonly position?: number;
  @ApiProperty({ required: false, description: 'Why it was quarantined or suppressed', example: 'data-invalid' })
  readonly code?: string;
  @ApiProperty({
    required: false,
    description: 'JSON pointer into the event, as a URI fragment',
    example: '#/data/currency',
  })
  readonly pointer?: string;
  @ApiProperty({ required: false })
  readonly detail?: string;
  @ApiProperty({ required: false })
  readonly hint?: string;
  @ApiProperty({
    required: false,
    type: [ValidationIssueView],
    description: 'All that is wrong with a quarantined event; pointer, detail and hint repeat the first',
  })
  readonly errors?: readonly ValidationIssue[];
  @ApiProperty({ required: false, type: [WarningView], description: 'What to look at although it was accepted' })
  readonly warnings?: readonly Warning[];
  @ApiProperty({ required: false, description: 'By this id it can be released or discarded' })
  readonly quarantineId?: string;
}

/** The outcomes of a batch: received = accepted + duplicate + quarantined + suppressed. */
export class IngestResultView {
  @ApiProperty({ example: 1000 })
  readonly received!: number;
  @ApiProperty({ example: 997 })
  readonly accepted!: number;
  @ApiProperty({ example: 2 })
  readonly duplicate!: number;
  @ApiProperty({ example: 1 })
  readonly quarantined!: number;
  @ApiProperty({ example: 0 })
  readonly suppressed!: number;
  @ApiProperty({
    required: false,
    type: [BatchWarningView],
    description: 'What to look at in events that were accepted, each kind once: a misnamed field, a custom type, …',
  })
  readonly warnings?: readonly BatchWarning[];
  @ApiProperty({
    type: [ItemResultView],
    description:
      'The events that were not accepted; all of them with verbose=true, and for a single event. Of a stream at most 10,000.',
  })
  readonly results!: readonly ItemResult[];
  @ApiProperty({ required: false, description: 'True where the list of results was cut; the counts are whole' })
  readonly resultsCut?: true;
}
