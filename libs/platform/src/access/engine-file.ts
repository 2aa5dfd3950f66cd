import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** `engine.json` in a data folder: how the command line finds the engine that runs on the folder. */
export interface EngineFile {
  readonly url: string;
  readonly pid: number;
  /** A bearer token with every permission. */
  readonly token: string;
}

const pathOf = (dataDir: string): string => join(dataDir, 'engine.json');

/** Writes the file of the running engine, readable by its owner only. */
export function writeEngineFile(dataDir: string, engine: EngineFile): void {
  const path = pathOf(dataDir);
  const unfinished = `${path}.${process.pid}`;
  rmSync(unfinished, { force: true });
  const file = openSync(unfinished, 'wx', 0o600);
  writeSync(file, `${JSON.stringify(engine)}\n`);
  closeSync(file);
  renameSync(unfinished, path);
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
