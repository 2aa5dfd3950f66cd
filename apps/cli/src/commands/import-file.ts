import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import {
  FileRejected,
  mappedReader,
  MappingRejected,
  parseMapping,
  PRESETS,
  runImport,
  STANDARD_INPUT,
  type ImportFile,
  type ImportReader,
  type ImportSummary,
  type Mapping,
} from '#imports';
import type { BusinessSettings, Engine } from '../engine/engine.js';
import { EXIT, rejected, usage } from '../exit-codes.js';
import { isFull } from '../full-disk.js';
import { CREATES, useEngine, type EngineOptions, type Session } from '../session.js';
import { formatNumber, pluralize } from '../terminal/format.js';
import { issueLines } from '../terminal/issue-lines.js';
import { Progress } from '../terminal/progress.js';
import { catchUpWithProgress } from '../terminal/show-progress.js';
import { timingsTable } from '../terminal/timings.js';
import { readDocument } from '../read-document.js';
import { ImportCheckpoint } from './import-checkpoint.js';
import { FileClosing } from './file-closing.js';
import { dryRun } from './import-dry-run.js';
import { importReport } from './import-report.js';
import { presetOptions } from './preset-options.js';
import { RowsInQuarantine } from './rows-in-quarantine.js';

/** The options of `perennial import`. */
export interface ImportOptions extends EngineOptions {
  readonly preset?: string;
  readonly mapping?: string;
  readonly batchSize: number;
  readonly timeZone?: string;
  readonly currency?: string;
  readonly source?: string;
  readonly encoding?: string;
  readonly shuffle?: number;
  readonly dryRun?: true;
  readonly fromStart?: true;
  readonly wait: boolean;
  readonly timings?: true;
}

/** A file to be imported, and how far an earlier run of it came. */
interface ImportSource {
  readonly file: ImportFile;
  readonly bytes: number;
  /** Null of a pipe: what was read of it cannot be read again. */
  readonly checkpoint: ImportCheckpoint | null;
}

/** Imports a file. Returns the exit code. */
export async function importFile(path: string, options: ImportOptions, session: Session): Promise<number> {
  const mapping = options.mapping === undefined ? null : await readMapping(options.mapping);
  if (mapping === null && options.preset === undefined)
    throw usage('import needs the format of the file: give --preset NAME or --mapping FILE.');
  const given = await inspect(path);
  const { bytes, stamp, name } = given;
  if (options.dryRun === true) return dryRunImport(given, mapping, options, session);
  return useEngine(
    options,
    session,
    async (engine) => {
      const { reader, key } =
        mapping === null
          ? presetReader(options, await engine.businessSettings())
          : { reader: mappedReader(mapping.mapping), key: mapping.text };
      const { encoding } = options;
      mustReadOnce(given, reader);
      const how = [stamp, key, encoding ?? '', options.shuffle ?? 'in order', await logOf(engine)];
      const checkpoint = stamp === null ? null : new ImportCheckpoint(options.dataDir, how.join('\n'));
      if (options.fromStart === true) checkpoint?.remove();
      const file = { path, name, ...(encoding === undefined ? {} : { encoding }) };
      const source = { file, bytes, checkpoint };
      return importInto(engine, reader, source, options, session);
    },
    CREATES,
  );
}

/** Reads the whole file, has every row checked, and writes nothing: where there is no log yet, against an empty one. */
async function dryRunImport(
  given: GivenFile,
  mapping: ReadMapping | null,
  options: ImportOptions,
  session: Session,
): Promise<number> {
  const { encoding } = options;
  const { path, name } = given;
  const file = { path, name, ...(encoding === undefined ? {} : { encoding }) };
  const check = async (engine: Engine): Promise<number> => {
    const { reader } =
      mapping === null
        ? presetReader(options, await engine.businessSettings())
        : { reader: mappedReader(mapping.mapping) };
    mustReadOnce(given, reader);
    return dryRun(engine, reader, file, options.batchSize, session);
  };
  if (options.url !== undefined || isThere(options.dataDir)) return useEngine(options, session, check);
  const empty = mkdtempSync(join(tmpdir(), 'perennial-dry-run-'));
  try {
    return await useEngine({ ...options, dataDir: empty }, session, check, CREATES);
  } finally {
    rmSync(empty, { recursive: true, force: true });
  }
}

