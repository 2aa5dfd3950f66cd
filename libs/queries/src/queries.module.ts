import { Module, type DynamicModule, type InjectionToken } from '@nestjs/common';
import { RunQueryHandler } from './http/run-query.js';
import { AccountsController } from './http/accounts.controller.js';
import { CustomersController } from './http/customers.controller.js';
import { OperationsController } from './http/operations.controller.js';
import { JobsController } from './http/jobs.controller.js';
import { CONTENT_CHECKER, OPERATIONS } from './http/operations.js';
import { QueriesController } from './http/queries.controller.js';
import { RetentionController } from './http/retention.controller.js';
import { SubjectRequestListController } from './http/subject-request-list.controller.js';
import { QueryResponse } from './http/query-response.js';

export interface QueriesModuleOptions {
  /** Under which token the projector is provided. */
  readonly operations: InjectionToken;
  /** Under which token what checks the content of the log is provided. */
  readonly contentChecker: InjectionToken;
}

/** The queries over HTTP, and what an operator does with the read models. Needs DATABASE, EVENT_LOG, CLOCK and SEALER. */
@Module({})
export class QueriesModule {
  static forRoot({ operations, contentChecker }: QueriesModuleOptions): DynamicModule {
    return {
      module: QueriesModule,
      controllers: [
        QueriesController,
        CustomersController,
        AccountsController,
        RetentionController,
        SubjectRequestListController,
        OperationsController,
        JobsController,
      ],
      providers: [
        RunQueryHandler,
        QueryResponse,
        { provide: OPERATIONS, useExisting: operations },
        { provide: CONTENT_CHECKER, useExisting: contentChecker },
      ],
    };
  }
}
