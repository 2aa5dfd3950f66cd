import { ApiProperty } from '@nestjs/swagger';
import { ACTS_FOR_APPROVAL, type ActForApproval, type Data } from '#contracts';
import type { PersonalDataState } from '#platform';
import { ACT_STATES, type ActState } from './act-on-record.js';
import type { ShownAct } from './act-view.js';

/** An act that needs two principals, as it is shown. */
export class ActView implements ShownAct {
  @ApiProperty({ example: '0f8b6c1e5d3a4b7c9e2f1a0b3c4d5e6f' })
  readonly actId!: string;
  @ApiProperty({ enum: ACTS_FOR_APPROVAL })
  readonly act!: ActForApproval;
  @ApiProperty({ enum: ACT_STATES })
  readonly state!: ActState;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'What is to be done; nothing personal' })
  readonly detail!: Data;
  @ApiProperty({ description: 'SHA-256 over what was requested: what is approved is this' })
  readonly digest!: string;
  @ApiProperty({ example: 'key:5f0c3a9b1d2e' })
  readonly requestedBy!: string;
  @ApiProperty({ format: 'date-time' })
  readonly requestedAt!: string;
  @ApiProperty({ format: 'date-time', description: 'From then on it cannot be approved' })
  readonly until!: string;
  @ApiProperty({ type: String, nullable: true, description: 'Who approved or declined it' })
  readonly decidedBy!: string | null;
  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  readonly decidedAt!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why it could not be performed' })
  readonly failure!: string | null;
}

export class ActListView {
  @ApiProperty({ type: [ActView] })
  readonly acts!: readonly ActView[];
}

export class OneActView extends ActView {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Why it was declined; of an act about a person null without a purpose that is granted',
  })
  readonly reason!: string | null;
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'Of an act about a person: whether personal data are shown',
  })
  readonly personalData!: PersonalDataState | null;
}
