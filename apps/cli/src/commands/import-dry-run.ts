import { placeText } from '#contracts/basics';
import {
  FileBroken,
  FileRejected,
  runImport,
  type ImportFile,
  type ImportItem,
  type ImportReader,
  type ItemOutcome,
} from '#imports';
import type { Engine } from '../engine/engine.js';
import { EXIT, rejected } from '../exit-codes.js';
import type { Session } from '../session.js';
import { formatNumber, pluralize } from '../terminal/format.js';
import { terminalWidth } from '../terminal/width.js';
import { wrap } from '../terminal/wrap.js';

const FAULTS_SHOWN = 5;
const TOUCHPOINTS_SHOWN = 3;

/** One kind of fault: where it is met first, and how often. */
interface FoundIssue {
  readonly line: number;
  readonly text: string;
  count: number;
}

/** Reads a file and has each row checked by the engine. Nothing is written. */
export async function dryRun(
  engine: Engine,
  reader: ImportReader,
  file: ImportFile,
  batchSize: number,
  { signal }: Session,
): Promise<number> {
  const faults = new Map<string, FoundIssue>();
  const shown: unknown[] = [];
  const types = new Map<string, number>();
  const summary = await runImport({
    reader,
    file,
    batchSize,
    signal,
    sink: (items) => engine.check(items),
    now: () => performance.now(),
    onOutcomes: (items, outcomes) => {
      for (const [at, outcome] of outcomes.entries()) {
        const item = items[at];
        if (item === undefined) continue;
        if (outcome.outcome === 'quarantined') addFault(faults, item, outcome);
        else if (item.kind === 'touchpoint') {
          const { type } = item.touchpoint;
          if (shown.length < TOUCHPOINTS_SHOWN) shown.push(item.touchpoint);
          types.set(type, (types.get(type) ?? 0) + 1);
        }
      }
    },
  });
  if (summary.error instanceof FileRejected)
    throw rejected(`${file.name}: ${summary.error.message}. ${summary.error.hint}`);
  if (summary.error instanceof FileBroken) throw rejected(`${file.name}: ${summary.error.message}`);
  if (summary.error !== undefined)
    throw summary.error instanceof Error ? summary.error : new Error(String(summary.error));
  if (summary.outcome === 'stopped') return EXIT.stopped;
  const { outcomes, items } = summary.progress;
  const lines = [
    `${file.name}: ${pluralize(summary.lines, 'line')} read, ${pluralize(items, 'touchpoint')}. Dry run: nothing was written.`,
    `  ${formatNumber(outcomes.accepted)} would be accepted, ${formatNumber(outcomes.quarantined)} quarantined, ${formatNumber(outcomes.duplicate)} of an id that is stored already`,
    ...[...types].map(([type, number]) => `  ${formatNumber(number)} × ${type}`),
    ...[...summary.notices].map(([remark, number]) => `  ${remark}: ${formatNumber(number)}`),
  ];
  const width = terminalWidth();
  if (summary.warnings.size > 0) lines.push('Accepted, and likely meant otherwise:');
  for (const [warning, number] of summary.warnings)
    lines.push(wrap(`  ${formatNumber(number)} × ${warning}`, width, 4));
  if (faults.size > 0) lines.push('', 'What is wrong:');
  for (const { line, text, count } of [...faults.values()].slice(0, FAULTS_SHOWN))
    lines.push(
      wrap(`  line ${formatNumber(line)}${count > 1 ? ` and ${formatNumber(count - 1)} more` : ''}: ${text}`, width, 4),
    );
  if (faults.size > FAULTS_SHOWN) lines.push(`  and ${pluralize(faults.size - FAULTS_SHOWN, 'other kind')} of issues`);
  if (shown.length > 0)
    lines.push('', shown.length === 1 ? 'The first touchpoint:' : `The first ${shown.length} touchpoints:`);
  for (const touchpoint of shown) lines.push(JSON.stringify(touchpoint, null, 2));
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  return outcomes.quarantined > 0 ? EXIT.quarantined : EXIT.done;
}

/** Faults of one kind are told once, with their number. */
function addFault(faults: Map<string, FoundIssue>, item: ImportItem, outcome: ItemOutcome): void {
  const {
    code = 'invalid',
    pointer = '#',
    detail = 'is not valid',
    hint = '',
  } = item.kind === 'invalid' ? item.invalid : outcome;
  const place = pointer.replace(/^#\/row\/(?:\d+\/)?/, '#/').replace(/\/\d+(?=\/)/g, '');
  const key = `${code} ${place} ${detail}`;
  const known = faults.get(key);
  if (known !== undefined) known.count += 1;
  else {
    const where = place === '#/row' || place === '#' ? 'the row' : placeText(place);
    const line = item.origin?.line ?? item.line;
    faults.set(key, { line, count: 1, text: `${where} ${detail} (${code})${hint === '' ? '' : `: ${hint}`}` });
  }
}
