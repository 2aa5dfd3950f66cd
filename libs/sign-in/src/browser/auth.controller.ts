import { Controller, Get, HttpCode, Inject, Post, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { CONFIG, type Config, type RequestHead } from '#platform';
import { ApiProblems, Problem, Public } from '#platform/nest';
import { asProblem, SignedInPeople } from '../signed-in-people.js';
import { clearCookie, readCookie, setCookie } from './cookies.js';
import { ownOrigin } from './origin.js';
import { assertSameOrigin } from './same-origin.js';
import { SIGN_IN_MS } from './sign-in.js';

/** The parts of Fastify's request and reply that are used here. */
interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: RequestHead['headers'];
  readonly ip: string;
}
interface Reply {
  header(name: string, value: string): Reply;
  code(status: number): Reply;
  type(type: string): Reply;
}

const CALLBACK = '/auth/callback';
const TEXT = { type: 'string' };

/** People sign in and out by their browsers. */
@ApiTags('access')
@Controller({ path: 'auth', version: VERSION_NEUTRAL })
export class AuthController {
  constructor(
    private readonly people: SignedInPeople,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get('login')
  @Public()
  @ApiOperation({
    operationId: 'signIn',
    summary: 'Send a browser to the identity provider to sign in',
    description: 'It comes back to /auth/callback, gets the cookie of a session, and goes on to `returnTo`.',
  })
  @ApiQuery({ name: 'returnTo', required: false, description: 'a path of the engine', example: '/docs' })
  @ApiResponse({ status: 303, description: 'to the identity provider' })
  @ApiProblems(400, 404, 503)
  async login(@Req() request: Request, @Res({ passthrough: true }) reply: Reply): Promise<void> {
    const origin = this.originOf(request);
    const returnTo = queryOf(request).get('returnTo');
    const { location, cookie } = await this.signIn.begin(`${origin.url}${CALLBACK}`, returnTo).catch(reject);
    unkept(reply)
      .header('set-cookie', setCookie('sign-in', cookie, origin, SIGN_IN_MS / 1_000))
      .header('location', location)
      .code(303);
  }

  @Get('callback')
  @Public()
  @ApiOperation({
    operationId: 'finishSignIn',
    summary: 'The browser comes back from the identity provider',
    description: 'The answer sets the cookie of a session, and leads on to the page that was wanted.',
  })
  @ApiOkResponse({ description: 'a page that leads on', content: { 'text/html': { schema: TEXT } } })
  @ApiProblems(400, 401, 403, 404, 503)
  async callback(@Req() request: Request, @Res({ passthrough: true }) reply: Reply): Promise<string> {
    const origin = this.originOf(request);
    const former = readCookie('session', request, origin.isSecure);
    unkept(reply).header('set-cookie', clearCookie('sign-in', origin));
    const cookie = readCookie('sign-in', request, origin.isSecure);
    const { session, returnTo } = await this.signIn.finish(queryOf(request), cookie).catch((error: unknown) => {
      this.people.noteFailedSignIn(error);
      return reject(error);
    });
    // A session that the browser had before is never the one that is signed in.
    if (former !== null) await this.people.sessions.end(former);
    reply.header('set-cookie', setCookie('session', session, origin));
    reply.type('text/html; charset=utf-8');
    return leadingTo(returnTo);
  }

  @Post('logout')
  @HttpCode(200)
  @Public()
  @ApiOperation({
    operationId: 'signOut',
    summary: 'End the session of this browser',
    description: 'The answer names where the browser signs out at the identity provider too.',
  })
  @ApiOkResponse({
    schema: { type: 'object', required: ['location'], properties: { location: { ...TEXT, nullable: true } } },
  })
  @ApiProblems(400, 403, 404, 415)
  async logout(
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<{ readonly location: string | null }> {
    const origin = this.originOf(request);
    const session = readCookie('session', request, origin.isSecure);
    unkept(reply);
    if (session === null) return { location: null };
    assertSameOrigin(request, origin);
    const location = await this.signIn.end(session, `${origin.url}/`);
    reply.header('set-cookie', clearCookie('session', origin));
    return { location };
  }

  private get signIn() {
    const { signIn } = this.people;
    if (signIn === null) throw noSignIn();
    return signIn;
  }

  private originOf(request: Request) {
    if (this.people.signIn === null) throw noSignIn();
    return ownOrigin(this.config.publicUrl, request);
  }
}

export const noSignIn = (): Problem =>
  new Problem(404, {
    type: 'no-sign-in',
    detail: 'People cannot sign in here: set OIDC_ISSUER and OIDC_CLIENT_ID (docs/sso.md).',
  });

function reject(error: unknown): never {
  throw asProblem(error);
}

const queryOf = ({ url }: Request): URLSearchParams => new URLSearchParams(url.split('?')[1] ?? '');

const unkept = (reply: Reply): Reply => reply.header('cache-control', 'no-store');

/**
 * A page that goes on by itself. A redirection would still count as coming from the identity provider, and the browser would not send the cookie of
 * the session along.
 */
function leadingTo(path: string): string {
  const safe = path.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Signed in</title><meta http-equiv="refresh" content="0;url=${safe}"><p>Signed in. <a href="${safe}">Go on</a></p></html>\n`;
}
