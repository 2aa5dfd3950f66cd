import { Command } from 'commander';
import { explainStagePeriod, type StagePeriod } from '#lifecycle/basics';
import type { RawParams } from '#queries';
import type { Engine, StatedOpening } from '../engine/engine.js';
import { statedOpening, withOpeningOptions, type OpeningOptions } from '../opening-options.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { pluralize } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';
import { stagePeriodOf, stageText, touchpointText } from '../terminal/history-text.js';
import { terminalWidth } from '../terminal/width.js';
import { wrap } from '../terminal/wrap.js';
import { customerParams, withCustomerOptions, type CustomerOptions } from './one-customer.js';
import { allRows } from './query.js';

export function replayCommand(session: Session): Command {
  const command = new Command('replay')
    .summary("show one customer's history: their touchpoints and stage changes")
    .description(
      'Shows the touchpoints of one customer in the order of time and, between them, each stage change with its cause; a stage change caused by silence ' +
        'stands at its own instant. --as-of ends the history at an instant; --known-at shows it as it was known at an instant. What a touchpoint holds of ' +
        'personal data is shown with --purpose alone.',
    );
  withCustomerOptions(command).action(
    async (customer: string, options: EngineOptions & CustomerOptions & OpeningOptions) => {
      await useEngine(options, session, async (engine) => {
        const params = customerParams(customer, options);
        const { customerId, entries: stageChanges } = await stageChangesOf(engine, params);
        const touchpoints = await touchpointsOf(engine, params, statedOpening(options));
        process.stdout.write(`${customer}${customerId === '' ? '' : ` · customer ${customerId}`}\n`);
        const decisions = touchpoints.filter(({ isDecision }) => isDecision).length;
        const decided = decisions === 0 ? '' : `, ${pluralize(decisions, 'decision')} about who they are`;
        process.stdout.write(
          `${pluralize(touchpoints.length - decisions, 'touchpoint')}${decided}, ${pluralize(stageChanges.length, 'stage change')}\n\n`,
        );
        process.stdout.write(historyText([...touchpoints, ...stageChanges]));
      });
    },
  );
  return withExamples(
    withEngineOptions(withOpeningOptions(command)),
    'perennial replay userId:0001',
    'perennial replay email:ada@example.com --as-of 2026-03-01',
  );
}

/** One line of the history. */
interface HistoryEntry {
  readonly at: string;
  /** Touchpoints at an instant come before the stage changes that they cause at it. */
  readonly order: 0 | 1;
  readonly text: string;
  readonly note: string;
}

async function stageChangesOf(
  engine: Engine,
  params: RawParams,
): Promise<{ readonly customerId: string; readonly entries: readonly HistoryEntry[] }> {
  const timeZone = (await engine.businessSettings()).timeZone;
  const entries: HistoryEntry[] = [];
  let customerId = '';
  let before: StagePeriod | null = null;
  for await (const row of allRows(engine, 'history', params)) {
    customerId = String(row['customerId']);
    const period = stagePeriodOf(row);
    const [, cause = ''] = explainStagePeriod(period, before, timeZone).sentences;
    before = period;
    const text = `  ▸ ${stageText(period.stage, period.phase, period.cycle)}`;
    entries.push({ at: String(row['enteredAt']), order: 1, text, note: cause });
  }
  return { customerId, entries };
}

async function touchpointsOf(
  engine: Engine,
  params: RawParams,
  opening: StatedOpening,
): Promise<readonly (HistoryEntry & { readonly isDecision: boolean })[]> {
  const entries: (HistoryEntry & { readonly isDecision: boolean })[] = [];
  for await (const row of allRows(engine, 'timeline', params, opening)) {
    const data = row['data'] as Readonly<Record<string, unknown>>;
    const isDecision = row['channel'] === null;
    const text = touchpointText(String(row['type']), isDecision ? { decision: data['decisionId'] } : data);
    const test = row['test'] === true ? ' (test traffic, not counted)' : '';
    const { channel, by } = row;
    const note = typeof channel === 'string' ? `${channel}${test}` : `decided by ${String(by)}`;
    entries.push({ at: String(row['occurredAt']), order: 0, text, note, isDecision });
  }
  return entries;
}

/** The entries in the order of time; an instant is written once. */
function historyText(entries: readonly HistoryEntry[]): string {
  const ordered = [...entries].sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.order - b.order);
  let last = '';
  return ordered
    .map(({ at, text, note }) => {
      const instant = at === last ? ' '.repeat(at.length) : at;
      last = at;
      const line = note === '' ? text : `${text}  · ${note}`;
      return `${instant}  ${wrap(line, terminalWidth(), at.length + 6)}\n`;
    })
    .join('');
}
