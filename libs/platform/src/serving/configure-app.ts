import { VersioningType, type INestApplication } from '@nestjs/common';

/**
 * What every HTTP application of ours has in common, in a process as in a spec: routes are served under `/v1`, unless their controller is
 * marked VERSION_NEUTRAL.
 */
export function configureApp(app: INestApplication): void {
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
}
