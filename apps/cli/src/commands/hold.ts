import { Command, Option } from 'commander';
import type { ShownHold } from '#privacy';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { withExamples } from '../terminal/help.js';
import { tableText } from '../terminal/table.js';
import { CUSTOMER_HELP } from './one-customer.js';

interface ListOptions extends EngineOptions {
  readonly format: 'text' | 'json';
  readonly status: 'active' | 'lifted' | 'all';
}

export function holdCommand(session: Session): Command {
  const hold = new Command('hold')
    .summary('keep the data of a person for a case, whatever is erased: place, list, lift')
    .description(
      'A legal hold keeps the personal data of one person for a case. Until it is lifted no erasure destroys anything of them; ' +
        'an erasure that is requested meanwhile is recorded, and executed when the last hold is lifted. docs/retention.md explains it.',
    );
  hold.addCommand(placeCommand(session));
  hold.addCommand(listCommand(session));
  hold.addCommand(liftCommand(session));
  return withExamples(
    hold,
    'perennial hold place email:ada@example.com --case 2026-117',
    'perennial hold list',
    'perennial hold lift 9f86d081884c7d659a2feaa0c55ad015',
  );
}

function placeCommand(session: Session): Command {
  const command = new Command('place')
    .summary('place a legal hold on a person')
    .description(
      'Keeps everything of a person for a case: all their identifiers, and those that are linked to them later. Prints the hold with its id.',
    )
    .argument('<customer>', CUSTOMER_HELP)
    .requiredOption('--case <reference>', 'the reference of the case; it must not name a person')
    .option('--reason <text>', 'why, as free text; it is sealed')
    .action(async (customer: string, options: EngineOptions & { readonly case: string; readonly reason?: string }) => {
      const person = customer.includes(':') ? { identifier: customer } : { customer };
      const reason = options.reason === undefined ? {} : { reason: options.reason };
      await useEngine(options, session, async (engine) => {
        const placed = await engine.placeHold({ ...person, case: options.case, ...reason });
        process.stdout.write(`${JSON.stringify(placed, null, 2)}\n`);
      });
    });
  return withExamples(
    withEngineOptions(command),
    'perennial hold place email:ada@example.com --case 2026-117 \\',
    '    --reason "letter of the court"',
  );
}

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list legal holds')
    .description('Lists the legal holds in force, or those that were lifted.')
    .addOption(new Option('--status <status>', 'which of them').choices(['active', 'lifted', 'all']).default('active'))
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (options: ListOptions) => {
      await useEngine(options, session, async (engine) => {
        const holds = await engine.holds(options.status);
        if (options.format === 'json') process.stdout.write(`${JSON.stringify(holds, null, 2)}\n`);
        else if (holds.length === 0) session.stderr.write('There is no such legal hold.\n');
        else process.stdout.write(tableText(COLUMNS, holds.map(rowOf)));
      });
    });
  return withExamples(withEngineOptions(command), 'perennial hold list', 'perennial hold list --status all');
}

const COLUMNS = [
  { name: 'holdId', type: 'text', description: 'lift it by this id' },
  { name: 'case', type: 'text', description: 'the reference of the case' },
  { name: 'status', type: 'text', description: 'active or lifted' },
  { name: 'waitingErasures', type: 'integer', description: 'erasures that wait for its end' },
  { name: 'subjects', type: 'integer', description: 'identifiers that are kept' },
  { name: 'placedAt', type: 'instant', description: 'when it began' },
  { name: 'placedBy', type: 'text', description: 'who placed it' },
  { name: 'liftedAt', type: 'instant', nullable: true, description: 'when it ended' },
] as const;

const rowOf = ({
  holdId,
  case: caseName,
  status,
  subjects,
  placedAt,
  placedBy,
  liftedAt,
  waitingErasures,
}: ShownHold) => ({
  ...{ holdId, case: caseName, status, subjects, placedAt, placedBy, liftedAt, waitingErasures },
});

function liftCommand(session: Session): Command {
  const command = new Command('lift')
    .summary('lift a legal hold, and execute the erasures that waited for it')
    .description(
      'Ends a legal hold. Erasures of the person that were requested meanwhile are executed, unless another hold keeps the person. Prints the hold.',
    )
    .argument('<id>', 'the id of the hold')
    .option('--reason <text>', 'why, as free text; it is sealed')
    .action(async (id: string, options: EngineOptions & { readonly reason?: string }) => {
      await useEngine(options, session, async (engine) => {
        const lifted = await engine.liftHold(id, options.reason ?? null);
        process.stdout.write(`${JSON.stringify(lifted, null, 2)}\n`);
      });
    });
  return withExamples(withEngineOptions(command), 'perennial hold lift 9f86d081884c7d659a2feaa0c55ad015');
}
