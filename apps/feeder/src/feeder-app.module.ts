import { Module, type DynamicModule } from '@nestjs/common';
import { FeedsModule } from '#feeds';
import { PlatformModule, type Config } from '#platform';
import { ProjectionsModule } from '#projections';

/** Carries what was derived out to the channels. */
@Module({})
export class FeederAppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: FeederAppModule,
      imports: [PlatformModule.forRoot({ config }), ProjectionsModule.forRoot({ use: 'read' }), FeedsModule.forRoot()],
    };
  }
}
