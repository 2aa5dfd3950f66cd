import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import {
  FileRejected,
  mappedReader,
  MappingRejected,
  parseMapping,
  PRESETS,
  runImport,
  type ImportFile,
  type ImportReader,
  type ImportSummary,
} from '#imports';
import { isFull } from '../full-disk.js';
import { EXIT, rejected, usage } from '../exit-codes.js';
import type { Engine } from '../engine/engine.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { formatNumber, pluralize, formatDuration } from '../terminal/format.js';
import { Progress } from '../terminal/progress.js';
import { catchUpWithProgress } from '../terminal/show-progress.js';
import { timingsTable } from '../terminal/timings.js';
import { wholeNumber } from './whole-number.js';

interface ImportOptions extends EngineOptions {
  readonly preset?: string;
  readonly mapping?: string;
  readonly batchSize: number;
  readonly timeZone?: string;
  readonly shuffle?: number;
  readonly fromStart?: true;
  readonly wait: boolean;
  readonly timings?: true;
}

export function importCommand(session: Session): Command {
  return withEngineOptions(new Command('import'))
    .summary('bring a CSV or NDJSON file in')
    .description(
      'Brings the rows of a file in as touchpoints. How rows are read is said by a mapping (docs/importing.md) or by a preset.\n' +
        'A bad row is quarantined with its file, line and reason. Importing twice adds nothing. Gzip is unpacked.',
    )
    .argument('<file>', 'CSV or NDJSON, or what the preset says')
    .addOption(
      new Option('--preset <name>', 'a layout that needs no mapping').choices(PRESETS.map((preset) => preset.name)),
    )
    .addOption(new Option('--mapping <file>', 'mapping document (JSON)').conflicts('preset'))
    .addOption(new Option('--time-zone <zone>', "zone of the preset's dates; default: the zone of the business"))
    .addOption(
      new Option('--batch-size <rows>', 'touchpoints in one commit').default(1000).argParser(wholeNumber(1, 100_000)),
    )
    .addOption(new Option('--from-start', 'do not go on where an interrupted import of this file stopped'))
    .addOption(
      new Option('--shuffle <seed>', 'take the rows in a random order (holds them in memory); for tests').argParser(
        wholeNumber(0, 2 ** 32 - 1),
      ),
    )
    .addOption(new Option('--no-wait', 'do not wait until the read models have caught up'))
    .addOption(new Option('--timings', 'say how long each step took'))
    .addHelpText(
      'after',
      `
Presets:
${PRESETS.map((preset) => `  ${preset.name.padEnd(16)}${preset.summary}`).join('\n')}

Examples:
  perennial import CDNOW_sample.txt --preset cdnow
  perennial import online-retail.csv.gz --preset online-retail --timings
  perennial import orders.csv --mapping orders.mapping.json`,
    )
    .action(async (file: string, options: ImportOptions) => {
      process.exitCode = await importFile(file, options, session);
    });
}

/** A file that begins to be imported: where it lies, and the note that says how far it came. */
interface ImportSource {
  readonly file: ImportFile;
  readonly bytes: number;
  readonly note: ImportProgressFile;
}

async function importFile(path: string, options: ImportOptions, session: Session): Promise<number> {
  const mapping = options.mapping === undefined ? null : readMapping(options.mapping);
  if (mapping === null && options.preset === undefined)
    throw usage('Say --preset or --mapping: how are the rows to be read?');
  const { bytes, stamp } = await inspect(path);
  return useEngine(options, session, async (engine) => {
    const zone = options.timeZone ?? (await engine.timeZone());
    const layout = mapping === null ? presetLayout(options.preset ?? '', zone) : mappedReader(mapping.mapping);
    const how = [stamp, mapping?.text ?? `${options.preset} ${zone}`, options.shuffle ?? 'in order'];
    const note = new ImportProgressFile(options.dataDir, how.join('\n'));
    if (options.fromStart === true) note.forget();
    const begun = { file: { path, name: basename(path) }, bytes, note };
    return runImportCommand(engine, layout, begun, options, session);
  });
}

async function runImportCommand(
  engine: Engine,
  layout: ImportReader,
  { file, bytes, note }: ImportSource,
  options: ImportOptions,
  session: Session,
): Promise<number> {
  const { clock, stderr, signal } = session;
  const skip = note.items();
  if (skip > 0)
    stderr.write(`${file.name}: going on after ${pluralize(skip, 'touchpoint')} that an earlier run brought in.\n`);
  const before = options.timings === true ? await engine.steps() : {};
  const progress = new Progress(file.name, 'touchpoints', stderr, clock);
  const summary = await runImport({
    reader: layout,
    file,
    sink: (items) => engine.ingest(items),
    batchSize: options.batchSize,
    skip,
    signal,
    now: () => performance.now(),
    ...(options.shuffle === undefined ? {} : { shuffleSeed: options.shuffle }),
    onProgress: ({ items, bytesRead }) => {
      progress.update({ done: bytesRead, total: bytes, items });
      note.write(items);
    },
  });
  progress.end();
  if (summary.error instanceof FileRejected)
    throw rejected(`${file.name}: ${summary.error.message}. ${summary.error.hint}`);
  process.stdout.write(report(file.name, summary));
  if (summary.outcome !== 'done') {
    note.keep(summary.progress.items);
    return reportStopped(file.name, summary, session);
  }
  note.forget();
  const caughtUp = performance.now();
  if (options.wait && !(await catchUpWithProgress(engine, session))) return EXIT.stopped;
  const waited = performance.now() - caughtUp;
  if (options.timings === true)
    process.stdout.write(timingsTable(summary, stepsSince(before, await engine.steps()), waited));
  return summary.progress.outcomes.quarantined > 0 ? EXIT.quarantined : EXIT.done;
}

