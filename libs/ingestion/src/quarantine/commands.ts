import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CLOCK, type Clock } from '#platform';
import { Quarantine, type Closing } from './quarantine.js';

/** Take a quarantined event in after all. */
export class ReleaseQuarantined extends Command<Closing> {
  constructor(
    readonly quarantineId: string,
    /** The event in its place; undefined for the one received. */
    readonly fixed: unknown,
    readonly by: string,
  ) {
    super();
  }
}

/** Leave a quarantined event where it is, for good. */
export class DiscardQuarantined extends Command<Closing> {
  constructor(
    readonly quarantineId: string,
    readonly reason: string,
    readonly by: string,
  ) {
    super();
  }
}

@CommandHandler(ReleaseQuarantined)
export class ReleaseQuarantinedHandler implements ICommandHandler<ReleaseQuarantined> {
  constructor(
    private readonly quarantine: Quarantine,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  execute({ quarantineId, fixed, by }: ReleaseQuarantined): Promise<Closing> {
    return this.quarantine.release(quarantineId, fixed, by, this.clock.now());
  }
}

@CommandHandler(DiscardQuarantined)
export class DiscardQuarantinedHandler implements ICommandHandler<DiscardQuarantined> {
  constructor(
    private readonly quarantine: Quarantine,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  execute({ quarantineId, reason, by }: DiscardQuarantined): Promise<Closing> {
    return this.quarantine.discard(quarantineId, reason, by, this.clock.now());
  }
}
