import { Module, type DynamicModule } from '@nestjs/common';
import { ApprovalsModule } from '#approvals/nest';
import { EVENT_LOG } from '#event-log';
import { EventLogModule } from '#event-log/nest';
import { FeedsModule } from '#feeds/nest';
import { KeysModule } from '#keys/nest';
import type { Config } from '#platform';
import { PlatformModule } from '#platform/nest';
import { ProjectionsModule } from '#projections/nest';
import { SignInModule } from '#sign-in/nest';

/** Publishes the outbox to the channels: through Kafka and webhooks. */
@Module({})
export class RelayAppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: RelayAppModule,
      imports: [
        PlatformModule.forRoot({ config }),
        KeysModule.forRoot(),
        SignInModule.forRoot(),
        ApprovalsModule.forRoot(),
        ProjectionsModule.forRoot({ use: 'read' }),
        EventLogModule.forRoot({ process: 'relay' }),
        FeedsModule.forRoot({ log: EVENT_LOG }),
      ],
    };
  }
}
