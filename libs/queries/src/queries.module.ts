import { Module, type DynamicModule, type InjectionToken } from '@nestjs/common';
import { RunQueryHandler } from './http/run-query.js';
import { customersController } from './http/customers.controller.js';
import { OperationsController } from './http/operations.controller.js';
import { WorkController } from './http/jobs.controller.js';
import { OPERATIONS } from './http/operations.js';
import { queriesController } from './http/queries.controller.js';

export interface QueriesModuleOptions {
  /** Under which token the projector is provided. */
  readonly operations: InjectionToken;
}

/** The questions over HTTP, and the operator's levers. Needs DATABASE, EVENT_LOG, CLOCK and SEALER from those who provide them. */
@Module({})
export class QueriesModule {
  static forRoot({ operations }: QueriesModuleOptions): DynamicModule {
    return {
      module: QueriesModule,
      controllers: [queriesController, customersController, OperationsController, WorkController],
      providers: [RunQueryHandler, { provide: OPERATIONS, useExisting: operations }],
    };
  }
}
