import { Command, Option } from 'commander';
import { RESTRICTION_GROUNDS } from '#contracts/basics';
import type { RestrictionSelection, ShownRestriction } from '#privacy';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { withExamples } from '../terminal/help.js';
import { Table } from '../terminal/table.js';
import { CUSTOMER_HELP } from './one-customer.js';

interface PlaceOptions extends EngineOptions {
  readonly ground: string;
  readonly request?: string;
}

interface ListOptions extends EngineOptions {
  readonly format: 'text' | 'json';
  readonly status: RestrictionSelection;
}

export function restrictionCommand(session: Session): Command {
  const restriction = new Command('restriction')
    .summary('keep the data of a person and use them for little else (GDPR art. 18): place, list, lift')
    .description(
      'While the processing of a person’s data is restricted, they open for the purposes legal and subject-request alone, actions to the person are held back, ' +
        'and selections by consent leave the person out. Figures count the person as before. docs/retention.md explains it.',
    );
  restriction.addCommand(placeCommand(session));
  restriction.addCommand(listCommand(session));
  restriction.addCommand(liftCommand(session));
  return withExamples(
    restriction,
    'perennial restriction place email:ada@example.com --ground accuracy-contested',
    'perennial restriction list',
    'perennial restriction lift 9f86d081884c7d659a2feaa0c55ad015',
  );
}

function placeCommand(session: Session): Command {
  const command = new Command('place')
    .summary('restrict the processing of a person’s data')
    .description(
      'Restricts the whole person: all their identifiers, and those that are linked to them later. Prints the restriction with its id.',
    )
    .argument('<customer>', CUSTOMER_HELP)
    .addOption(
      new Option('--ground <ground>', 'why: a case of GDPR art. 18(1)')
        .choices([...RESTRICTION_GROUNDS])
        .makeOptionMandatory(),
    )
    .option('--request <id>', 'the request of the data subject that it answers')
    .action(async (customer: string, options: PlaceOptions) => {
      const person = customer.includes(':') ? { identifier: customer } : { customer };
      const request = options.request === undefined ? {} : { request: options.request };
      await useEngine(options, session, async (engine) => {
        const placed = await engine.placeRestriction({ ...person, ground: options.ground, ...request });
        process.stdout.write(`${JSON.stringify(placed, null, 2)}\n`);
      });
    });
  return withExamples(
    withEngineOptions(command),
    'perennial restriction place email:ada@example.com --ground accuracy-contested',
  );
}

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list restrictions of processing')
    .description('Lists the restrictions that stand, or those that were lifted.')
    .addOption(new Option('--status <status>', 'which of them').choices(['active', 'lifted', 'all']).default('active'))
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (options: ListOptions) => {
      await useEngine(options, session, async (engine) => {
        const restrictions = await engine.restrictions(options.status);
        if (options.format === 'json') process.stdout.write(`${JSON.stringify(restrictions, null, 2)}\n`);
        else if (restrictions.length === 0) session.stderr.write('There is no such restriction.\n');
        else
          process.stdout.write(
            new Table(COLUMNS, process.stdout.columns ?? null).page({ rows: restrictions.map(rowOf) }),
          );
      });
    });
  return withExamples(
    withEngineOptions(command),
    'perennial restriction list',
    'perennial restriction list --status all',
  );
}

const COLUMNS = [
  { name: 'restrictionId', type: 'text', description: 'lift it by this id' },
  { name: 'ground', type: 'text', description: 'why' },
  { name: 'status', type: 'text', description: 'active or lifted' },
  { name: 'subjects', type: 'integer', description: 'identifiers that it names' },
  { name: 'placedAt', type: 'instant', description: 'when it began' },
  { name: 'placedBy', type: 'text', description: 'who placed it' },
  { name: 'liftedAt', type: 'instant', nullable: true, description: 'when it ended' },
] as const;

const rowOf = ({ restrictionId, ground, status, subjects, placedAt, placedBy, liftedAt }: ShownRestriction) => ({
  ...{ restrictionId, ground, status, subjects, placedAt, placedBy, liftedAt },
});

function liftCommand(session: Session): Command {
  const command = new Command('lift')
    .summary('lift a restriction of processing')
    .description('Ends a restriction. Inform the person before (GDPR art. 18(3)). Prints the restriction.')
    .argument('<id>', 'the id of the restriction')
    .action(async (id: string, options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        process.stdout.write(`${JSON.stringify(await engine.liftRestriction(id), null, 2)}\n`);
      });
    });
  return withExamples(withEngineOptions(command), 'perennial restriction lift 9f86d081884c7d659a2feaa0c55ad015');
}
