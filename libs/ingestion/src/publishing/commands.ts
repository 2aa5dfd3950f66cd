import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { EVENT_LOG, type EventLog } from '#event-log';
import { CLOCK, type Clock } from '#platform';
import { Ingestion } from '../pipeline/ingestion.js';
import { publishPolicy, type PublishVerdict } from './publish-policy.js';
import { registerType, type RegisterVerdict } from './register-type.js';

/** Publish a policy, from an instant on. */
export class PublishPolicy extends Command<PublishVerdict> {
  constructor(
    readonly policy: unknown,
    readonly effectiveFrom: string | null,
  ) {
    super();
  }
}

/** Register a touchpoint type of the business's own. */
export class RegisterType extends Command<RegisterVerdict> {
  constructor(readonly definition: unknown) {
    super();
  }
}

@CommandHandler(PublishPolicy)
export class PublishPolicyHandler implements ICommandHandler<PublishPolicy> {
  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  execute({ policy, effectiveFrom }: PublishPolicy): Promise<PublishVerdict> {
    return publishPolicy(this.log, policy, effectiveFrom, this.clock.now());
  }
}

@CommandHandler(RegisterType)
export class RegisterTypeHandler implements ICommandHandler<RegisterType> {
  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly ingestion: Ingestion,
  ) {}

  execute({ definition }: RegisterType): Promise<RegisterVerdict> {
    return registerType(this.log, this.ingestion.contracts, definition, this.clock.now());
  }
}
