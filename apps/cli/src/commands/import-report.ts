import type { ImportSummary } from '#imports';
import { formatDuration, formatNumber, pluralize } from '../terminal/format.js';
import { terminalWidth } from '../terminal/width.js';
import { wrap } from '../terminal/wrap.js';
import type { RowsInQuarantine } from './rows-in-quarantine.js';

/** The outcome of an import, for people and for tests that match it. */
export function importReport(
  name: string,
  summary: ImportSummary,
  replaced: number,
  { stillOpen, notInFile }: Pick<RowsInQuarantine, 'stillOpen' | 'notInFile'>,
): string {
  const { outcomes } = summary.progress;
  const { totalMs } = summary.timings;
  const imported = summary.progress.items - summary.skipped;
  const lines = [
    `${name}: ${pluralize(summary.lines, 'line')} read, ${pluralize(imported, 'touchpoint')} in ${formatDuration(totalMs)} (${formatNumber((imported / Math.max(1, totalMs)) * 1000)}/s)`,
    `  ${formatNumber(outcomes.accepted)} accepted, ${pluralize(outcomes.duplicate, 'duplicate')}, ${formatNumber(outcomes.quarantined)} quarantined, ${formatNumber(outcomes.suppressed)} suppressed`,
  ];
  for (const [code, number] of summary.codes) lines.push(`  ${formatNumber(number)} × ${code}`);
  const reused = summary.codes.get('id-reused') ?? 0;
  if (reused > 0)
    lines.push(
      `  ${pluralize(reused, 'touchpoint')} ${reused === 1 ? 'is' : 'are'} recorded under the same id with other content: what is recorded stays, and the new reading is in quarantine.`,
      `    To correct orders, import them as order-amended, with ids of their own. To drop the new reading: perennial quarantine discard --file ${name} --code id-reused. See docs/importing.md.`,
    );
  if (stillOpen > 0) {
    const were = stillOpen === 1 ? 'was quarantined before and is' : 'were quarantined before and are';
    lines.push(
      `  ${formatNumber(stillOpen)} of the duplicates ${were} still open: perennial quarantine list --file ${name}`,
    );
  }
  if (notInFile > 0 && summary.outcome === 'done') {
    const are = notInFile === 1 ? 'row is not in it now and is' : 'rows are not in it now and are';
    lines.push(
      `  ${formatNumber(notInFile)} quarantined ${are} still open. Close what was corrected: perennial quarantine discard --file ${name}`,
    );
  }
  if (replaced > 0) lines.push(`  ${formatNumber(replaced)} that earlier imports left in quarantine replaced`);
  for (const [remark, number] of summary.notices) lines.push(`  ${remark}: ${formatNumber(number)}`);
  if (summary.warnings.size > 0) lines.push('Accepted, and likely meant otherwise:');
  for (const [warning, number] of summary.warnings)
    lines.push(wrap(`  ${formatNumber(number)} × ${warning}`, terminalWidth(), 4));
  return lines.map((line) => `${line}\n`).join('');
}
