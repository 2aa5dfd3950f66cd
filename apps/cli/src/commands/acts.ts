import { Command, Option } from 'commander';
import { ACT_STATES } from '#approvals/basics';
import type { ActInfo } from '../engine/engine.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { withExamples } from '../terminal/help.js';
import { tableText } from '../terminal/table.js';

interface ListOptions extends EngineOptions {
  readonly state: string;
  readonly format: 'text' | 'json';
}

export function actsCommand(session: Session): Command {
  const acts = new Command('acts')
    .summary('list, approve or decline acts that need two principals')
    .description(
      'What the policy puts under four eyes (field `approvals`) is requested by one principal, and done once another one approves it. The command line of the ' +
        'machine approves nothing, since it may be anybody: give a key of your own with --url and --key.',
    );
  acts.addCommand(listCommand(session));
  acts.addCommand(approveCommand(session));
  acts.addCommand(declineCommand(session));
  return withExamples(
    acts,
    'perennial acts list',
    'perennial acts approve 0f8b6c1e5d3a4b7c9e2f1a0b3c4d5e6f',
    'perennial acts decline 0f8b6c1e5d3a4b7c9e2f1a0b3c4d5e6f --reason "Not now."',
  );
}

const ID_HELP = 'id of the act, as `acts list` shows it';

const COLUMNS = [
  { name: 'actId', type: 'text', description: 'id of the act' },
  { name: 'act', type: 'text', description: 'what was requested' },
  { name: 'state', type: 'text', description: 'waiting, lapsed, declined, approved, performed, failed' },
  { name: 'requestedBy', type: 'text', description: 'who requested it' },
  { name: 'requestedAt', type: 'instant', description: 'when' },
  { name: 'until', type: 'instant', description: 'from then on it cannot be approved' },
  { name: 'decidedBy', type: 'text', nullable: true, description: 'who approved or declined it' },
] as const;

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list the acts that wait for an approval, or those of another state')
    .description('Lists the acts that need two principals, the newest first: by default those that wait.')
    .addOption(new Option('--state <state>', 'which acts').choices([...ACT_STATES, 'all']).default('waiting'))
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async ({ state, format, ...options }: ListOptions) => {
      await useEngine(options, session, async (engine) => {
        const acts = await engine.acts(state === 'all' ? null : state);
        if (format === 'json') process.stdout.write(`${JSON.stringify(acts, null, 2)}\n`);
        else if (acts.length === 0) session.stderr.write('There is no such act.\n');
        else
          process.stdout.write(
            tableText(
              COLUMNS,
              acts.map((act) => ({ ...act })),
            ),
          );
      });
    });
  return withExamples(
    withEngineOptions(command),
    'perennial acts list',
    'perennial acts list --state all --format json',
  );
}

function approveCommand(session: Session): Command {
  const command = new Command('approve')
    .summary('approve what another principal requested')
    .description('Approves an act that another principal requested: the engine does it at once, and exactly once.')
    .argument('<id>', ID_HELP)
    .action(async (id: string, options: EngineOptions) => {
      await useEngine(options, session, async (engine) => show(await engine.approveAct(id)));
    });
  return withExamples(withEngineOptions(command), 'perennial acts approve 0f8b6c1e5d3a4b7c9e2f1a0b3c4d5e6f');
}

function declineCommand(session: Session): Command {
  const command = new Command('decline')
    .summary('decline what was requested')
    .description('Declines an act: it is never done. The reason is kept sealed.')
    .argument('<id>', ID_HELP)
    .option('--reason <text>', 'why')
    .action(async (id: string, { reason, ...options }: EngineOptions & { readonly reason?: string }) => {
      await useEngine(options, session, async (engine) => show(await engine.declineAct(id, reason ?? null)));
    });
  return withExamples(
    withEngineOptions(command),
    'perennial acts decline 0f8b6c1e5d3a4b7c9e2f1a0b3c4d5e6f --reason "Not now."',
  );
}

function show({ actId, act, state, requestedBy, failure }: ActInfo): void {
  const why = failure === null ? '' : `: ${failure}`;
  process.stdout.write(`${act} ${actId}, requested by ${requestedBy}, is ${state}${why}\n`);
}
