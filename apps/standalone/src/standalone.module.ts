import { Module, type DynamicModule } from '@nestjs/common';
import { EventLogModule, type DataFolderLock } from '#event-log';
import { FeedsModule } from '#feeds';
import { IntakeModule } from '#intake';
import { PlatformModule, type Config } from '#platform';
import { ProjectionsModule, Projector } from '#projections';
import { QueriesModule } from '#queries';

/** The whole engine in one process, on the embedded stores of one data folder unless the config names others. */
@Module({})
export class StandaloneModule {
  static forRoot(config: Config, lock: DataFolderLock): DynamicModule {
    return {
      module: StandaloneModule,
      imports: [
        PlatformModule.forRoot({ config }),
        EventLogModule.forRoot({ lock }),
        ProjectionsModule.forRoot({ role: 'both' }),
        IntakeModule.forRoot(),
        QueriesModule.forRoot({ operations: Projector }),
        FeedsModule.forRoot(),
      ],
    };
  }
}