/** Whether a folder holds anything. */
function isThere(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

/** What an import skips was stored in this copy of this log, and in no other. */
async function logOf(engine: Engine): Promise<string> {
  const identity = await engine.logIdentity();
  return identity === null ? engine.place : `${identity.logId} ${identity.copyId}`;
}

async function importInto(
  engine: Engine,
  reader: ImportReader,
  { file, bytes, checkpoint }: ImportSource,
  options: ImportOptions,
  session: Session,
): Promise<number> {
  const { clock, stderr, signal } = session;
  const skip = checkpoint?.items() ?? 0;
  if (checkpoint === null)
    stderr.write(
      `${file.name} is a pipe: if the import is interrupted, it cannot continue there. Importing the same rows again adds nothing.\n`,
    );
  if (skip > 0)
    stderr.write(`${file.name}: continuing after ${pluralize(skip, 'touchpoint')} that an earlier run imported.\n`);
  const before = options.timings === true ? await engine.stepTimings() : {};
  const inQuarantine = await RowsInQuarantine.ofFile(engine, file.name);
  const closing = new FileClosing(file.name);
  const progress = new Progress(file.name, 'touchpoints', stderr, clock);
  const summary = await runImport({
    reader,
    file,
    sink: (items) => engine.ingest(items),
    batchSize: options.batchSize,
    skip,
    signal,
    now: () => performance.now(),
    ...(options.shuffle === undefined ? {} : { shuffleSeed: options.shuffle }),
    onProgress: ({ items, bytesRead }) => {
      progress.update({ done: bytesRead, total: bytes, items });
      checkpoint?.write(items);
    },
    onOutcomes: (items, outcomes) => {
      inQuarantine.add(items, outcomes);
      closing.add(items, outcomes);
    },
  });
  progress.end();
  if (summary.error instanceof FileRejected)
    throw rejected(`${file.name}: ${summary.error.message}. ${summary.error.hint}`);
  const replaced = await inQuarantine.close(engine, file.name);
  process.stdout.write(importReport(file.name, summary, replaced, inQuarantine));
  if (summary.outcome !== 'done') {
    checkpoint?.save(summary.progress.items);
    return reportStopped(file.name, summary, session, checkpoint !== null);
  }
  checkpoint?.remove();
  // What an earlier run imported was not counted by this one.
  if (skip === 0) await closing.record(engine);
  const caughtUp = performance.now();
  if (options.wait && !(await catchUpWithProgress(engine, session))) return EXIT.stopped;
  const waited = performance.now() - caughtUp;
  if (options.timings === true)
    process.stdout.write(timingsTable(summary, stepsSince(before, await engine.stepTimings()), waited));
  const open = summary.progress.outcomes.quarantined + inQuarantine.stillOpen + inQuarantine.notInFile;
  return open > 0 ? EXIT.quarantined : EXIT.done;
}

/** How long each step took since then: a running engine has worked for other clients before. */
function stepsSince(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(now).map(([step, ms]) => [step, Math.max(0, ms - (before[step] ?? 0))]));
}

function reportStopped(name: string, summary: ImportSummary, { stderr, signal }: Session, resumes: boolean): number {
  const { items, line } = summary.progress;
  const stored = `${pluralize(items, 'touchpoint')} of ${name} are stored${line > 0 ? `, up to line ${formatNumber(line)}` : ''}`;
  const again = resumes
    ? 'Run the same command again: it continues from there.'
    : 'Run the same command again: it begins at the first row, and adds nothing twice.';
  if (summary.outcome === 'stopped') {
    stderr.write(`Stopped. ${stored}. ${again}\n`);
    return EXIT.stopped;
  }
  const error = summary.error instanceof Error ? summary.error : new Error(String(summary.error));
  if (signal.aborted) {
    stderr.write(`Stopped while the last batch was not answered: ${error.message}\n${stored}. ${again}\n`);
    return EXIT.stopped;
  }
  if (isFull(error)) {
    stderr.write(`The disk is full. ${stored}. Free some space. ${again}\n`);
    return EXIT.stopped;
  }
  stderr.write(`The import failed: ${error.message}\n${stored}. ${again}\n`);
  const { exitCode } = error as Error & { readonly exitCode?: number };
  return exitCode ?? EXIT.failed;
}

interface ReadMapping {
  readonly mapping: Mapping;
  readonly text: string;
}

async function readMapping(path: string): Promise<ReadMapping> {
  const { value, text } = await readDocument(path);
  try {
    return { mapping: parseMapping(value), text };
  } catch (error) {
    if (error instanceof MappingRejected) throw rejected(`${path} is not a valid mapping:${issueLines(error.errors)}`);
    throw error;
  }
}

/** What the command was given to read. */
interface GivenFile {
  readonly path: string;
  /** The name that quarantined rows carry. */
  readonly name: string;
  /** 0 of a pipe: how much will come is unknown. */
  readonly bytes: number;
  /** By what a later run recognises the file; null of a pipe. */
  readonly stamp: string | null;
}

async function inspect(path: string): Promise<GivenFile> {
  if (path === STANDARD_INPUT) return { path, name: 'stdin', bytes: 0, stamp: null };
  try {
    const about = await stat(path);
    // What a shell names `<(…)` is called by a number that changes from one run to the next.
    if (about.isFIFO() || about.isSocket() || about.isCharacterDevice())
      return { path, name: /^\/(?:dev|proc)\//.test(path) ? 'pipe' : basename(path), bytes: 0, stamp: null };
    if (about.isDirectory()) throw new Error('it is a folder');
    const { size, mtimeMs } = about;
    return { path, name: basename(path), bytes: size, stamp: `${resolve(path)} ${size} ${mtimeMs}` };
  } catch (error) {
    throw rejected(`${path} cannot be read: ${(error as Error).message}`);
  }
}

/** A pipe can be read once. */
function mustReadOnce({ stamp, name }: GivenFile, reader: ImportReader): void {
  if (stamp === null && reader.readsTwice === true)
    throw rejected(`${name} is a pipe, and ${reader.name} reads its file twice: save it as a file, and import that.`);
}

/** The reader of a preset, and what it depends on beside the file. */
function presetReader(
  options: ImportOptions,
  business: BusinessSettings,
): { readonly reader: ImportReader; readonly key: string } {
  const { preset: name = '' } = options;
  const preset = PRESETS.find((each) => each.name === name);
  if (preset === undefined)
    throw usage(`'${name}' is not a preset: use one of ${PRESETS.map((each) => each.name).join(', ')}.`);
  const how = presetOptions(preset, options, business);
  return { reader: preset.reader(how), key: `${name} ${JSON.stringify(how)}` };
}
