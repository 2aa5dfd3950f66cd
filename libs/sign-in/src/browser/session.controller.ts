import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Describe, documentReader, Text } from '#contracts';
import { ApiKeys, SessionAdministration, sessionView, type ShownSession } from '#keys';
import {
  actorOf,
  CLOCK,
  CONFIG,
  WrongKeys,
  type Clock,
  type Config,
  type Principal,
  type RequestHead,
} from '#platform';
import {
  Allow,
  AllowAny,
  ApiDocument,
  ApiProblems,
  CurrentPrincipal,
  DocumentPipe,
  Problem,
  Public,
  Records,
} from '#platform/nest';
import { SignedInPeople, twoCredentials } from '../signed-in-people.js';
import { clearCookie, readCookie, setCookie } from './cookies.js';
import { ownOrigin } from './origin.js';
import { assertSameOrigin } from './same-origin.js';
import { SELF, selfOf } from './self.js';

/** Wrong keys of an address in a minute: fewer than elsewhere, since people type them, and guess. */
const FAILURES_PER_MINUTE = 5;

interface Request {
  readonly method: string;
  readonly headers: RequestHead['headers'];
  readonly ip: string;
}
interface Reply {
  header(name: string, value: string): Reply;
}

/** The body of a sign-in with a key. */
class KeySignIn {
  @Text(200) @Describe('An API key, as it was shown once') readonly key!: string;
}
const KEY_SIGN_IN = documentReader(KeySignIn);

const TEXT = { type: 'string' };
const SESSIONS = {
  type: 'array',
  items: {
    type: 'object',
    required: ['id', 'principal', 'name', 'begunAt', 'lastSeenAt', 'endsAt'],
    properties: {
      id: { ...TEXT, example: '9f86d081884c7d65' },
      principal: { ...TEXT, description: 'whose it is, as acts name it', example: 'key:5f0c3a9b1d2e' },
      name: { ...TEXT, nullable: true, description: 'the name of the key; null for people, whose names are sealed' },
      begunAt: { ...TEXT, format: 'date-time' },
      lastSeenAt: { ...TEXT, format: 'date-time', description: 'exact to a minute' },
      endsAt: { ...TEXT, format: 'date-time', description: 'it ends then in any case' },
    },
  },
};

/** The session of a browser: begun with an API key, looked at, ended. People begin theirs at `/auth/login`. */
@ApiTags('access')
@Controller('session')
export class SessionController {
  private readonly failures: WrongKeys;

  constructor(
    private readonly people: SignedInPeople,
    private readonly apiKeys: ApiKeys,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) clock: Clock,
  ) {
    this.failures = new WrongKeys(clock, FAILURES_PER_MINUTE);
  }

  @Post()
  @HttpCode(204)
  @Public()
  @ApiOperation({
    operationId: 'beginSession',
    summary: 'Begin a session of this browser with an API key',
    description:
      'The answer sets the cookie of a session, which has the rights of the key, and ends with it. Personal data stay closed until a request states a purpose. From pages of the engine alone.',
  })
  @ApiDocument(KEY_SIGN_IN)
  @ApiNoContentResponse({ description: 'the session has begun' })
  @ApiProblems(400, 401, 403, 415, 422, 429)
  async begin(
    @Body(new DocumentPipe(KEY_SIGN_IN, 'The session cannot begin.')) { key }: KeySignIn,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<void> {
    const origin = ownOrigin(this.config.publicUrl, request);
    assertSameOrigin(request, origin);
    if (request.headers['authorization'] !== undefined) throw twoCredentials();
    const principal = this.apiKeys.authenticate(key);
    if (principal === null) throw wrongKey(this.failures.count(request.ip));
    const { sessions } = this.people;
    // A session that the browser had before is never the one that is signed in.
    const former = readCookie('session', request, origin.isSecure);
    if (former !== null) await sessions.end(former);
    const session = await sessions.begin(
      { keyId: principal.id },
      { principal: actorOf(principal), issuerSession: null },
    );
    reply.header('cache-control', 'no-store').header('set-cookie', setCookie('session', session, origin));
  }

  @Get()
  @AllowAny()
  @ApiOperation({ operationId: 'getSession', summary: 'Who this browser is signed in as, and until when' })
  @ApiOkResponse({ schema: SELF as object })
  @ApiProblems(404)
  async show(
    @Req() request: Request,
    @CurrentPrincipal() caller: Principal,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<object> {
    reply.header('cache-control', 'no-store');
    const session = await this.people.sessionOf(request);
    if (session === null)
      throw new Problem(404, {
        type: 'no-session',
        detail: 'The request carries no session: GET /auth/me says who its key or token is.',
      });
    return selfOf(caller, session);
  }

  @Delete()
  @HttpCode(204)
  @Public()
  @ApiOperation({
    operationId: 'endSession',
    summary: 'End the session of this browser',
    description: 'Twice is the same as once. People who sign out at their identity provider too use /auth/logout.',
  })
  @ApiNoContentResponse({ description: 'the session has ended' })
  @ApiProblems(400, 403, 415)
  async end(@Req() request: Request, @Res({ passthrough: true }) reply: Reply): Promise<void> {
    const origin = ownOrigin(this.config.publicUrl, request);
    reply.header('cache-control', 'no-store');
    const session = readCookie('session', request, origin.isSecure);
    if (session === null) return;
    assertSameOrigin(request, origin);
    await this.people.sessions.end(session);
    reply.header('set-cookie', clearCookie('session', origin));
  }
}

/** The sessions of all browsers. */
@ApiTags('access')
@Controller('sessions')
@Allow('operate')
export class SessionsController {
  constructor(private readonly sessions: SessionAdministration) {}

  @Get()
  @ApiOperation({ operationId: 'listSessions', summary: 'List the sessions of browsers that have not ended' })
  @ApiOkResponse({ schema: SESSIONS as object })
  async list(): Promise<readonly ShownSession[]> {
    return (await this.sessions.list()).map(sessionView);
  }

  @Delete(':id')
  @HttpCode(204)
  @Records('session-ended')
  @ApiOperation({ operationId: 'endSessionOf', summary: 'End a session of a browser, in all processes at once' })
  @ApiParam({ name: 'id', example: '9f86d081884c7d65' })
  @ApiNoContentResponse({ description: 'the session has ended' })
  @ApiProblems(404)
  async end(@Param('id') id: string, @CurrentPrincipal() caller: Principal): Promise<void> {
    if (!(await this.sessions.end(id, caller)))
      throw new Problem(404, { detail: 'There is no session of this id: GET /v1/sessions lists them.' });
  }
}

function wrongKey(retryAfterS: number | null): Problem {
  if (retryAfterS !== null)
    return new Problem(429, {
      type: 'too-many-wrong-keys',
      detail: `Too many wrong keys came from this address: correct the key, and try again in ${retryAfterS} s.`,
      headers: { 'retry-after': String(retryAfterS) },
    });
  return new Problem(401, {
    type: 'wrong-key',
    detail: 'This is no valid API key: it is unknown, expired, revoked or blocked.',
  });
}
