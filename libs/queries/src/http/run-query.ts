import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { EVENT_LOG, type EventLog } from '#event-log';
import { CLOCK, CONFIG, type Clock, type Config } from '#platform';
import { SEALER, type Sealer } from '#keys';
import { DATABASE, type Database } from '#database';
import type { Answer } from '../running/answer.js';
import { runQuery } from '../running/run-query.js';
import type { RawParams } from '../running/params.js';
import { personalData, type PersonalData } from '../running/personal-data.js';
import { storeBytesIn } from '../reading/store-bytes.js';

/** A query on the bus: its name, its parameters as text, and whether the caller may see personal data. */
export class RunQuery extends Query<Answer> {
  constructor(
    readonly name: string,
    readonly params: RawParams,
    readonly mayReadPersonal: boolean,
    readonly mayAudit: boolean,
  ) {
    super();
  }
}

@QueryHandler(RunQuery)
export class RunQueryHandler implements IQueryHandler<RunQuery, Answer> {
  private readonly personalData: PersonalData;

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SEALER) sealer: Sealer,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.personalData = personalData(sealer);
  }

  execute({ name, params, mayReadPersonal, mayAudit }: RunQuery): Promise<Answer> {
    const { database, log, clock, personalData } = this;
    const { dataDir, eventLog, keysUrl, kafkaBrokers } = this.config;
    const hasRelay = kafkaBrokers !== null;
    const storeBytes = () => storeBytesIn(dataDir, { log: eventLog.kind === 'sqlite', keys: keysUrl === null });
    return runQuery(
      { database, log, clock, personalData, storeBytes, hasRelay, mayReadPersonal, mayAudit },
      name,
      params,
    );
  }
}
