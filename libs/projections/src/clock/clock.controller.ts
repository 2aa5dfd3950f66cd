import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '#platform';
import { Allow, CurrentPrincipal, RecordsOperation } from '#platform/nest';
import { clockView, type ClockStatus } from './clock-status.js';
import { ClockWatch } from './clock-watch.js';

class ClockConfirmationView {
  @ApiProperty({ format: 'date-time', description: 'what the clock said when it was confirmed' })
  readonly at!: string;
  @ApiProperty({ description: 'the id of the API key that confirmed it; `local` for the command line on the folder' })
  readonly by!: string;
}

/** The clock of this process, beside elapsed time and what is recorded. */
export class ClockView implements ClockStatus {
  @ApiProperty({
    enum: ['right', 'behind', 'jumped'],
    description:
      '`behind`: what is recorded lies ahead of the clock. `jumped`: the clock was set while the process ran; nothing is published and no deadline is fired.',
  })
  readonly state!: 'right' | 'behind' | 'jumped';
  @ApiProperty({ description: 'what is wrong and what to do, in one sentence' })
  readonly detail!: string;
  @ApiProperty({ format: 'date-time' })
  readonly now!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'what elapsed time gives' })
  readonly expected!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'when the newest event was recorded' })
  readonly newestEvent!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'deadlines up to here are persisted' })
  readonly projectorClock!: string | null;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'how far the newest recorded instant lies ahead of the clock; below 0 where it lies behind',
  })
  readonly aheadMs!: number | null;
  @ApiProperty({ type: ClockConfirmationView, nullable: true, description: 'the last confirmation of an operator' })
  readonly confirmed!: ClockConfirmationView | null;
}

/** The clock of this process: what it is compared with, and an operator's word that it is right. */
@ApiTags('operations')
@Controller('clock')
@Allow('operate')
export class ClockController {
  constructor(private readonly watch: ClockWatch) {}

  @Get()
  @ApiOperation({
    operationId: 'getClock',
    summary: 'Whether the clock agrees with elapsed time and with what is recorded',
  })
  @ApiOkResponse({ type: ClockView })
  async show(): Promise<ClockView> {
    await this.watch.refresh();
    return clockView(this.watch);
  }

  @Post('confirm')
  @RecordsOperation('clock-confirmed')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'confirmClock',
    summary: 'Accept the clock as it is',
    description:
      'After the clock was set while the process ran, or where what is recorded lies ahead of it: deadlines are fired and messages published by it from now on. What a wrong clock wrote into the read models is repaired by a rebuild.',
  })
  @ApiOkResponse({ type: ClockView })
  async confirm(@CurrentPrincipal() caller: Principal): Promise<ClockView> {
    await this.watch.confirm(actorOf(caller));
    return clockView(this.watch);
  }
}
