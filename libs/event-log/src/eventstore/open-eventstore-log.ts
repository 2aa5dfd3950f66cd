import type { EventStoreLog } from './eventstore-log.js';
import type { EventStoreLogOptions } from './open-log-on-server.js';

/**
 * Opens the log on a server that is there. Several processes may have it open; several logs may lie on one server. The server's
 * client is loaded here and not before: most engines keep their log in a file.
 */
export async function openEventStoreLog(options: EventStoreLogOptions): Promise<EventStoreLog> {
  const { openLogOnServer } = await import('./open-log-on-server.js');
  return openLogOnServer(options);
}
