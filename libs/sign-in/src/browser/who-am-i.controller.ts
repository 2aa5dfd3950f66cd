import { Controller, Get, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { formatInstant } from '#contracts';
import { actorOf, givenScopes, type Principal, type RequestHead } from '#platform';
import { AllowAny, CurrentPrincipal } from '#platform/nest';
import { SignedInPeople } from '../signed-in-people.js';

const TEXT = { type: 'string' };
const TEXTS = { type: 'array', items: TEXT };
const SELF = {
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

/** Who the caller is, in every application that lets callers in. */
@ApiTags('access')
@Controller({ path: 'auth', version: VERSION_NEUTRAL })
export class WhoAmIController {
  constructor(private readonly people: SignedInPeople) {}

  @Get('me')
  @AllowAny()
  @ApiOperation({ operationId: 'whoAmI', summary: 'Who the caller is, and what they may do' })
  @ApiOkResponse({ schema: SELF as object })
  async me(
    @Req() request: Pick<RequestHead, 'headers'>,
    @CurrentPrincipal() caller: Principal,
    @Res({ passthrough: true }) reply: { header(name: string, value: string): unknown },
  ): Promise<object> {
    reply.header('cache-control', 'no-store');
    const session = await this.people.sessionOf(request);
    const { kind, name, roles, permissions, scopes } = caller;
    return {
      ...{ principal: actorOf(caller), kind, name, roles, permissions: [...permissions], scopes: givenScopes(scopes) },
      session:
        session === null
          ? null
          : { endsAt: formatInstant(session.endsAt), idleEndsAt: formatInstant(session.idleEndsAt) },
    };
  }
}
