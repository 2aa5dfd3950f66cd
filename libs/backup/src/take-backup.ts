import { chmodSync, existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { formatInstant, parseInstant, type Instant } from '#contracts';
import { BEFORE_FIRST, LogCopier, type SegmentEnd } from '#event-log';
import { KeyStoreFile } from '#keys';
import { asBackupError, BackupError } from './backup-error.js';
import {
  FORMAT,
  MANIFEST,
  readManifest,
  syncFolder,
  writeManifest,
  type KeysInBackup,
  type LogInBackup,
  type LogSegment,
  type Manifest,
} from './manifest.js';
import type { BackupSources, KeysSource, LogSource } from './sources.js';

/** How far a backup, or a restore, has come. */
export interface BackupProgress {
  readonly step: string;
  readonly done: number;
  readonly total: number | null;
  readonly unit: 'events' | 'bytes';
}

export interface BackupOptions {
  readonly now: () => Instant;
  readonly onProgress?: (progress: BackupProgress) => void;
  readonly signal?: AbortSignal;
}

/** What a backup came to. */
export interface BackupSummary {
  readonly folder: string;
  readonly createdAt: string;
  /** The whole log up to here is in the backup; null where the log is not in it. */
  readonly position: number | null;
  /** Events that this run added, and the bytes that it wrote. */
  readonly events: number;
  readonly bytesWritten: number;
  /** Bytes of the whole backup. */
  readonly bytes: number;
  /** `first`: the folder was empty; `added`: to the backup that was there; `renewed`: that one could not be continued, and was replaced. */
  readonly kind: 'first' | 'added' | 'renewed';
  readonly notCovered: Manifest['notCovered'];
  readonly warnings: readonly string[];
}

/** With so many segments the next run writes the log in one piece again, so that a restore opens few files. */
const SEGMENTS_MAX = 500;
const OWN_FILES =
  /^(?:log-\d+-\d+\.db|keys-[0-9a-z]+\.db)(?:\.unfinished|\.whole|-journal)*$|^manifest\.json\.unfinished$/;

/**
 * Backs up the log and the keys into a folder, while the engine runs. The log comes first and the keys after it, so that every event in the backup
 * has its keys. A second run into the same folder adds what is new. At every moment the folder holds a whole backup: the manifest is replaced last.
 * @throws BackupError, EventLogError, KeyStoreError
 */
export async function takeBackup(sources: BackupSources, to: string, options: BackupOptions): Promise<BackupSummary> {
  const folder = resolve(to);
  try {
    return await take(sources, folder, options);
  } catch (error) {
    throw asBackupError(error, folder);
  }
}

async function take(sources: BackupSources, folder: string, options: BackupOptions): Promise<BackupSummary> {
  const { log, keys, notCovered } = sources;
  if (log === null && keys === null)
    throw new BackupError(
      'nothing-covered',
      `Nothing was backed up: ${notCovered.map(({ store, detail }) => `${store}: ${detail}`).join(' ')}`,
    );
  const found = prepareFolder(folder, sources.dataDir);
  mustBeOfThisLog(found, sources, folder);
  const continued = found !== null && continues(found, log, folder) ? found : null;
  const copied = log === null ? null : await copyLog(log, folder, continued?.log ?? null, options);
  mustNotBeStopped(options.signal);
  const createdAt = formatInstant(options.now());
  const copiedKeys = keys === null ? null : await copyKeys(keys, folder, createdAt, options);
  const manifest = writeManifest(folder, {
    ...{ format: FORMAT, createdAt, log: copied?.log ?? null, keys: copiedKeys, notCovered },
  });
  removeOtherFiles(folder, manifest);
  const isOpen = (statSync(folder).mode & 0o077) !== 0;
  return {
    ...{ folder, createdAt, position: manifest.log?.position ?? null, events: copied?.events ?? 0 },
    bytesWritten: (copied?.bytes ?? 0) + (copiedKeys?.bytes ?? 0),
    bytes: filesOf(manifest).reduce((sum, { bytes }) => sum + bytes, 0),
    kind: found === null ? 'first' : continued === null ? 'renewed' : 'added',
    notCovered,
    warnings: isOpen
      ? [
          `Other users of this machine may read ${folder}, which holds the keys: its file system does not keep permissions.`,
        ]
      : [],
  };
}

/** Every file that a manifest names. */
export const filesOf = ({ log, keys }: Manifest): readonly { file: string; bytes: number; sha256: string }[] => [
  ...(log?.segments ?? []),
  ...(keys === null ? [] : [keys]),
];

/** Makes the folder, readable by its owner alone, and returns the manifest of the backup in it. */
function prepareFolder(folder: string, dataDir: string): Manifest | null {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [to, data] = [realpathSync(folder), realpathSync(dataDir)];
  if (isWithin(to, data) || isWithin(data, to))
    throw new BackupError(
      'unsuitable',
      `${folder} and the data folder ${dataDir} lie within one another: give a folder on another disk.`,
    );
  const manifest = readManifest(folder);
  const others = readdirSync(folder).filter(
    (name) => !OWN_FILES.test(name) && name !== MANIFEST && name !== 'lost+found',
  );
  if (manifest === null && others.length > 0)
    throw new BackupError(
      'unsuitable',
      `${folder} holds other files (${others.slice(0, 3).join(', ')}${others.length > 3 ? ', …' : ''}): give an empty folder, or that of an earlier backup.`,
    );
  try {
    chmodSync(folder, 0o700);
  } catch {
    // Not every file system has permissions: the summary warns.
  }
  return manifest;
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}

function mustBeOfThisLog(found: Manifest | null, { log, keys }: BackupSources, folder: string): void {
  if (found === null) return;
  const otherLog = found.log !== null && log !== null && found.log.logId !== log.logId;
  const otherKeys = found.keys !== null && keys !== null && found.keys.hashKeyCheck !== keys.hashKeyCheck;
  if (otherLog || otherKeys)
    throw new BackupError(
      'other-log',
      `${folder} holds the backup of another engine, which is not overwritten: give a folder of its own for each engine.`,
    );
}

/** Whether new events can be added to what is there: it is of the same copy of the log, and all of its files are there. */
function continues({ log }: Manifest, source: LogSource | null, folder: string): boolean {
  if (log === null || source === null) return log === source;
  if (log.copyId !== source.copyId || log.segments.length >= SEGMENTS_MAX) return false;
  return log.segments.every(({ file, bytes }) => {
    const path = join(folder, file);
    return existsSync(path) && statSync(path).size === bytes;
  });
}

const endOf = ({ upTo, recordedAt, ...rest }: LogSegment): SegmentEnd => ({
  ...{ position: upTo, recordedAt: parseInstant(recordedAt) ?? 0, contentHash: rest.contentHash },
  ...{ sources: rest.sources, types: rest.types, streams: rest.streams },
});

async function copyLog(
  { file, logId, copyId }: LogSource,
  folder: string,
  before: LogInBackup | null,
  { onProgress, signal }: BackupOptions,
): Promise<{ readonly log: LogInBackup; readonly events: number; readonly bytes: number }> {
  const segments = before?.segments ?? [];
  const last = segments.at(-1);
  const copier = await LogCopier.start();
  try {
    const unfinished = join(folder, `log-${segments.length + 1}-0.db.unfinished`);
    const segment = await copier.writeSegment(file, unfinished, last === undefined ? BEFORE_FIRST : endOf(last), {
      onProgress: (done, total) => onProgress?.({ step: 'copying the log', done, total, unit: 'events' }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (segment === null) throw stopped();
    const { end, after, events, bytes, sha256 } = segment;
    const identity = { logId, copyId };
    if (events === 0) return { log: { ...identity, position: end.position, segments }, events, bytes: 0 };
    const name = `log-${pad(after + 1)}-${pad(end.position)}.db`;
    chmodSync(unfinished, 0o600);
    renameSync(unfinished, join(folder, name));
    const written: LogSegment = {
      ...{ file: name, bytes, sha256, after, upTo: end.position, recordedAt: formatInstant(end.recordedAt) },
      ...{ contentHash: end.contentHash, sources: end.sources, types: end.types, streams: end.streams },
    };
    return { log: { ...identity, position: end.position, segments: [...segments, written] }, events, bytes };
  } finally {
    await copier.close();
  }
}

const pad = (position: number): string => String(position).padStart(12, '0');

async function copyKeys(
  { copyTo, hashKeyCheck }: KeysSource,
  folder: string,
  createdAt: string,
  { onProgress }: BackupOptions,
): Promise<KeysInBackup> {
  onProgress?.({ step: 'copying the keys', done: 0, total: null, unit: 'bytes' });
  const name = `keys-${createdAt.replace(/[^0-9TZ]/g, '').toLowerCase()}.db`;
  const path = join(folder, name);
  await copyTo(path);
  const copier = await LogCopier.start();
  const copy = KeyStoreFile.open(path);
  try {
    return {
      ...{ file: name, ...(await copier.digest(path)), hashKeyCheck },
      hashKey: copy.holdsHashKey ? 'within' : 'apart',
    };
  } finally {
    copy.close();
    await copier.close();
  }
}

/** Files of earlier runs, and of runs that were interrupted. */
function removeOtherFiles(folder: string, manifest: Manifest): void {
  const kept = new Set(filesOf(manifest).map(({ file }) => file));
  for (const name of readdirSync(folder))
    if (OWN_FILES.test(name) && !kept.has(name)) rmSync(join(folder, name), { force: true });
  syncFolder(folder);
}

function mustNotBeStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw stopped();
}

const stopped = (): BackupError =>
  new BackupError('stopped', 'Stopped: this run added nothing to the backup. Run the same command again.');
