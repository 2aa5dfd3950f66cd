import type { Instant } from '#contracts';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Ingestion } from './ingestion.js';
import type { IngestItem, IngestResult } from './item.js';

/** Take this batch in. */
export class IngestTouchpoints extends Command<IngestResult> {
  constructor(
    readonly items: readonly IngestItem[],
    readonly receivedAt: Instant,
  ) {
    super();
  }
}

@CommandHandler(IngestTouchpoints)
export class IngestTouchpointsHandler implements ICommandHandler<IngestTouchpoints> {
  constructor(private readonly ingestion: Ingestion) {}

  execute({ items, receivedAt }: IngestTouchpoints): Promise<IngestResult> {
    return this.ingestion.take(items, { receivedAt });
  }
}
