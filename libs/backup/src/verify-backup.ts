import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EventLogError, LogCopier, readSegment } from '#event-log';
import { KeyStoreError, KeyStoreFile } from '#keys';
import { BackupError } from './backup-error.js';
import { readManifest, type LogInBackup, type Manifest } from './manifest.js';
import { filesOf, type BackupOptions } from './take-backup.js';

/** What a backup is worth. */
export interface BackupVerification {
  readonly manifest: Manifest;
  readonly bytes: number;
  readonly events: number;
  readonly subjects: number;
  /** What is wrong with it; empty where it can be restored. */
  readonly issues: readonly string[];
}

const SUBJECT_ID = /"subjectId":"([0-9a-f]{32})"/g;
/** Ids that were found in the keys, of which so many are remembered. */
const REMEMBERED_MAX = 500_000;
const NAMED_MAX = 3;

/**
 * Reads a whole backup: every file is there and has the bytes that it was written with, the events follow one another without a gap, and there is a
 * key, or an erasure, for every subject of the log.
 * @throws BackupError where there is no backup
 */
export async function verifyBackup(
  folder: string,
  options: Pick<BackupOptions, 'onProgress' | 'signal'>,
): Promise<BackupVerification> {
  const manifest = readManifest(folder);
  if (manifest === null)
    throw new BackupError('missing', `There is no backup in ${folder}: give the folder that holds manifest.json.`);
  const bytes = filesOf(manifest).reduce((sum, file) => sum + file.bytes, 0);
  const issues = await fileIssues(folder, manifest, bytes, options);
  if (manifest.log !== null) issues.push(...chainIssues(manifest.log));
  // What is not as it was written is not read: its errors would only repeat that.
  const found = issues.length > 0 ? { events: 0, subjects: 0, issues: [] } : await readAll(folder, manifest, options);
  return { manifest, bytes, events: found.events, subjects: found.subjects, issues: [...issues, ...found.issues] };
}

async function fileIssues(
  folder: string,
  manifest: Manifest,
  total: number,
  { onProgress, signal }: Pick<BackupOptions, 'onProgress' | 'signal'>,
): Promise<string[]> {
  const issues: string[] = [];
  let done = 0;
  const copier = await LogCopier.start();
  try {
    for (const { file, bytes, sha256 } of filesOf(manifest)) {
      mustNotBeStopped(signal);
      onProgress?.({ step: 'reading the files', done, total, unit: 'bytes' });
      const path = join(folder, file);
      if (!existsSync(path)) issues.push(`${file} is missing.`);
      else if (statSync(path).size !== bytes)
        issues.push(`${file} has ${statSync(path).size} bytes instead of ${bytes}.`);
      else {
        const digest = await copier.digest(path).catch((error: unknown) => (error as Error).message);
        if (typeof digest === 'string') issues.push(`${file} cannot be read: ${digest}.`);
        else if (digest.sha256 !== sha256) issues.push(`${file} was changed after it was written.`);
      }
      done += bytes;
    }
    return issues;
  } finally {
    await copier.close();
  }
}

function chainIssues({ position, segments }: LogInBackup): string[] {
  const issues: string[] = [];
  let after = 0;
  for (const segment of segments) {
    if (segment.after !== after)
      issues.push(
        `The log has a gap: ${segment.file} begins after position ${segment.after}, and the one before ends at ${after}.`,
      );
    after = segment.upTo;
  }
  if (after !== position) issues.push(`The log ends at position ${after} instead of ${position}.`);
  return issues;
}

async function readAll(
  folder: string,
  { log, keys }: Manifest,
  { onProgress, signal }: Pick<BackupOptions, 'onProgress' | 'signal'>,
): Promise<{ readonly events: number; readonly subjects: number; readonly issues: readonly string[] }> {
  const issues: string[] = [];
  let events = 0;
  let subjects = 0;
  let store: KeyStoreFile | null = null;
  try {
    if (keys !== null) {
      store = KeyStoreFile.open(join(folder, keys.file));
      if (store.hashKeyCheck !== keys.hashKeyCheck) issues.push(`${keys.file} was made under another hash key.`);
    }
    const known = new Set<string>();
    const lacking = new Set<string>();
    let lackingCount = 0;
    const mustHaveKeys = (ids: Iterable<string>): void => {
      const fresh = new Set<string>();
      for (const id of ids) if (!known.has(id)) fresh.add(id);
      for (const id of store?.lacks(fresh) ?? []) {
        lackingCount += 1;
        if (lacking.size < NAMED_MAX) lacking.add(id);
      }
      if (known.size > REMEMBERED_MAX) known.clear();
      for (const id of fresh) known.add(id);
    };
    for (const { file, after, upTo } of log?.segments ?? []) {
      const segment = readSegment(join(folder, file), after, upTo);
      try {
        const named = segment.subjects();
        subjects += named.length;
        mustHaveKeys(named);
        for (const page of segment.pages()) {
          // Reading is synchronous: Ctrl-C is noticed between two pages.
          await nextTurn();
          mustNotBeStopped(signal);
          events += page.length;
          onProgress?.({ step: 'reading the events', done: events, total: log?.position ?? 0, unit: 'events' });
          for (const { type, data } of page)
            if (type === 'hash-key-adopted' && keys !== null) {
              const { check } = JSON.parse(data) as { readonly check?: unknown };
              if (check !== keys.hashKeyCheck) issues.push('The log was written under another hash key than the keys.');
            }
          mustHaveKeys(page.flatMap(({ meta }) => [...meta.matchAll(SUBJECT_ID)].map(([, id]) => id as string)));
        }
      } finally {
        segment.close();
      }
    }
    if (lackingCount > 0)
      issues.push(
        `The keys are older than the log: ${lackingCount} subjects of the log have neither a key nor an erasure (${[...lacking].join(', ')}${lackingCount > NAMED_MAX ? ', …' : ''}).`,
      );
  } catch (error) {
    if (!(error instanceof EventLogError || error instanceof KeyStoreError)) throw error;
    issues.push(error.message);
  } finally {
    store?.close();
  }
  return { events, subjects, issues };
}

function mustNotBeStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new BackupError('stopped', 'Stopped before the end: nothing was found or changed.');
}
