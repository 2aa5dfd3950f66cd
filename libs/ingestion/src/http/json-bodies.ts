import type { FastifyInstance } from 'fastify';

/** All routes but those of `touchpoints.plugin.ts` read JSON bodies only: no forms and no plain text, which Nest would read by default. */
export function acceptOnlyJson(server: FastifyInstance): void {
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, parseJson);
}
