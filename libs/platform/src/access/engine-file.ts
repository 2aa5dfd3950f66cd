import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** `engine.json` in a data folder: how the command line finds the engine that runs on the folder. */
export interface EngineFile {
  readonly url: string;
  readonly pid: number;
  /** A bearer token with every permission. */
  readonly token: string;
  /** Known to this engine and to this file: it tells the engine from another one at its address. */
  readonly nonce?: string;
  /** The data folder itself: a copy of the folder is another one. */
  readonly folder?: FolderId;
}

/** A folder by its place on the disk: a copy has another one, whatever its files say. */
export interface FolderId {
  readonly path: string;
  readonly device: number;
  readonly inode: number;
}

/** @throws where the folder is not there */
export function folderIdOf(dataDir: string): FolderId {
  const { dev, ino } = statSync(dataDir);
  return { path: realpathSync(dataDir), device: dev, inode: ino };
}

export const isSameFolder = (a: FolderId, b: FolderId): boolean => a.device === b.device && a.inode === b.inode;

/** What an engine remembers of its folder and of the file that it wrote there. */
export interface OwnFolder {
  readonly dataDir: string;
  readonly nonce: string;
  readonly folder: FolderId;
  /** The file's place on the disk and the instant it was made: a copy put in its place has others. */
  readonly file: string;
}

/** Whether the folder at that path is still the engine's: not replaced by a copy in the meantime. */
export function isStillOwn({ dataDir, folder, file }: OwnFolder): boolean {
  try {
    return isSameFolder(folderIdOf(dataDir), folder) && stampOf(pathOf(dataDir)) === file;
  } catch {
    return false;
  }
}

function stampOf(path: string): string {
  const { dev, ino, birthtimeMs } = statSync(path);
  return `${dev} ${ino} ${birthtimeMs}`;
}

const pathOf = (dataDir: string): string => join(dataDir, 'engine.json');

/** Writes the file of the running engine, readable by its owner only. Returns what the engine remembers of it. */
export function writeEngineFile(dataDir: string, address: Pick<EngineFile, 'url' | 'pid' | 'token'>): OwnFolder {
  const nonce = randomBytes(16).toString('hex');
  const folder = folderIdOf(dataDir);
  const engine: EngineFile = { ...address, nonce, folder };
  const path = pathOf(dataDir);
  const unfinished = `${path}.${process.pid}`;
  rmSync(unfinished, { force: true });
  const file = openSync(unfinished, 'wx', 0o600);
  writeSync(file, `${JSON.stringify(engine)}\n`);
  closeSync(file);
  renameSync(unfinished, path);
  return { dataDir, nonce, folder, file: stampOf(path) };
}

/** The engine that runs on this folder; null where none does. A killed engine leaves its file behind, so its process is checked too. */
export function readEngineFile(dataDir: string): EngineFile | null {
  let engine: EngineFile;
  try {
    engine = JSON.parse(readFileSync(pathOf(dataDir), 'utf8')) as EngineFile;
  } catch {
    return null;
  }
  return typeof engine.pid === 'number' && isAlive(engine.pid) ? engine : null;
}

export function removeEngineFile(dataDir: string): void {
  rmSync(pathOf(dataDir), { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process exists, and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
