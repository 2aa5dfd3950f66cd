import type { Instant } from '#contracts';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Intake } from './ingestion.js';
import type { IntakeItem, Taken } from './item.js';

/** Take this batch in. */
export class TakeTouchpoints extends Command<Taken> {
  constructor(
    readonly items: readonly IntakeItem[],
    readonly receivedAt: Instant,
  ) {
    super();
  }
}

@CommandHandler(TakeTouchpoints)
export class TakeTouchpointsHandler implements ICommandHandler<TakeTouchpoints> {
  constructor(private readonly intake: Intake) {}

  execute({ items, receivedAt }: TakeTouchpoints): Promise<Taken> {
    return this.intake.take(items, { receivedAt });
  }
}
