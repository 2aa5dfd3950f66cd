import { Module, type DynamicModule } from '@nestjs/common';
import { ApprovalsModule } from '#approvals/nest';
import { EventLogModule } from '#event-log/nest';
import { IngestionModule } from '#ingestion/nest';
import { KeysModule } from '#keys/nest';
import type { Config } from '#platform';
import { PlatformModule } from '#platform/nest';
import { OpeningsModule, PrivacyModule } from '#privacy/nest';
import { ProjectionsModule } from '#projections/nest';
import { SignInModule } from '#sign-in/nest';

/** Ingests touchpoints, over HTTP and Kafka: the only writer of touchpoints. It reads the read models only to find the subjects of a person to erase. */
@Module({})
export class IntakeAppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: IntakeAppModule,
      imports: [
        PlatformModule.forRoot({ config }),
        KeysModule.forRoot(),
        SignInModule.forRoot(),
        ApprovalsModule.forRoot(),
        ProjectionsModule.forRoot({ use: 'read' }),
        EventLogModule.forRoot({ process: 'intake' }),
        OpeningsModule.forRoot(),
        IngestionModule.forRoot(),
        PrivacyModule.forRoot(),
      ],
    };
  }
}
