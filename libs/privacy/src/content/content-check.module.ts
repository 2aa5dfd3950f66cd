import { Module, type DynamicModule } from '@nestjs/common';
import { EVENT_LOG, type EventLog } from '#event-log';
import { SEALER, type Sealer } from '#keys';
import { checkContents, type ContentsCheck, type ContentsCheckOptions } from './check-contents.js';

/** Checks the content of every event of the log of this process. */
export abstract class ContentChecker {
  abstract check(options: ContentsCheckOptions): Promise<ContentsCheck>;
}

/** Provides `ContentChecker` to every module of the application. Needs the event log and the keys. */
@Module({})
export class ContentCheckModule {
  static forRoot(): DynamicModule {
    return {
      module: ContentCheckModule,
      global: true,
      providers: [
        {
          provide: ContentChecker,
          useFactory: (log: EventLog, sealer: Sealer): ContentChecker => ({
            check: (options) => checkContents(log, sealer, options),
          }),
          inject: [EVENT_LOG, SEALER],
        },
      ],
      exports: [ContentChecker],
    };
  }
}
