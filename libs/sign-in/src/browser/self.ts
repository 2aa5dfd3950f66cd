import { formatInstant } from '#contracts';
import { actorOf, givenScopes, type Principal } from '#platform';
import type { OpenSession } from '../sessions/sessions.js';

const TEXT = { type: 'string' };
const TEXTS = { type: 'array', items: TEXT };

/** The JSON Schema of `selfOf`. */
export const SELF = {
  type: 'object',
  required: ['principal', 'kind', 'name', 'roles', 'permissions', 'scopes', 'session'],
  properties: {
    principal: { ...TEXT, description: 'as acts name it', example: 'person:0f3c9a1b2d4e5f60718293a4b5c6d7e8' },
    kind: { ...TEXT, enum: ['key', 'person', 'local'] },
    name: TEXT,
    roles: TEXTS,
    permissions: TEXTS,
    scopes: { type: 'object', additionalProperties: TEXTS, description: 'a scope that is absent allows everything' },
    session: {
      type: 'object',
      nullable: true,
      required: ['endsAt', 'idleEndsAt'],
      properties: { endsAt: { ...TEXT, format: 'date-time' }, idleEndsAt: { ...TEXT, format: 'date-time' } },
    },
  },
};

/** Who the caller is, what they may do, and until when their session lasts. */
export function selfOf(caller: Principal, session: OpenSession | null): object {
  const { kind, name, roles, permissions, scopes } = caller;
  return {
    ...{ principal: actorOf(caller), kind, name, roles, permissions: [...permissions], scopes: givenScopes(scopes) },
    session:
      session === null
        ? null
        : { endsAt: formatInstant(session.endsAt), idleEndsAt: formatInstant(session.idleEndsAt) },
  };
}
