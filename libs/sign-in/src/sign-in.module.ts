import { Global, Inject, Module, type DynamicModule } from '@nestjs/common';
import { ApiKeyAccess, ApiKeys, KEY_STORE, type KeyStore } from '#keys';
import { CLOCK, CONFIG, LOGGER, type Clock, type Config, type Logger } from '#platform';
import { Issuer } from './issuer/issuer.js';
import { Directory } from './people/directory.js';
import { PersonIds } from './people/person-ids.js';
import { readRoleMap } from './people/role-map.js';
import { SignedInPeople } from './signed-in-people.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { TokenVerifier } from './tokens/token-verifier.js';

/** Lets people in beside API keys, where the config names an identity provider. Needs the platform and the keys. */
@Global()
@Module({})
export class SignInModule {
  constructor(
    access: ApiKeyAccess,
    apiKeys: ApiKeys,
    @Inject(KEY_STORE) keys: KeyStore,
    @Inject(CONFIG) config: Config,
    @Inject(CLOCK) clock: Clock,
    @Inject(LOGGER) logger: Logger,
  ) {
    const { oidcIssuer, oidcAudience: audience, oidcTokenType: tokenType, oidcRoles: rolesPointer, oidcMap } = config;
    if (oidcIssuer === null) return;
    const map = readRoleMap(oidcMap);
    const issuer = new Issuer(oidcIssuer);
    const directory = new Directory({
      ...{ issuer: oidcIssuer, ids: new PersonIds(keys), rolesPointer, map },
      isBlocked: (principal) => apiKeys.isBlocked(principal),
    });
    access.people = new SignedInPeople(
      new AccessTokens(new TokenVerifier(issuer, clock), { audience, tokenType }),
      directory,
    );
    // The engine starts without it: only tokens wait for it.
    issuer.metadata().catch((error: unknown) => logger.warn({ err: error }, 'people cannot sign in yet'));
  }

  static forRoot(): DynamicModule {
    return { module: SignInModule };
  }
}
