import { Command, Option } from 'commander';
import type { RawParams } from '#queries';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { withExamples } from '../terminal/help.js';
import { Output } from '../terminal/output.js';
import { FORMATS, writeAnswers, type Format } from '../terminal/write-answers.js';
import { allPages } from './query.js';

interface PreviewOptions extends EngineOptions {
  readonly policy?: string;
  readonly until?: string;
  readonly counts?: true;
  readonly limit?: string;
  readonly format: Format;
  readonly output?: string;
  readonly columns?: string;
}

/** `perennial retention`: what the rules of retention erase. */
export function retentionCommand(session: Session): Command {
  const command = new Command('retention')
    .summary('who is erased when the time is over for which the policy keeps data: preview')
    .description(
      'The policy says how long data are kept (`retention`). Customers whose time and grace are over are erased by the engine. docs/retention.md explains it.',
    );
  command.addCommand(previewCommand(session));
  return withExamples(
    command,
    'perennial retention preview',
    'perennial retention preview --policy shop.yaml --counts',
  );
}

function previewCommand(session: Session): Command {
  const command = new Command('preview')
    .summary('list who is to be erased, when and why; or would be by a policy that is not published')
    .description(
      'Lists the customers whose grace has begun or begins soon, by the policy in force. With --policy: those that the rules of a policy file would erase if it were published now. ' +
        'Nothing is changed, and no personal data are shown.',
    )
    .option('--policy <file>', 'a policy file whose rules of retention are tried')
    .option('--until <date>', 'those whose grace begins before this date (default: 30 days from now)')
    .option('--counts', 'how many customers by rule, instead of the customers')
    .option('--limit <number>', 'at most so many rows (default: all)')
    .addOption(new Option('--format <format>', 'output format').choices(FORMATS).default('table'))
    .option('--output <file>', 'write to a file instead of the terminal')
    .option('--columns <names>', 'only these columns, with commas between them')
    .action(async (options: PreviewOptions) => {
      const params = await paramsOf(options);
      const query = options.counts === true ? 'retention-counts' : 'retention-preview';
      await useEngine(options, session, async (engine) => {
        const output = await Output.open(options.output);
        await writeAnswers(allPages(engine, query, params), options.format, output, columnsOf(options));
        await output.end();
      });
    });
  return withExamples(
    withEngineOptions(command),
    'perennial retention preview --until 2027-01-01',
    'perennial retention preview --policy shop.yaml --counts',
    'perennial retention preview --format csv --output due.csv',
  );
}

const columnsOf = ({ columns }: PreviewOptions): { readonly columns?: readonly string[] } =>
  columns === undefined ? {} : { columns: columns.split(',').map((name) => name.trim()) };

async function paramsOf({ policy: file, until, counts, limit }: PreviewOptions): Promise<RawParams> {
  const draft = file === undefined ? {} : await draftIn(file);
  return {
    ...(until === undefined ? {} : { until }),
    ...(limit === undefined || counts === true ? {} : { limit }),
    ...draft,
  };
}

async function draftIn(file: string): Promise<RawParams> {
  const { readPolicyFile } = await import('./policy-file.js');
  const { retention = [], timeZone } = await readPolicyFile(file);
  return { rules: JSON.stringify(retention), 'time-zone': timeZone };
}
