import { Module, type DynamicModule } from '@nestjs/common';
import { EventLogModule } from '#event-log/nest';
import { IngestionModule } from '#ingestion/nest';
import { KeysModule } from '#keys/nest';
import type { Config } from '#platform';
import { PlatformModule } from '#platform/nest';
import { PrivacyModule } from '#privacy/nest';
import { ProjectionsModule } from '#projections/nest';

/** Takes touchpoints in: the only writer of touchpoints. Of the read models it asks who a person is that is to be forgotten. */
@Module({})
export class IntakeAppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: IntakeAppModule,
      imports: [
        PlatformModule.forRoot({ config }),
        KeysModule.forRoot(),
        ProjectionsModule.forRoot({ use: 'read' }),
        EventLogModule.forRoot(),
        IngestionModule.forRoot(),
        PrivacyModule.forRoot(),
      ],
    };
  }
}
