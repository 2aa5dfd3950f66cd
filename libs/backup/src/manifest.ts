import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  Describe,
  documentReader,
  issueText,
  Matching,
  Moment,
  OneOf,
  OrNull,
  Part,
  Parts,
  Text,
  Whole,
} from '#contracts';
import { BackupError } from './backup-error.js';

export const MANIFEST = 'manifest.json';
/** The form of a backup that this version writes. */
export const FORMAT = 1;
const MOST = Number.MAX_SAFE_INTEGER;
const SEGMENTS_MAX = 10_000;

const FileName = (): PropertyDecorator => Matching('^[a-z0-9][a-z0-9.-]{0,99}$', 100, 'the name of a file beside it');
const Sha256 = (): PropertyDecorator => Matching('^[0-9a-f]{64}$', 64, '64 hex characters');

/** A file of the backup. */
export class BackupFile {
  @FileName() readonly file!: string;
  @Whole(0, MOST) readonly bytes!: number;
  @Sha256() @Describe('SHA-256 of its bytes') readonly sha256!: string;
}

/** Events of the log: those above a position, up to another. */
export class LogSegment extends BackupFile {
  @Whole(0, MOST) readonly after!: number;
  @Whole(1, MOST) readonly upTo!: number;
  @Moment() @Describe('When the last of its events was recorded') readonly recordedAt!: string;
  @Matching('^[0-9a-f]{2,128}$', 128, 'hex characters')
  @Describe('Content hash of the last of its events')
  readonly contentHash!: string;
  @Whole(0, MOST) readonly sources!: number;
  @Whole(0, MOST) readonly types!: number;
  @Whole(0, MOST) readonly streams!: number;
}

/** The event log, in segments. */
export class LogInBackup {
  @Text() @Describe('The log, whichever copy of it') readonly logId!: string;
  @Text() @Describe('The copy of the log that was backed up') readonly copyId!: string;
  @Whole(0, MOST) @Describe('The backup holds every event up to this position') readonly position!: number;
  @Parts(() => LogSegment, 0, SEGMENTS_MAX) readonly segments!: readonly LogSegment[];
}

/** The key store. */
export class KeysInBackup extends BackupFile {
  @Matching('^[0-9a-f]{32}$', 32, '32 hex characters')
  @Describe('Identifies the hash key without revealing it')
  readonly hashKeyCheck!: string;
  @OneOf('within', 'apart')
  @Describe('Whether the file holds the hash key, or HASH_KEY keeps it apart')
  readonly hashKey!: 'within' | 'apart';
}

/** A store that the backup does not hold. */
export class NotCovered {
  @Text(200) readonly store!: string;
  @Text(1_000) readonly detail!: string;
}

/** What a backup consists of. It is written last: files that it does not name do not belong to the backup. */
export class Manifest {
  @Whole(1, MOST) readonly format!: number;
  @Moment() @Describe('When the copy of the keys was complete') readonly createdAt!: string;
  @OrNull(Part(() => LogInBackup)) readonly log!: LogInBackup | null;
  @OrNull(Part(() => KeysInBackup)) readonly keys!: KeysInBackup | null;
  @Parts(() => NotCovered, 0, 20) readonly notCovered!: readonly NotCovered[];
  @Sha256() @Describe('SHA-256 of this document without this field') readonly sha256!: string;
}

const READER = documentReader(Manifest);

/** The manifest of a backup; null where the folder has none. @throws BackupError */
export function readManifest(folder: string): Manifest | null {
  const path = join(folder, MANIFEST);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new BackupError('unsuitable', `${path} cannot be read: ${message}.`, { cause: error });
  }
  const damaged = (what: string): BackupError =>
    new BackupError('damaged', `${path} ${what}: use another backup, or copy this one again from where it was kept.`);
  let document: Readonly<Record<string, unknown>>;
  try {
    document = JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    throw damaged('is not JSON');
  }
  const { format } = document ?? {};
  if (typeof format === 'number' && format > FORMAT)
    throw new BackupError(
      'newer',
      `A newer version of the engine made the backup ${folder} (form ${format}; this one reads form ${FORMAT}): use that version.`,
    );
  const reading = READER.read(document);
  if (!reading.ok) {
    const [issue] = reading.errors;
    throw damaged(`is damaged (${issue === undefined ? 'it is not a manifest' : issueText(issue)})`);
  }
  if (digestOf(document) !== document['sha256']) throw damaged('was changed after it was written');
  return reading.value;
}

/** Writes the manifest, which completes the backup: either it is there whole, or the one before it. */
export function writeManifest(folder: string, content: Omit<Manifest, 'sha256'>): Manifest {
  const manifest: Manifest = { ...content, sha256: digestOf(content) };
  const draft = join(folder, `${MANIFEST}.unfinished`);
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, join(folder, MANIFEST));
  syncFolder(folder);
  return manifest;
}

export function syncFolder(folder: string): void {
  const opened = openSync(folder, 'r');
  fsyncSync(opened);
  closeSync(opened);
}

function digestOf(document: object): string {
  const { sha256: _, ...content } = document as { readonly sha256?: unknown };
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
