import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { EventLogError, lockDataFolder, type DataFolderLock, type EventLog } from '#event-log';
import {
  ACCESS,
  CLOCK,
  ConfigError,
  createHttpAdapter,
  EVENT_LOG,
  KEY_STORE,
  KeyStoreError,
  LOGGER,
  NestLogger,
  readConfig,
  removeEngineFile,
  writeEngineFile,
  type Access,
  type Clock,
  type Config,
  type KeyStore,
  type Logger,
} from '#platform';
import { Intake, prepareLog } from '#intake';
import { Projector } from '#projections';
import { setUpOpenApi } from '#queries';
import { demonstrationWanted, playDemonstration } from './demonstration.js';
import { StandaloneModule } from './standalone.module.js';

/** Starts the engine; the lock comes before anything in the folder is opened, the address after everything answers. */
async function start(): Promise<void> {
  const config = readConfig(process.env);
  const lock = lockDataFolder(config.dataDir);
  try {
    const app = await NestFactory.create<NestFastifyApplication>(
      StandaloneModule.forRoot(config, lock),
      createHttpAdapter(config),
      { bufferLogs: true, abortOnError: false },
    );
    const logger = app.get<Logger>(LOGGER);
    app.useLogger(new NestLogger(logger));
    setUpOpenApi(app);
    const log = app.get<EventLog>(EVENT_LOG);
    await prepareLog(log, app.get<KeyStore>(KEY_STORE), config.policy, app.get<Clock>(CLOCK).now());
    const access = app.get<Access>(ACCESS);
    const adminKey = await access.apiKeys.createAdminOnce();
    await app.listen(config.port, config.host);
    const url = urlOf(app, config);
    writeEngineFile(config.dataDir, { url, pid: process.pid, token: access.localToken });
    const stopping = new AbortController();
    const demonstration = { ended: Promise.resolve() };
    stopOnSignal(app, config, lock, logger, async () => {
      stopping.abort();
      await demonstration.ended;
    });
    const demo = config.demo && (await demonstrationWanted(config.dataDir, log));
    sayWhereToLook(url, adminKey, demo);
    if (demo)
      demonstration.ended = playDemonstration({
        dataDir: config.dataDir,
        log,
        intake: app.get(Intake),
        clock: app.get<Clock>(CLOCK),
        say: (line) => console.log(line),
        signal: stopping.signal,
      }).catch((error: unknown) =>
        logger.error({ err: error }, 'the demonstration broke off; it goes on at the next start'),
      );
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Where a browser of this machine finds us, whatever address was bound. */
function urlOf(app: NestFastifyApplication, { host }: Config): string {
  const { port } = app.getHttpServer().address() as { readonly port: number };
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** Stops taking, finishes what was begun, closes the stores, and ends: the folder is then free. */
function stopOnSignal(
  app: NestFastifyApplication,
  config: Config,
  lock: DataFolderLock,
  logger: Logger,
  finish: () => Promise<void>,
): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    // Whoever asks a second time does not want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'stopping');
    removeEngineFile(config.dataDir);
    try {
      await app.getHttpAdapter().getInstance().close();
      await finish();
      await app.get(Projector).stop();
      await app.close();
      lock.release();
      process.exit(0);
    } catch (error) {
      logger.error({ err: error }, 'the engine did not stop cleanly');
      process.exit(1);
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, (got) => void stop(got));
}

const DEMONSTRATED = ['  npx perennial explain userId:u1-000570', '  npx perennial replay userId:u1-000570'];

function sayWhereToLook(url: string, adminKey: string | null, demo: boolean): void {
  const lines = [
    '',
    `Perennial answers at ${url}`,
    `  documentation   ${url}/docs`,
    `  health          ${url}/health/ready`,
    ...(adminKey === null ? [] : ['', `The admin key, shown only this once: ${adminKey}`]),
    '',
    'Try in another terminal:',
    '  npx perennial query customers --stage retention --phase at-risk --limit 10',
    // Whom the demonstration always makes up; without it nobody is known yet, or we do not know whom.
    ...(demo ? DEMONSTRATED : ['  npx perennial stats', '  npx perennial import --help']),
    '',
  ];
  console.log(lines.join('\n'));
}

try {
  await start();
} catch (error) {
  // What the person who starts it can mend is told in a sentence; anything else with its trace.
  const told = error instanceof ConfigError || error instanceof EventLogError || error instanceof KeyStoreError;
  console.error(told ? `perennial: ${error.message}` : error);
  process.exit(1);
}
