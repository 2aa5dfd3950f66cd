import { Global, Inject, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { HOUR, MINUTE } from '#contracts';
import { ApiKeyAccess, ApiKeys, KEY_STORE, RejectedSignIns, SessionAdministration, type EngineKeys } from '#keys';
import { ACTS, CLOCK, CONFIG, LOGGER, type Acts, type Clock, type Config, type Logger } from '#platform';
import { FastifyRoutes, type HttpAdapter } from '#platform/nest';
import { AuthController } from './browser/auth.controller.js';
import { BACKCHANNEL_LOGOUT, backchannelLogout } from './browser/backchannel-logout.js';
import { ResourceController } from './browser/resource.controller.js';
import { SessionController, SessionsController } from './browser/session.controller.js';
import { SignIn } from './browser/sign-in.js';
import { WhoAmIController } from './browser/who-am-i.controller.js';
import { Issuer } from './issuer/issuer.js';
import { Directory } from './people/directory.js';
import { PersonIds } from './people/person-ids.js';
import { readRoleMap } from './people/role-map.js';
import { Sessions } from './sessions/sessions.js';
import { SignedInPeople, type PeopleOptions } from './signed-in-people.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { TokenVerifier } from './tokens/token-verifier.js';

export interface SignInModuleOptions {
  /** Whether people sign in here by their browsers, and not only with access tokens. */
  readonly byBrowser?: boolean;
}

/** Lets people in beside API keys: by their identity provider, where the config names one, and by sessions of browsers. Needs the platform and the keys. */
@Global()
@Module({})
export class SignInModule implements OnModuleInit {
  private static readonly BY_BROWSER = Symbol.for('perennial.sign-in.by-browser');

  constructor(
    access: ApiKeyAccess,
    private readonly people: SignedInPeople,
    private readonly host: HttpAdapterHost<HttpAdapter>,
    private readonly routes: FastifyRoutes,
    @Inject(SignInModule.BY_BROWSER) private readonly byBrowser: boolean,
  ) {
    if (people.isOpen) access.people = people;
  }

  static forRoot({ byBrowser = false }: SignInModuleOptions = {}): DynamicModule {
    return {
      module: SignInModule,
      controllers: [
        WhoAmIController,
        ...(byBrowser ? [AuthController, ResourceController, SessionController, SessionsController] : []),
      ],
      providers: [
        { provide: SignInModule.BY_BROWSER, useValue: byBrowser },
        {
          provide: SignedInPeople,
          useFactory: (
            config: Config,
            keys: EngineKeys,
            apiKeys: ApiKeys,
            clock: Clock,
            logger: Logger,
            rejected: RejectedSignIns,
          ) => new SignedInPeople(peopleOptions({ config, keys, apiKeys, clock, logger, rejected, byBrowser })),
          inject: [CONFIG, KEY_STORE, ApiKeys, CLOCK, LOGGER, RejectedSignIns],
        },
        {
          provide: SessionAdministration,
          useFactory: (keys: EngineKeys, apiKeys: ApiKeys, clock: Clock, acts: Acts, config: Config) =>
            new SessionAdministration(keys.sessions, apiKeys, clock, acts, config.sessionIdleMinutes * MINUTE),
          inject: [KEY_STORE, ApiKeys, CLOCK, ACTS, CONFIG],
        },
      ],
    };
  }

  onModuleInit(): void {
    if (!this.byBrowser) return;
    const { httpAdapter } = this.host;
    void httpAdapter.getInstance<FastifyInstance>().register(backchannelLogout(this.people, httpAdapter.bodies));
    this.routes.add(BACKCHANNEL_LOGOUT);
  }
}

interface PeopleParts {
  readonly config: Config;
  readonly keys: EngineKeys;
  readonly apiKeys: ApiKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rejected: RejectedSignIns;
  readonly byBrowser: boolean;
}

function peopleOptions(parts: PeopleParts): PeopleOptions {
  const { config, keys, apiKeys, clock, rejected, byBrowser } = parts;
  const limits = { idleMs: config.sessionIdleMinutes * MINUTE, lifeMs: config.sessionHours * HOUR };
  const sessions = new Sessions(keys.sessions, clock, limits);
  return {
    provided: providedBy(parts, sessions),
    sessions: byBrowser ? sessions : null,
    apiKeys,
    publicUrl: config.publicUrl,
    rejected,
  };
}

/** What the identity provider of the config vouches for. */
function providedBy(
  { config, keys, apiKeys, clock, logger, rejected, byBrowser }: PeopleParts,
  sessions: Sessions,
): PeopleOptions['provided'] {
  const { oidcIssuer, oidcClientId, oidcAudience: audience, oidcTokenType: tokenType } = config;
  if (oidcIssuer === null) return null;
  const map = readRoleMap(config.oidcMap);
  const issuer = new Issuer(oidcIssuer);
  const ids = new PersonIds(keys);
  const directory = new Directory({
    ...{ issuer: oidcIssuer, ids, rolesPointer: config.oidcRoles, map },
    isBlocked: (principal) => apiKeys.isBlocked(principal),
    onRejected: (reason, principal) => rejected.countPerson(reason, principal),
  });
  const verifier = new TokenVerifier(issuer, clock);
  const tokens = new AccessTokens(verifier, { audience, tokenType });
  // The engine starts without it: only tokens and sign-ins wait for it.
  issuer.metadata().catch((error: unknown) => logger.warn({ err: error }, 'people cannot sign in yet'));
  const signIn =
    !byBrowser || oidcClientId === null
      ? null
      : new SignIn({
          ...{ issuer, verifier, tokens, directory, ids, sessions, clock, hashKey: keys.hashKey },
          client: { id: oidcClientId, secret: config.oidcClientSecret },
          scopes: config.oidcScopes,
        });
  return { tokens, directory, signIn };
}
