import 'reflect-metadata';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Registry } from 'prom-client';
import { ApprovalsModule } from '#approvals/nest';
import { lockDataFolder, type DataFolderLock } from '#event-log';
import { EventLogModule } from '#event-log/nest';
import { IngestionModule } from '#ingestion/nest';
import { ApiKeyAccess } from '#keys';
import { KeysModule } from '#keys/nest';
import { METRICS, readConfig, type Config } from '#platform';
import { configureApp, createHttpAdapter, PlatformModule } from '#platform/nest';
import { OpeningsModule } from '#privacy/nest';
import { usageNow, type Usage } from '../measuring/usage.js';

export interface IngestionProgress extends Usage {
  readonly taken: number;
}

/** Intake alone, as a process that does nothing else would run it. */
@Module({})
class IngestionAlone {
  static forRoot(config: Config, lock: DataFolderLock): DynamicModule {
    return {
      module: IngestionAlone,
      imports: [
        PlatformModule.forRoot({ config }),
        KeysModule.forRoot(),
        ApprovalsModule.forRoot(),
        EventLogModule.forRoot({ lock }),
        OpeningsModule.forRoot(),
        IngestionModule.forRoot(),
      ],
    };
  }
}

const config = readConfig(process.env);
const lock = lockDataFolder(config.dataDir);
const app = await NestFactory.create<NestFastifyApplication>(
  IngestionAlone.forRoot(config, lock),
  createHttpAdapter(config),
  { logger: ['error', 'warn'], abortOnError: false },
);
configureApp(app);
await app.listen(config.port, config.host);
const { port } = app.getHttpServer().address() as { readonly port: number };
const events = app.get<Registry>(METRICS).getSingleMetric('perennial_intake_events_total');
/** What it has used, and how many events have their outcome. */
async function progress(): Promise<IngestionProgress> {
  const values = (await events?.get())?.values ?? [];
  return { ...usageNow(), taken: values.reduce((sum, { value }) => sum + value, 0) };
}
process.on('message', () => void progress().then((told) => process.send?.(told)));
process.once('SIGTERM', () => {
  void app.close().then(() => {
    lock.release();
    process.exit(0);
  });
});
process.send?.({ url: `http://127.0.0.1:${port}`, token: app.get(ApiKeyAccess).localToken });
