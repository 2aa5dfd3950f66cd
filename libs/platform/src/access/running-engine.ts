import type { LogIdentity } from '../stores/log-identity.js';
import { isStillOwn, type OwnFolder } from './engine-file.js';

/** What the running engine says of itself to the command line, which must not take another engine for the one of its folder. */
export class RunningEngine {
  #own: OwnFolder | null = null;
  /** Set where the process has the event log open. */
  logIdentity: (() => Promise<LogIdentity>) | null = null;

  /** The engine wrote its file. */
  owns(own: OwnFolder): void {
    this.#own = own;
  }

  /** The folder that the engine runs on; null where it runs on none, or where the folder at that path is no longer its own. */
  get folder(): Pick<OwnFolder, 'nonce' | 'folder'> | null {
    return this.#own !== null && isStillOwn(this.#own) ? this.#own : null;
  }
}
