import { join } from 'node:path';
import { folderIdOf, isSameFolder, readEngineFile, type EngineFile } from '#platform/basics';
import { unreachable, usage } from '../exit-codes.js';
import type { EngineOptions, Session } from '../session.js';
import type { StoredLogin } from '../sign-in/stored-login.js';
import type { Engine } from './engine.js';
import { RemoteEngine } from './remote-engine.js';

/**
 * The engine that the options name: the one at `--url`; else the one that is running on the data folder; else the data folder itself, opened
 * in this process until the command ends.
 *
 * @param creates whether the command may begin a log where there is none: one that only reads never does
 */
export async function openEngine(
  { dataDir, url, key }: EngineOptions,
  { clock, stderr, signal }: Session,
  creates = false,
): Promise<Engine> {
  if (url !== undefined) {
    if (!URL.canParse(url)) throw usage(`--url must be an address (got ${url}): write http://127.0.0.1:3000.`);
    return new RemoteEngine(url, key ?? (await storedLogin(url)));
  }
  const running = readEngineFile(dataDir);
  if (running !== null) return engineOf(dataDir, running);
  const announce = (line: string): void => void stderr.write(`${line}\n`);
  const { openLocalEngine } = await import('./open-local-engine.js');
  const { settingsOf } = await import('./settings-of.js');
  return openLocalEngine({ ...settingsOf(), dataDir }, clock, { creates, announce, signal });
}

/**
 * The engine that engine.json names, once it has proved that it runs on this very folder: engine.json is copied along with a folder, and a command
 * that is given the copy must not reach the engine of the original. Nothing is sent before.
 */
async function engineOf(dataDir: string, { url, token, nonce, folder }: EngineFile): Promise<RemoteEngine> {
  const own = folderIdOf(dataDir);
  const file = join(dataDir, 'engine.json');
  if (nonce === undefined || folder === undefined)
    throw unreachable(
      `${file} was written by an engine of an earlier version, and does not say which folder is its own: nothing was sent. Restart that engine, or give --url ${url} and --key.`,
    );
  const copied = (original: string): Error =>
    unreachable(
      `${dataDir} is not the data folder of the running engine that ${file} names, but a copy: that engine runs on ${original}. Nothing was sent. ` +
        `To work on the engine, give --data-dir ${original}. To work on the copy, delete ${file} first.`,
    );
  if (!isSameFolder(own, folder)) throw copied(folder.path);
  const engine = new RemoteEngine(url, token);
  const described = await engine.describe();
  if (described === null || described.nonce !== nonce)
    throw unreachable(
      `The process at ${url}, which ${file} names, is not the engine of this folder: nothing was sent. If no engine runs on the folder, delete ${file}; else give its --url and --key.`,
    );
  if (!isSameFolder(own, described.folder)) throw copied(described.folder.path);
  return engine;
}

/** The login of the person at the engine of this address; null where there is none. */
async function storedLogin(url: string): Promise<StoredLogin | null> {
  const [{ LoginFile }, { StoredLogin }] = await Promise.all([
    import('../sign-in/login-file.js'),
    import('../sign-in/stored-login.js'),
  ]);
  return StoredLogin.find(new LoginFile(), url);
}
