import { Module, type DynamicModule } from '@nestjs/common';
import { EventLogModule } from '#event-log';
import { PlatformModule, type Config } from '#platform';
import { ProjectionsModule, RemoteProjector } from '#projections';
import { QueriesModule } from '#queries';

/** Answers questions over HTTP. What takes long is asked of a projector. */
@Module({})
export class ApiAppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ApiAppModule,
      imports: [
        PlatformModule.forRoot({ config }),
        ProjectionsModule.forRoot({ use: 'operate' }),
        EventLogModule.forRoot(),
        QueriesModule.forRoot({ operations: RemoteProjector }),
      ],
    };
  }
}