/** What each step took from then to now: an engine that runs has worked for others before. */
function stepsSince(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(now).map(([step, ms]) => [step, Math.max(0, ms - (before[step] ?? 0))]));
}

/** What became of the file, in lines that a person reads and a test can match. */
function report(name: string, summary: ImportSummary): string {
  const { outcomes } = summary.progress;
  const { totalMs } = summary.timings;
  const taken = summary.progress.items - summary.skipped;
  const lines = [
    `${name}: ${pluralize(summary.lines, 'line')} read, ${pluralize(taken, 'touchpoint')} in ${formatDuration(totalMs)} (${formatNumber((taken / Math.max(1, totalMs)) * 1000)}/s)`,
    `  ${formatNumber(outcomes.accepted)} accepted, ${pluralize(outcomes.duplicate, 'duplicate')}, ${formatNumber(outcomes.quarantined)} quarantined, ${formatNumber(outcomes.suppressed)} suppressed`,
  ];
  for (const [code, number] of summary.codes) lines.push(`  ${formatNumber(number)} × ${code}`);
  for (const [remark, number] of summary.notices) lines.push(`  ${remark}: ${formatNumber(number)}`);
  return lines.map((line) => `${line}\n`).join('');
}

function reportStopped(name: string, summary: ImportSummary, { stderr }: Session): number {
  const { items, line } = summary.progress;
  const where = `${pluralize(items, 'touchpoint')} of ${name} are stored${line > 0 ? `, up to line ${formatNumber(line)}` : ''}`;
  const onward = 'Run the same command again: it goes on from there.';
  if (summary.outcome === 'stopped') {
    stderr.write(`Stopped. ${where}. ${onward}\n`);
    return EXIT.stopped;
  }
  const error = summary.error instanceof Error ? summary.error : new Error(String(summary.error));
  if (isFull(error)) {
    stderr.write(`The disk is full. ${where}. Make room. ${onward}\n`);
    return EXIT.stopped;
  }
  stderr.write(`The import failed: ${error.message}\n${where}. ${onward}\n`);
  const { exitCode } = error as Error & { readonly exitCode?: number };
  return exitCode ?? EXIT.failed;
}

function readMapping(path: string): { readonly mapping: ReturnType<typeof parseMapping>; readonly text: string } {
  const text = readText(path);
  try {
    return { mapping: parseMapping(JSON.parse(text)), text };
  } catch (error) {
    if (error instanceof MappingRejected) throw rejected(`${path}: ${error.message}`);
    throw rejected(`${path} is no JSON: ${(error as Error).message}`);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw rejected(`${path} cannot be read: ${(error as Error).message}`);
  }
}

async function inspect(path: string): Promise<{ readonly bytes: number; readonly stamp: string }> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { bytes: size, stamp: `${resolve(path)} ${size} ${mtimeMs}` };
  } catch (error) {
    throw rejected(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function presetLayout(name: string, zone: string): ImportReader {
  const preset = PRESETS.find((each) => each.name === name);
  if (preset === undefined) throw usage(`There is no preset '${name}'.`);
  return preset.reader(zone);
}

/**
 * How far an import of this file by this mapping came: a small file in the data folder, so that it goes with what was stored. It is a
 * convenience: without it a second run would call everything a duplicate.
 */
class ImportProgressFile {
  private readonly folder: string;
  private readonly path: string;
  private writtenAt = -Infinity;

  constructor(dataDir: string, what: string) {
    this.folder = join(dataDir, 'imports');
    this.path = join(this.folder, `${createHash('sha256').update(what).digest('hex').slice(0, 16)}.json`);
  }

  items(): number {
    try {
      const { items } = JSON.parse(readFileSync(this.path, 'utf8')) as { readonly items: unknown };
      return typeof items === 'number' && Number.isSafeInteger(items) && items > 0 ? items : 0;
    } catch {
      return 0;
    }
  }

  /** Now and then. */
  write(items: number): void {
    const now = performance.now();
    if (now - this.writtenAt < 500) return;
    this.writtenAt = now;
    this.keep(items);
  }

  keep(items: number): void {
    try {
      mkdirSync(this.folder, { recursive: true });
      writeFileSync(`${this.path}.new`, JSON.stringify({ items }));
      renameSync(`${this.path}.new`, this.path);
    } catch {
      // A full disk: the next run will find duplicates where it could have skipped.
    }
  }

  forget(): void {
    rmSync(this.path, { force: true });
  }
}
