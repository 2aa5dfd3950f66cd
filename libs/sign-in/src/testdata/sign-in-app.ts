import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Body, Controller, Get, Global, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { openSqliteKeyStore, type SqliteKeyStore } from '#keys';
import { KeysModule } from '#keys/nest';
import { ACTS, actorOf, APPROVALS, givenScopes, readConfig, type Act, type Principal } from '#platform';
import { Allow, configureApp, createHttpAdapter, createLogger, CurrentPrincipal, PlatformModule } from '#platform/nest';
import { ONE_IS_ENOUGH } from '#testing';
import { SignInModule } from '../sign-in.module.js';

export const ROLE_MAP = {
  values: {
    'perennial-marketer': { roles: ['marketer'] },
    'perennial-auditor': { roles: ['auditor'], scopes: { brand: ['aurora'] } },
    'perennial-admin': { roles: ['admin'] },
    'ada@shop.example': { roles: ['operator', 'admin'] },
  },
};

@Controller()
class Routes {
  @Get('read')
  @Allow('read', { scope: 'brand' })
  read(@CurrentPrincipal() caller: Principal): object {
    const { name, roles, scopes } = caller;
    return { by: actorOf(caller), name, roles, scopes: givenScopes(scopes) };
  }
  @Get('unscoped')
  @Allow('read')
  unscoped(): object {
    return {};
  }
  @Post('changed')
  @Allow('administer')
  change(@Body() body: unknown): unknown {
    return body ?? null;
  }
}

@Module({ controllers: [Routes] })
class RoutesModule {}

export interface SignInApp {
  readonly app: NestFastifyApplication;
  readonly keyStore: SqliteKeyStore;
  readonly acts: readonly Act[];
  /** What was logged, line by line. */
  readonly lines: readonly string[];
  /** The instant that the engine takes for now; it goes on from the real one. */
  readonly clock: { offsetMs: number; now(): number };
  close(): Promise<void>;
}

/** An application with people beside keys, a route to read and one to administer. */
export async function signInApp(
  settings: Readonly<Record<string, string>>,
  { port }: { readonly port?: number } = {},
): Promise<SignInApp> {
  const keyStore = openSqliteKeyStore({ file: ':memory:' });
  const acts: Act[] = [];
  const lines: string[] = [];
  const clock = { offsetMs: 0, now: () => Date.now() + clock.offsetMs };
  const map = join(mkdtempSync(join(tmpdir(), 'perennial-sign-in-')), 'map.json');
  writeFileSync(map, JSON.stringify(ROLE_MAP));
  @Global()
  @Module({
    providers: [
      { provide: ACTS, useValue: { record: async (act: Act) => void acts.push(act) } },
      { provide: APPROVALS, useValue: ONE_IS_ENOUGH },
    ],
    exports: [ACTS, APPROVALS],
  })
  class ActsModule {}
  const config = readConfig({ LOG_LEVEL: 'debug', OIDC_MAP: map, OIDC_ROLES: '/realm_access/roles', ...settings });
  const logger = createLogger({ level: 'debug', format: 'json', destination: { write: (line) => lines.push(line) } });
  const testing = await Test.createTestingModule({
    imports: [
      PlatformModule.forRoot({ config, clock, logger }),
      KeysModule.forRoot({ keyStore }),
      ActsModule,
      SignInModule.forRoot({ byBrowser: true }),
      RoutesModule,
    ],
  }).compile();
  const app = testing.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), { logger: false });
  configureApp(app);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  if (port !== undefined) await app.listen(port, '127.0.0.1');
  return {
    ...{ app, keyStore, acts, lines, clock },
    close: async () => {
      await app.close();
      await keyStore.close();
    },
  };
}
