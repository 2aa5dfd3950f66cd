import { Module, type DynamicModule } from '@nestjs/common';
import { ApprovalsModule } from '#approvals/nest';
import { EventLogModule } from '#event-log/nest';
import { KeysModule } from '#keys/nest';
import type { Config } from '#platform';
import { PlatformModule } from '#platform/nest';
import { ProjectionsModule } from '#projections/nest';
import { SignInModule } from '#sign-in/nest';

/** Follows the log, keeps the read models and fires deadlines: all of it, or the part that PROJECTOR_ROLE selects. */
@Module({})
export class ProjectorAppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ProjectorAppModule,
      imports: [
        PlatformModule.forRoot({ config }),
        KeysModule.forRoot(),
        SignInModule.forRoot(),
        ApprovalsModule.forRoot(),
        ProjectionsModule.forRoot(),
        EventLogModule.forRoot({ process: 'projector' }),
      ],
    };
  }
}
