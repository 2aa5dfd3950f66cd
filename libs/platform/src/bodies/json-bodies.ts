import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { issueOfFlaw, likelyEncoding, readJson, unicodeDocument } from '#contracts';
import { Problem } from '../problems/problem.js';
import type { Bodies } from './bodies.js';

/**
 * All routes that do not say otherwise read JSON bodies only: no forms and no plain text, which Nest would read by default. No byte is replaced, no key
 * stands twice, and no number is rounded in silence.
 */
export function acceptOnlyJson(server: FastifyInstance, bodies: Bodies): void {
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', (request, payload: IncomingMessage, done) => {
    bodies
      .read(payload, request.headers)
      .then(strictText)
      // The server's own parser rejects names that would become the prototype of an object.
      // Without a body a document is read as empty: what it must hold is then told by its own reader.
      .then((text) => (text.trim() === '' ? done(null, undefined) : parseJson(request, text, done)))
      .catch((error: unknown) => done(error as Error));
  });
}

function strictText(bytes: Buffer): string {
  const decoded = unicodeDocument(bytes);
  if (decoded === null)
    throw new Problem(400, {
      type: 'not-utf-8',
      detail: `The body is not UTF-8; it looks like ${likelyEncoding(bytes)}. Send UTF-8.`,
    });
  const flaws = readJson(decoded.text, decoded.utf8)?.flaws ?? [];
  if (flaws.length > 0)
    throw new Problem(400, {
      type: flaws[0]?.code ?? 'malformed',
      detail: 'The body is JSON that readers would read differently.',
      errors: flaws.map(issueOfFlaw),
    });
  return decoded.text;
}
