import { Inject, Optional } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { EVENT_LOG, type EventLog } from '#event-log';
import { CLOCK, type Clock } from '#platform';
import { DATABASE } from '#database';
import { KEY_STORE, type KeyStore } from '#keys';
import { Ingestion } from '#ingestion';
import { erasePerson, type ErasureVerdict, type Named } from './erase-person.js';
import { People } from './people.js';

/** Forget a person. */
export class ErasePerson extends Command<ErasureVerdict> {
  constructor(
    readonly named: Named,
    readonly by: string,
  ) {
    super();
  }
}

@CommandHandler(ErasePerson)
export class ErasePersonHandler implements ICommandHandler<ErasePerson> {
  private readonly people: People | null;

  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(KEY_STORE) private readonly keys: KeyStore,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly ingestion: Ingestion,
    @Optional() @Inject(DATABASE) database?: ConstructorParameters<typeof People>[0],
  ) {
    this.people = database === undefined ? null : new People(database);
  }

  async execute({ named, by }: ErasePerson): Promise<ErasureVerdict> {
    const { log, keys, people } = this;
    return erasePerson({ log, keys, ingestion: this.ingestion, people, now: () => this.clock.now() }, named, by);
  }
}
