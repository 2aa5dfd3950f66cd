import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import {
  ACCESS,
  ACTS,
  APPROVALS,
  CLOCK,
  CONFIG,
  HEALTH,
  LOGGER,
  PUBLICATION_MEMORY,
  SEALED_OPENER,
  STORE_WATCH,
  type Acts,
  type Approvals,
  type Clock,
  type Config,
  type Health,
  type Logger,
  type StoreWatch,
} from '#platform';
import { ApiKeyAccess } from './api-keys/api-key-access.js';
import { ApiKeys } from './api-keys/api-keys.js';
import { BreakGlassWatch } from './api-keys/break-glass-watch.js';
import { KeyExpiryWatch } from './api-keys/key-expiry-watch.js';
import { KeyAdministration } from './api-keys/key-administration.js';
import { KeysController, PrincipalsController } from './api-keys/keys.controller.js';
import { RejectedSignIns } from './api-keys/rejected-sign-ins.js';
import { openKeys, type EngineKeys } from './open-keys.js';
import { publicationMemory } from './publication-memory.js';
import { sealedOpener } from './sealed-opener.js';
import { Sealer } from './sealer.js';
import { SqliteKeyStore } from './sqlite/sqlite-key-store.js';
import { KEY_STORE, SEALER } from './tokens.js';

export interface KeysModuleOptions {
  /** A store opened elsewhere, which is closed elsewhere; without one, the module opens and closes the store that the config names. */
  readonly keyStore?: EngineKeys;
}

/**
 * Opens the key store when the application starts, provides it as KEY_STORE with SEALER, `ApiKeys` and ACCESS beside it, serves `/v1/keys`,
 * and closes the store at shutdown.
 */
@Global()
@Module({})
export class KeysModule implements OnApplicationShutdown {
  /** Null where the store was opened elsewhere. */
  private static readonly OPENED = Symbol.for('perennial.keys.opened');

  constructor(
    @Inject(KeysModule.OPENED) private readonly opened: EngineKeys | null,
    @Inject(ApiKeys) private readonly apiKeys: ApiKeys,
    @Inject(KEY_STORE) keys: EngineKeys,
    @Inject(HEALTH) health: Health,
    @Inject(KeyExpiryWatch) private readonly expiry: KeyExpiryWatch,
    @Inject(RejectedSignIns) private readonly rejected: RejectedSignIns,
    @Inject(BreakGlassWatch) private readonly breakGlass: BreakGlassWatch,
    @Inject(CONFIG) { oidcIssuer }: Config,
  ) {
    health.register('api keys', () => expiry.health());
    expiry.start();
    if (oidcIssuer !== null) breakGlass.start();
    apiKeys.onWrongSecret = (id) => rejected.countKey(id);
    // The embedded store is a file of this process; a server may be unreachable.
    if (!(keys instanceof SqliteKeyStore)) health.register('keys', () => keys.poll().then(() => ({ ok: true })));
  }

  static forRoot({ keyStore }: KeysModuleOptions = {}): DynamicModule {
    return {
      module: KeysModule,
      controllers: [KeysController, PrincipalsController],
      providers: [
        {
          provide: KeysModule.OPENED,
          useFactory: (config: Config, watch?: StoreWatch) => (keyStore === undefined ? openKeys(config, watch) : null),
          inject: [CONFIG, { token: STORE_WATCH, optional: true }],
        },
        {
          provide: KEY_STORE,
          useFactory: (opened: EngineKeys | null) => keyStore ?? opened,
          inject: [KeysModule.OPENED],
        },
        { provide: SEALER, useFactory: (keys: EngineKeys) => new Sealer(keys), inject: [KEY_STORE] },
        {
          provide: ApiKeys,
          useFactory: (keys: EngineKeys, clock: Clock) => ApiKeys.open(keys.apiKeys, clock),
          inject: [KEY_STORE, CLOCK],
        },
        {
          provide: KeyAdministration,
          useFactory: (apiKeys: ApiKeys, clock: Clock, acts: Acts, approvals: Approvals) =>
            new KeyAdministration(apiKeys, clock, acts, approvals),
          inject: [ApiKeys, CLOCK, ACTS, APPROVALS],
        },
        {
          provide: ApiKeyAccess,
          useFactory: (apiKeys: ApiKeys, clock: Clock) => new ApiKeyAccess(apiKeys, clock),
          inject: [ApiKeys, CLOCK],
        },
        {
          provide: KeyExpiryWatch,
          useFactory: (apiKeys: ApiKeys, clock: Clock, logger: Logger) => new KeyExpiryWatch(apiKeys, clock, logger),
          inject: [ApiKeys, CLOCK, LOGGER],
        },
        {
          provide: RejectedSignIns,
          useFactory: (acts: Acts, clock: Clock) => new RejectedSignIns(acts, clock),
          inject: [ACTS, CLOCK],
        },
        {
          provide: BreakGlassWatch,
          useFactory: (apiKeys: ApiKeys, acts: Acts, logger: Logger) => new BreakGlassWatch(apiKeys, acts, logger),
          inject: [ApiKeys, ACTS, LOGGER],
        },
        { provide: ACCESS, useExisting: ApiKeyAccess },
        { provide: SEALED_OPENER, useFactory: (sealer: Sealer) => sealedOpener(sealer), inject: [SEALER] },
        { provide: PUBLICATION_MEMORY, useFactory: (keys: EngineKeys) => publicationMemory(keys), inject: [KEY_STORE] },
      ],
      exports: [
        KEY_STORE,
        SEALER,
        ApiKeys,
        KeyAdministration,
        KeyExpiryWatch,
        ApiKeyAccess,
        RejectedSignIns,
        ACCESS,
        PUBLICATION_MEMORY,
        SEALED_OPENER,
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    this.expiry.stop();
    this.breakGlass.stop();
    await this.rejected.flush();
    await this.apiKeys.close();
    await this.opened?.close();
  }
}
