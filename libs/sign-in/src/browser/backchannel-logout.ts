import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem, problemResponses, ProblemView, type Bodies, type FastifyRoute } from '#platform/nest';
import { asProblem, type SignedInPeople } from '../signed-in-people.js';
import { TokenRejectedError } from '../tokens/token-rejected.js';
import { noSignIn } from './auth.controller.js';

const PATH = '/auth/backchannel-logout';
const FORM = 'application/x-www-form-urlencoded';

/** Its OpenAPI operation. The logout token is what it is authenticated by. */
export const BACKCHANNEL_LOGOUT: FastifyRoute = {
  path: PATH,
  method: 'post',
  operation: {
    operationId: 'backchannelLogout',
    summary: 'The identity provider ends the sessions of a person',
    description: 'OpenID Connect Back-Channel Logout 1.0: a form with a logout token.',
    tags: ['access'],
    'x-permission': 'public',
    requestBody: {
      required: true,
      content: {
        [FORM]: {
          schema: { type: 'object', required: ['logout_token'], properties: { logout_token: { type: 'string' } } },
        },
      },
    },
    responses: { '200': { description: 'the sessions have ended' }, ...problemResponses(400, 404, 415, 503) },
  },
  models: [ProblemView],
};

/** A Fastify plugin: the identity provider sends a form, which no other route reads. */
export function backchannelLogout(people: SignedInPeople, bodies: Bodies) {
  return (server: FastifyInstance, _: object, done: () => void): void => {
    server.removeAllContentTypeParsers();
    server.addContentTypeParser(FORM, (request: FastifyRequest, payload: Readable) =>
      bodies.read(payload, request.headers),
    );
    server.post(PATH, async (request: FastifyRequest, reply) => {
      const { signIn } = people;
      if (signIn === null) throw noSignIn();
      const body = request.body as Buffer | undefined;
      const token = new URLSearchParams(body?.toString('utf8') ?? '').get('logout_token') ?? '';
      await signIn.endByToken(token).catch((error: unknown) => {
        throw error instanceof TokenRejectedError
          ? new Problem(400, {
              type: 'invalid-logout-token',
              detail: `The logout token is not accepted. ${error.message}`,
            })
          : asProblem(error);
      });
      return reply.header('cache-control', 'no-store').code(200).send();
    });
    done();
  };
}
