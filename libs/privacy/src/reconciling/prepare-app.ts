import type { INestApplicationContext } from '@nestjs/common';
import { EVENT_LOG, type EventLog } from '#event-log';
import { KEY_STORE, type EngineKeys } from '#keys';
import { CLOCK, HEALTH, LOGGER, type Clock, type Config, type Health, type Logger } from '#platform';
import { prepareStores } from './prepare-stores.js';
import { matchKeys } from './reconcile-keys.js';

/** As `prepareStores`, for a Nest application that writes to the log. What is reported stands in the log output and in health. */
export async function prepareStoresOf(
  app: INestApplicationContext,
  config: Config,
  { ownsFolder }: { readonly ownsFolder: boolean },
): Promise<void> {
  const logger = app.get<Logger>(LOGGER);
  const { missingKeys } = await prepareStores({
    log: app.get<EventLog>(EVENT_LOG),
    keys: app.get<EngineKeys>(KEY_STORE),
    now: app.get<Clock>(CLOCK).now(),
    announce: (line) => logger.warn(line),
    config,
    ownsFolder,
  });
  if (missingKeys !== null)
    app.get<Health>(HEALTH).register('key-store', () => ({
      ok: true,
      detail: `older than the log: ${missingKeys.subjects} subjects without a key, noticed ${missingKeys.noticedAt}`,
    }));
}

/** For an application that only reads the log: its keys belong to it. */
export async function matchKeysOf(app: INestApplicationContext): Promise<void> {
  await matchKeys({ log: app.get<EventLog>(EVENT_LOG), keys: app.get<EngineKeys>(KEY_STORE) });
}
