import { Module, type DynamicModule } from '@nestjs/common';
import { ApprovalsModule } from '#approvals/nest';
import { BackupModule } from '#backup/nest';
import { DataSubjectsModule } from '#data-subjects/nest';
import { IdentityModule } from '#identity/nest';
import { EVENT_LOG, type DataFolderLock } from '#event-log';
import { EventLogModule } from '#event-log/nest';
import { FeedsModule } from '#feeds/nest';
import { IngestionModule } from '#ingestion/nest';
import { KeysModule } from '#keys/nest';
import type { Config } from '#platform';
import { PlatformModule } from '#platform/nest';
import { ContentCheckModule, ContentChecker, OpeningsModule, PrivacyModule } from '#privacy/nest';
import { Projector } from '#projections';
import { ProjectionsModule } from '#projections/nest';
import { QueriesModule } from '#queries/nest';
import { SignInModule } from '#sign-in/nest';

/** The whole engine in one process, by default on the embedded stores of one data folder. */
@Module({})
export class StandaloneModule {
  static forRoot(config: Config, lock: DataFolderLock): DynamicModule {
    return {
      module: StandaloneModule,
      imports: [
        PlatformModule.forRoot({ config }),
        KeysModule.forRoot(),
        SignInModule.forRoot({ byBrowser: true }),
        ApprovalsModule.forRoot(),
        EventLogModule.forRoot({ lock, process: 'standalone' }),
        ProjectionsModule.forRoot({ role: 'both' }),
        OpeningsModule.forRoot(),
        IngestionModule.forRoot(),
        PrivacyModule.forRoot(),
        ContentCheckModule.forRoot(),
        QueriesModule.forRoot({ operations: Projector, contentChecker: ContentChecker }),
        DataSubjectsModule.forRoot(),
        IdentityModule.forRoot(),
        FeedsModule.forRoot({ log: EVENT_LOG }),
        BackupModule.forRoot(),
      ],
    };
  }
}
