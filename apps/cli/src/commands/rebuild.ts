import { Command } from 'commander';
import type { DryRunSummary, Verification } from '../engine/engine.js';
import { EXIT } from '../exit-codes.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { formatDuration, formatNumber, pluralize } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';
import { singleLine } from '../terminal/single-line.js';
import { showProgress } from '../terminal/show-progress.js';

export function rebuildCommand(session: Session): Command {
  const command = new Command('rebuild')
    .summary('rebuild the read models from the log and switch to them')
    .description(
      'Builds a new version of the read models beside the live one, from the log alone, and switches to it once it is complete. Until then all queries read ' +
        'the live version. If it is interrupted, the same command continues. With --dry-run it compares the new version with the live one, shows what would ' +
        'change and drops the new version; the exit code is 7 where something would change.',
    )
    .option('--dry-run', 'show what would change, and change nothing')
    .action(async (options: EngineOptions & { readonly dryRun?: true }) => {
      process.exitCode = await useEngine(options, session, async (engine) => {
        const { onProgress, end } = showProgress(session);
        if (options.dryRun) {
          const summary = await engine.dryRun(onProgress, session.signal).finally(end);
          process.stdout.write(dryRunText(summary));
          return summary.equal ? EXIT.done : EXIT.differs;
        }
        const { version, events, elapsedMs, digest } = await engine.rebuild(onProgress, session.signal).finally(end);
        const rate = formatNumber((events / Math.max(1, elapsedMs)) * 1000);
        process.stdout.write(
          `Version ${version} is live: ${pluralize(events, 'event')} in ${formatDuration(elapsedMs)} (${rate}/s)\ndigest ${digest}\n`,
        );
        return EXIT.done;
      });
    });
  return withExamples(withEngineOptions(command), 'perennial rebuild', 'perennial rebuild --dry-run');
}

export function rollbackCommand(session: Session): Command {
  const command = new Command('rollback')
    .summary('switch back to the read models that were live before')
    .description(
      'Brings the version of the read models that was live before up to date, and switches to it. The version that is live now is kept: the same command ' +
        'switches forward to it again. Without an earlier version the command is rejected (exit code 3).',
    )
    .action(async (options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        const { onProgress, end } = showProgress(session);
        const { version, position, digest } = await engine.rollback(onProgress, session.signal).finally(end);
        process.stdout.write(`Version ${version} is live at position ${formatNumber(position)}\ndigest ${digest}\n`);
      });
    });
  return withExamples(withEngineOptions(command), 'perennial rollback');
}

function dryRunText({ equal, position, differences, stages }: DryRunSummary): string {
  if (equal) return `At position ${formatNumber(position)} a rebuild would change nothing.\n`;
  const stageOf = (at: { readonly stage: string; readonly phase: string } | null) =>
    at === null ? 'absent' : `${at.stage} · ${at.phase}`;
  const lines = [`At position ${formatNumber(position)} a rebuild would change:`];
  for (const { table, live, rebuilt, onlyLive, onlyRebuilt, samples } of differences) {
    lines.push(
      `  ${table}: ${pluralize(live, 'row')} live, ${formatNumber(rebuilt)} rebuilt; ${formatNumber(onlyLive)} would be removed, ${formatNumber(onlyRebuilt)} added`,
    );
    for (const sample of samples)
      lines.push(`    live     ${JSON.stringify(sample.live)}`, `    rebuilt  ${JSON.stringify(sample.rebuilt)}`);
  }
  for (const { from, to, customers } of stages)
    lines.push(`  ${pluralize(customers, 'customer')}: ${stageOf(from)} → ${stageOf(to)}`);
  return `${lines.join('\n')}\nNothing was switched.\n`;
}

export function verifyCommand(session: Session): Command {
  const command = new Command('verify')
    .summary('check the events of the log, and that the live read models equal rebuilt ones')
    .description(
      'Hashes the content of every event of the log again and compares it with the content hash that was recorded with it. Events of erased persons cannot ' +
        'be checked, and are counted. Then builds the read models from the log a second time beside the live ones, compares the digests of both, and drops ' +
        'the copy. The exit code is 1 where an event was changed, or the read models differ.',
    )
    .action(async (options: EngineOptions) => {
      process.exitCode = await useEngine(options, session, async (engine) => {
        const { onProgress, end } = showProgress(session);
        const verification = await engine.verify(onProgress, session.signal).finally(end);
        const { equal, position, live, rebuilt, differing, contents } = verification;
        process.stdout.write(
          `${contentsText(contents)}at position ${formatNumber(position)}\n  live     ${live}\n  rebuilt  ${rebuilt}\n` +
            (equal ? 'Equal.\n' : `They differ.\n${differing.map(differenceText).join('')}`),
        );
        return equal && contents.refuted === 0 ? EXIT.done : EXIT.failed;
      });
    });
  return withExamples(withEngineOptions(command), 'perennial verify');
}

function contentsText({ events, intact, refuted, refutations, unchecked }: Verification['contents']): string {
  const lines = [`the log: ${pluralize(events, 'event')}, ${formatNumber(intact)} as recorded`];
  const reasons: readonly [number, string][] = [
    [unchecked.erased, 'of erased persons'],
    [unchecked.expired, 'of which a class of personal fields was destroyed, since its time was over'],
    [unchecked.withoutKey, 'without a key in the key store'],
    [unchecked.partly, 'in quarantine with an id that covers more than the log holds; their bodies can be opened'],
    [unchecked.unknown, 'of types whose content hash this version cannot compute'],
  ];
  for (const [count, reason] of reasons)
    if (count > 0) lines.push(`  cannot be checked: ${formatNumber(count)} ${reason}`);
  if (refuted > 0) {
    lines.push(`  ${pluralize(refuted, 'event')} ${refuted === 1 ? 'was' : 'were'} changed after recording:`);
    for (const { position, stream, type, source, id, detail } of refutations)
      lines.push(
        singleLine(`    position ${formatNumber(position)}, ${type} ${id} of ${source}, stream ${stream}: ${detail}`),
      );
    if (refuted > refutations.length) lines.push(`    and ${formatNumber(refuted - refutations.length)} more`);
    lines.push('  Restore the log from a backup (perennial restore), and see docs/operating.md.');
  }
  return `${lines.join('\n')}\n`;
}

function differenceText({ table, onlyLive, onlyRebuilt }: Verification['differing'][number]): string {
  return `  ${table}: ${pluralize(onlyLive, 'row')} only in the live version, ${pluralize(onlyRebuilt, 'row')} only in the rebuilt one\n`;
}
