import { Command, Option } from 'commander';
import { RECORDED_FACTS } from '#contracts/basics';
import type { ItemOutcome } from '#imports';
import { EXIT, rejected } from '../exit-codes.js';
import { readCsvRows, readItems } from '../read-items.js';
import { CREATES, useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { pluralize } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';

/** Facts of one request. */
const BATCH = 1_000;
/** So many quarantined facts are shown. */
const SHOWN_MAX = 20;

export function factsCommand(session: Session): Command {
  const facts = new Command('facts')
    .summary('record facts of the business: spend, rates, products, targets, results, closings of sources')
    .description(
      `Facts of the business concern no customer: ${RECORDED_FACTS.join(', ')}. docs/business-facts.md shows how they are written.`,
    );
  facts.addCommand(importCommand(session));
  return withExamples(facts, 'perennial facts import spend.ndjson');
}

function importCommand(session: Session): Command {
  const command = new Command('import')
    .summary('record the facts of a file')
    .description(
      'Records the facts of a file: one JSON document on each line, one JSON list, or with --fact a CSV file with the fields of that fact as columns. A fact that is not valid ' +
        'is quarantined with its reason. Importing a file again adds nothing. docs/business-facts.md names the columns.',
    )
    .argument('<file>', 'NDJSON, a JSON list, or CSV in UTF-8')
    .addOption(new Option('--fact <type>', 'what each row of a CSV file is').choices(RECORDED_FACTS))
    .option('--source <name>', 'the source of the rows of a CSV file')
    .action(async (path: string, options: ImportOptions) => {
      const documents = await documentsOf(path, options);
      await useEngine(
        options,
        session,
        async (engine) => {
          const outcomes: ItemOutcome[] = [];
          for (let at = 0; at < documents.length; at += BATCH)
            outcomes.push(...(await engine.recordFacts(documents.slice(at, at + BATCH))));
          process.stdout.write(report(path, outcomes));
          if (outcomes.some(({ outcome }) => outcome === 'quarantined')) process.exitCode = EXIT.quarantined;
        },
        CREATES,
      );
    });
  return withExamples(
    withEngineOptions(command),
    'perennial facts import spend.ndjson',
    'perennial facts import rates.csv --fact rate-published --source erp',
  );
}

interface ImportOptions extends EngineOptions {
  readonly fact?: string;
  readonly source?: string;
}

async function documentsOf(path: string, { fact, source }: ImportOptions): Promise<readonly unknown[]> {
  if (fact !== undefined) {
    if (source === undefined) throw rejected('--source is missing: name the source of the rows, such as erp.');
    return rowsIn(path, fact, source);
  }
  if (/\.csv$/i.test(path))
    throw rejected(`--fact is missing: say what each row of ${path} is, such as rate-published.`);
  return factsIn(path);
}

/** The facts of a CSV file. */
async function rowsIn(path: string, fact: string, source: string): Promise<readonly unknown[]> {
  const { FactColumnsRejected, factRows } = await import('#imports');
  const rows = await readCsvRows(path);
  try {
    return factRows(fact, source, rows);
  } catch (error) {
    throw error instanceof FactColumnsRejected ? rejected(`${path}: ${error.message}`) : error;
  }
}

/** The documents of a file. A line that is not JSON is an error of the file: nothing of it is sent. */
async function factsIn(path: string): Promise<readonly unknown[]> {
  return (await readItems(path)).map((item) => {
    if (!item.isJson)
      throw rejected(`${path}, line ${item.number}, is not JSON: write one fact on each line, or one list.`);
    return item.value;
  });
}

function report(path: string, outcomes: readonly ItemOutcome[]): string {
  const count = (outcome: ItemOutcome['outcome']): number => outcomes.filter((each) => each.outcome === outcome).length;
  const lines = [
    `${path}: ${pluralize(outcomes.length, 'fact')}: ${count('accepted')} accepted, ${pluralize(count('duplicate'), 'duplicate')}, ${count('quarantined')} quarantined`,
  ];
  const bad = outcomes.flatMap((each, at) => (each.outcome === 'quarantined' ? [{ ...each, at }] : []));
  for (const { at, code, pointer, detail, hint } of bad.slice(0, SHOWN_MAX))
    lines.push(`  fact ${at + 1}: ${code ?? ''} ${pointer ?? ''} ${detail ?? ''}: ${hint ?? ''}`);
  return lines.map((line) => `${line}\n`).join('');
}
