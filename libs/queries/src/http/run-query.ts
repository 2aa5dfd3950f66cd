import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { EVENT_LOG, type EventLog } from '#event-log';
import {
  CLOCK,
  CONFIG,
  OPENINGS,
  type Clock,
  type Config,
  type OpeningRequest,
  type Openings,
  type Scope,
} from '#platform';
import { SEALER, type Sealer } from '#keys';
import { DATABASE, type Database } from '#database';
import type { Answer } from '../running/answer.js';
import { runQuery } from '../running/run-query.js';
import type { RawParams } from '../running/params.js';
import { personalData, type PersonalData } from '../running/personal-data.js';
import { storeBytesIn } from '../reading/store-bytes.js';

/** A query on the bus: its name, its parameters as text, and what the caller states about personal data. */
export class RunQuery extends Query<Answer> {
  constructor(
    readonly name: string,
    readonly params: RawParams,
    readonly opening: OpeningRequest | null,
    readonly mayAudit: boolean,
    readonly brands: Scope,
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
    @Inject(OPENINGS) private readonly openings: Openings,
  ) {
    this.personalData = personalData(sealer);
  }

  execute({ name, params, opening, mayAudit, brands }: RunQuery): Promise<Answer> {
    const { database, log, clock, personalData, openings } = this;
    const { dataDir, eventLog, keysUrl, kafkaBrokers } = this.config;
    const hasRelay = kafkaBrokers !== null;
    const storeBytes = () => storeBytesIn(dataDir, { log: eventLog.kind === 'sqlite', keys: keysUrl === null });
    return runQuery(
      { database, log, clock, personalData, storeBytes, hasRelay, openings, opening, mayAudit, brands },
      name,
      params,
    );
  }
}
