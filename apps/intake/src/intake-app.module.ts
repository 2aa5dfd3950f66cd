import { Module, type DynamicModule } from '@nestjs/common';
import { EventLogModule } from '#event-log';
import { IntakeModule } from '#intake';
import { PlatformModule, type Config } from '#platform';
import { ProjectionsModule } from '#projections';

/** Takes touchpoints in: the only writer of touchpoints. Of the read models it asks who a person is that is to be forgotten. */
@Module({})
export class IntakeAppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: IntakeAppModule,
      imports: [
        PlatformModule.forRoot({ config }),
        ProjectionsModule.forRoot({ use: 'read' }),
        EventLogModule.forRoot(),
        IntakeModule.forRoot(),
      ],
    };
  }
}
