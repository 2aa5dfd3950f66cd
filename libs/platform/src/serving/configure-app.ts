import { VersioningType, type INestApplication } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/** Answers of the API hold personal data and figures of the moment: no cache on the way keeps them. */
const NO_STORE = 'no-store';

/**
 * What every HTTP application of ours has in common, in a process as in a spec: routes are served under `/v1`, unless their controller is
 * marked VERSION_NEUTRAL, and no answer of theirs is cached.
 */
export function configureApp(app: INestApplication): void {
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  const server = app.getHttpAdapter().getInstance() as FastifyInstance;
  server.addHook('onRequest', (request, reply, next) => {
    if (request.url.startsWith('/v1/')) reply.header('cache-control', NO_STORE);
    next();
  });
}
