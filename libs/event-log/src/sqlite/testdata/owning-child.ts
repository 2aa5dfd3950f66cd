import { lockDataFolder } from '../../data-folder.js';
import { EventLogError } from '../../port.js';

/** A process that tries to own a data folder, says what came of it, and holds the folder until it is killed. */
const [folder = '.'] = process.argv.slice(2);
try {
  lockDataFolder(folder);
  process.stdout.write('owned\n');
  setInterval(() => {}, 60_000);
} catch (error) {
  if (!(error instanceof EventLogError)) throw error;
  process.stdout.write(`${error.code}: ${error.message}\n`);
}
