import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { EventLog } from '#event-log';
import { CLOCK, DATABASE, EVENT_LOG, SEALER, type Clock, type Sealer } from '#platform';
import type { Database } from '#projections';
import type { Answer } from '../asking/answer.js';
import { ask } from '../asking/ask.js';
import type { RawParams } from '../asking/params.js';
import { personalData, type PersonalData } from '../asking/personal-data.js';

/** A question on its way over the bus: its name, its parameters as text, and whether the asker may see personal data. */
export class AskQuestion extends Query<Answer> {
  constructor(
    readonly name: string,
    readonly params: RawParams,
    readonly mayReadPersonal: boolean,
  ) {
    super();
  }
}

@QueryHandler(AskQuestion)
export class AskQuestionHandler implements IQueryHandler<AskQuestion, Answer> {
  private readonly personalData: PersonalData;

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SEALER) sealer: Sealer,
  ) {
    this.personalData = personalData(sealer);
  }

  execute({ name, params, mayReadPersonal }: AskQuestion): Promise<Answer> {
    const { database, log, clock, personalData } = this;
    return ask({ database, log, clock, personalData, mayReadPersonal }, name, params);
  }
}
