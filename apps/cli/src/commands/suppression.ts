import { Command, Option } from 'commander';
import { SUPPRESSION_REASONS } from '#contracts/basics';
import { rejected } from '../exit-codes.js';
import type { JsonObject } from '../engine/engine.js';
import { readCsvRows } from '../read-items.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { withExamples } from '../terminal/help.js';

interface AddOptions extends EngineOptions {
  readonly why: string;
  readonly medium?: string;
  readonly expires?: string;
}

/** So many entries are sent at once. */
const AT_ONCE = 1_000;
/** The columns of a file, as `perennial query suppressions --format csv` writes them. */
const COLUMNS = ['namespace', 'identifier', 'reason', 'medium', 'expiresAt'] as const;

export function suppressionCommand(session: Session): Command {
  const suppression = new Command('suppression')
    .summary('the suppression list: identifiers to whose persons no action is proposed: add, lift, import')
    .description(
      'No action is proposed to the persons of these identifiers, also where they are not known yet. The list outlives an erasure. perennial query suppressions ' +
        'lists and exports it. docs/consent.md explains it.',
    );
  suppression.addCommand(addCommand(session));
  suppression.addCommand(liftCommand(session));
  suppression.addCommand(importCommand(session));
  return withExamples(
    suppression,
    'perennial suppression add email:ada@example.com --why request',
    'perennial suppression import robinson.csv --why legal',
    'perennial query suppressions --format csv --output list.csv --purpose legal',
  );
}

/** Not `--reason`: that is the reason of an opening. */
const why = (): Option => new Option('--why <why>', 'why').choices([...SUPPRESSION_REASONS]);

function addCommand(session: Session): Command {
  const command = new Command('add')
    .summary('put an identifier on the list')
    .description('Puts an identifier on the list, and prints the suppression with its id.')
    .argument('<identifier>', 'namespace:value, such as email:ada@example.com')
    .addOption(why().makeOptionMandatory())
    .option('--medium <medium>', 'only for this medium, such as email or sms')
    .option('--expires <instant>', 'until when, such as 2027-01-01T00:00:00Z; by default until it is lifted')
    .action(async (identifier: string, { why: reason, medium, expires: expiresAt, ...options }: AddOptions) => {
      await useEngine(options, session, async (engine) => {
        const [added] = await engine.addSuppressions({
          suppressions: [{ identifier, reason, ...given({ medium, expiresAt }) }],
        });
        process.stdout.write(`${JSON.stringify(added, null, 2)}\n`);
      });
    });
  return withExamples(withEngineOptions(command), 'perennial suppression add email:ada@example.com --why request');
}

function liftCommand(session: Session): Command {
  const command = new Command('lift')
    .summary('take an identifier off the list')
    .description('Ends a suppression, and prints it. What is still called for is proposed then.')
    .argument('<id>', 'the id of the suppression')
    .action(async (id: string, options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        process.stdout.write(`${JSON.stringify(await engine.liftSuppression(id), null, 2)}\n`);
      });
    });
  return withExamples(withEngineOptions(command), 'perennial suppression lift 9f86d081884c7d659a2feaa0c55ad015');
}

function importCommand(session: Session): Command {
  const command = new Command('import')
    .summary('put the identifiers of a CSV file on the list')
    .description(
      `Reads a CSV file with a header and the columns namespace and identifier, and where it has them reason, medium and expiresAt, as an export writes them. Other columns are passed over. Rows without an identifier (of erased persons) are counted. Nothing is on the list twice.`,
    )
    .argument('<file>', 'the CSV file, in UTF-8')
    .addOption(why())
    .action(async (file: string, { why: reason, ...options }: EngineOptions & { readonly why?: string }) => {
      const { entries, without } = await entriesOf(file, reason);
      await useEngine(options, session, async (engine) => {
        for (let at = 0; at < entries.length; at += AT_ONCE)
          await engine.addSuppressions({ suppressions: entries.slice(at, at + AT_ONCE) });
        process.stdout.write(`${JSON.stringify({ suppressed: entries.length, withoutIdentifier: without })}\n`);
      });
    });
  return withExamples(withEngineOptions(command), 'perennial suppression import robinson.csv --why legal');
}

async function entriesOf(
  file: string,
  reason: string | undefined,
): Promise<{ readonly entries: readonly JsonObject[]; readonly without: number }> {
  const { withoutSpreadsheetQuoting } = await import('#contracts');
  const rows = await readCsvRows(file);
  // An export marks what a spreadsheet would take for a formula, such as a number that begins with a plus.
  for (const row of rows)
    if (row['identifier'] !== undefined) row['identifier'] = withoutSpreadsheetQuoting(row['identifier']);
  const missing = ['namespace', 'identifier'].filter((column) => rows[0] !== undefined && !(column in rows[0]));
  if (missing.length > 0)
    throw rejected(`${file} has no column ${missing.join(' and no column ')}: its first line must name the columns.`);
  const named = rows.filter((row) => row['identifier'] !== '');
  return {
    entries: named.map((row) => {
      const { namespace = '', identifier = '', reason: own, medium, expiresAt } = pick(row);
      return {
        identifier: `${namespace}:${identifier}`,
        reason: own ?? reason ?? 'other',
        ...given({ medium, expiresAt }),
      };
    }),
    without: rows.length - named.length,
  };
}

const pick = (row: Readonly<Record<string, string>>): Partial<Record<(typeof COLUMNS)[number], string>> =>
  Object.fromEntries(COLUMNS.flatMap((column) => ((row[column] ?? '') === '' ? [] : [[column, row[column]]])));

/** Without what is not there. */
const given = (fields: Readonly<Record<string, string | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
