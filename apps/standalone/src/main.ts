import 'reflect-metadata';
import { EVENT_LOG, lockDataFolder, type DataFolderLock, type EventLog } from '#event-log';
import { IngestTouchpointsHandler, policyOf } from '#ingestion';
import {
  APPROVALS,
  CLOCK,
  LOGGER,
  readConfig,
  removeEngineFile,
  RunningEngine,
  writeEngineFile,
  type Approvals,
  type Clock,
  type Logger,
} from '#platform';
import { ApiKeyAccess, ApiKeys } from '#keys';
import { serve, startProcess } from '#platform/nest';
import { checkFolder, JournalKeeper } from '#privacy';
import { prepareStoresOf } from '#privacy/nest';
import { setUpOpenApi } from '#queries/nest';
import { demonstrationWanted, playDemonstration, EXAMPLE_CUSTOMER } from './demonstration.js';
import { StandaloneModule } from './standalone.module.js';

/** Starts the engine: the port is taken first, then the lock, before a store is opened, and the address is printed when everything answers. */
async function start(): Promise<void> {
  const config = readConfig(process.env);
  const stopping = new AbortController();
  let demonstration: Promise<void> = Promise.resolve();
  const held: { lock?: DataFolderLock } = {};
  try {
    await serve({
      config,
      module: () => {
        held.lock = lockDataFolder(config.dataDir);
        checkFolder(config, true);
        return StandaloneModule.forRoot(config, held.lock);
      },
      port: config.port,
      portSetting: 'PORT',
      async prepare(app) {
        setUpOpenApi(app);
        await prepareStoresOf(app, config, { ownsFolder: true });
        await app.get(JournalKeeper).reconcile();
      },
      async listening(app, url) {
        const { localToken: token } = app.get(ApiKeyAccess);
        app.get(RunningEngine).owns(writeEngineFile(config.dataDir, { url, pid: process.pid, token }));
        const demo = config.demo && (await demonstrationWanted(config.dataDir, app.get<EventLog>(EVENT_LOG)));
        // Created last, so that a start that fails does not leave a key that was never shown.
        printAddress(url, await app.get(ApiKeys).createAdminOnce(), demo);
        if (demo)
          demonstration = playDemonstration({
            dataDir: config.dataDir,
            log: app.get<EventLog>(EVENT_LOG),
            approvals: app.get<Approvals>(APPROVALS),
            ingestTouchpoints: app.get(IngestTouchpointsHandler),
            clock: app.get<Clock>(CLOCK),
            policy: policyOf(config.policy),
            print: (line) => console.log(line),
            signal: stopping.signal,
          }).catch((error: unknown) =>
            app.get<Logger>(LOGGER).error({ err: error }, 'the demonstration failed; the next start resumes it'),
          );
      },
      stopping() {
        removeEngineFile(config.dataDir);
        stopping.abort();
      },
      drained: () => demonstration,
      closed: () => held.lock?.release(),
    });
  } catch (error) {
    held.lock?.release();
    throw error;
  }
}

const EXAMPLES = [`  npx perennial explain ${EXAMPLE_CUSTOMER}`, `  npx perennial replay ${EXAMPLE_CUSTOMER}`];

function printAddress(url: string, adminKey: string | null, demo: boolean): void {
  const lines = [
    '',
    `Perennial answers at ${url}`,
    `  documentation   ${url}/docs`,
    `  health          ${url}/health/ready`,
    ...(adminKey === null ? [] : ['', `The admin key, shown only this once: ${adminKey}`]),
    '',
    'Try in another terminal:',
    '  npx perennial query customers --stage retention --phase at-risk --limit 10',
    // Without the demonstration the example customer does not exist.
    ...(demo ? EXAMPLES : ['  npx perennial stats', '  npx perennial import --help']),
    '',
  ];
  console.log(lines.join('\n'));
}

await startProcess(start);
