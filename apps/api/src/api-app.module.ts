import { Module, type DynamicModule } from '@nestjs/common';
import { DataSubjectsModule } from '#data-subjects/nest';
import { IdentityModule } from '#identity/nest';
import { ApprovalsModule } from '#approvals/nest';
import { EventLogModule } from '#event-log/nest';
import { KeysModule } from '#keys/nest';
import type { Config } from '#platform';
import { PlatformModule } from '#platform/nest';
import { ContentCheckModule, ContentChecker, OpeningsModule } from '#privacy/nest';
import { RemoteProjector } from '#projections';
import { ProjectionsModule } from '#projections/nest';
import { QueriesModule } from '#queries/nest';
import { SignInModule } from '#sign-in/nest';

/** Answers queries over HTTP. Long operations become jobs, which a projector runs. */
@Module({})
export class ApiAppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ApiAppModule,
      imports: [
        PlatformModule.forRoot({ config }),
        KeysModule.forRoot(),
        SignInModule.forRoot({ byBrowser: true }),
        ApprovalsModule.forRoot(),
        ProjectionsModule.forRoot({ use: 'operate' }),
        EventLogModule.forRoot({ process: 'api' }),
        ContentCheckModule.forRoot(),
        OpeningsModule.forRoot(),
        QueriesModule.forRoot({ operations: RemoteProjector, contentChecker: ContentChecker }),
        DataSubjectsModule.forRoot(),
        IdentityModule.forRoot(),
      ],
    };
  }
}
