import { Command, Option } from 'commander';
import { nearest } from '#contracts/basics';
import type { Engine } from '../engine/engine.js';
import { rejected } from '../exit-codes.js';
import { readDocument } from '../read-document.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { formatNumber, pluralize } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';
import { tableText } from '../terminal/table.js';
import { allRows } from './query.js';

interface FormatOptions extends EngineOptions {
  readonly format: 'text' | 'json';
}

type SegmentRow = Readonly<Record<string, unknown>>;

export function segmentCommand(session: Session): Command {
  const segment = new Command('segment')
    .summary('define who belongs to a segment: define, preview, list, show, remove')
    .description(
      'A segment says who belongs to it, by conditions on stage, figures, consent, and what customers did. Membership is live. docs/segments.md shows the language; ' +
        'perennial query segment-members lists the members, and perennial query segment-why says why a customer is one.',
    );
  segment.addCommand(defineCommand(session));
  segment.addCommand(previewCommand(session));
  segment.addCommand(listCommand(session));
  segment.addCommand(showCommand(session));
  segment.addCommand(removeCommand(session));
  return withExamples(
    segment,
    'perennial segment preview lapsed.yaml',
    'perennial segment define lapsed.yaml',
    'perennial segment list',
    'perennial query segment-members --segment lapsed-big-spenders --format csv',
  );
}

function defineCommand(session: Session): Command {
  const command = new Command('define')
    .summary('define a segment, or define it again by its next version')
    .description(
      'Defines a segment by a document in JSON or YAML. The same definition again changes nothing; another one is the next version. All customers are looked at again.',
    )
    .argument('<file>', 'the definition, as JSON or YAML')
    .action(async (file: string, options: EngineOptions) => {
      const { value: document } = await readDocument(file);
      await useEngine(options, session, async (engine) => {
        const { segmentId, version, changed } = await engine.defineSegment(document);
        process.stdout.write(
          changed
            ? `Defined version ${version} of the segment ${segmentId} with ${engine.place}.\n`
            : `Version ${version} of the segment ${segmentId} is defined so already: nothing was recorded.\n`,
        );
      });
    });
  return withExamples(withEngineOptions(command), 'perennial segment define lapsed.yaml');
}

function previewCommand(session: Session): Command {
  const command = new Command('preview')
    .summary('show how many customers would belong to a segment; define nothing')
    .description(
      'Looks at customers for two seconds at most, and says how many would belong to the segment, how many would enter and leave it where it is defined, and some of them.',
    )
    .argument('<file>', 'the definition, as JSON or YAML')
    .action(async (file: string, options: EngineOptions) => {
      const { value: document } = await readDocument(file);
      await useEngine(options, session, async (engine) => {
        for await (const row of allRows(engine, 'segment-preview', { definition: JSON.stringify(document) }))
          process.stdout.write(previewText(row));
      });
    });
  return withExamples(withEngineOptions(command), 'perennial segment preview lapsed.yaml');
}

function previewText({ members, looked, customers, exact, estimate, entering, leaving, sample }: SegmentRow): string {
  const all = exact === true;
  const counted = `${all ? '' : 'at least '}${formatNumber(Number(members))} of ${pluralize(Number(customers), 'customer')}`;
  const about = all
    ? ''
    : ` (${formatNumber(Number(looked))} were looked at: about ${formatNumber(Number(estimate))} in all)`;
  const lines = [
    `${counted} would belong to it${about}.`,
    `${formatNumber(Number(entering))} would enter, ${formatNumber(Number(leaving))} would leave.`,
    ...(sample as readonly SegmentRow[]).map(
      ({ customerId, stage, phase, orders }) =>
        `  ${String(customerId)}  ${String(stage)} · ${String(phase)}  ${pluralize(Number(orders), 'order')}`,
    ),
  ];
  return `${lines.join('\n')}\nNothing was defined.\n`;
}

const COLUMNS = [
  { name: 'segmentId', type: 'text', description: 'the id' },
  { name: 'version', type: 'integer', description: 'the version of the definition' },
  { name: 'members', type: 'integer', description: 'customers who belong to it now' },
  { name: 'entered', type: 'integer', description: 'how often customers entered in the last 30 days' },
  { name: 'left', type: 'integer', description: 'how often customers left in the last 30 days' },
  { name: 'pending', type: 'integer', description: 'customers that are still to be looked at' },
  { name: 'name', type: 'text', description: 'the name' },
] as const;

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list the segments with how many belong to each')
    .description('Lists the segments that are defined, by id, with their members and who entered and left lately.')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (options: FormatOptions) => {
      await useEngine(options, session, async (engine) => {
        const rows = await segmentsOf(engine);
        if (options.format === 'json') process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
        else if (rows.length === 0)
          session.stderr.write('There is no segment: perennial segment define defines one.\n');
        else process.stdout.write(tableText(COLUMNS, rows));
      });
    });
  return withExamples(withEngineOptions(command), 'perennial segment list');
}

function showCommand(session: Session): Command {
  const command = new Command('show')
    .summary('show the definition of one segment')
    .description('Shows the definition of one segment as JSON: what define takes.')
    .argument('<id>', 'the id of the segment')
    .action(async (id: string, options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        const rows = await segmentsOf(engine);
        const found = rows.find(({ segmentId }) => segmentId === id);
        if (found === undefined) throw unknownSegment(id, rows);
        process.stdout.write(`${JSON.stringify(found['definition'], null, 2)}\n`);
      });
    });
  return withExamples(withEngineOptions(command), 'perennial segment show lapsed-big-spenders');
}

function removeCommand(session: Session): Command {
  const command = new Command('remove')
    .summary('remove a segment: its members leave it')
    .description('Removes a segment: its members leave it. One that another segment names is not removed.')
    .argument('<id>', 'the id of the segment')
    .action(async (id: string, options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        const { version, changed } = await engine.removeSegment(id);
        process.stdout.write(
          changed
            ? `Removed the segment ${id} (version ${version}) from ${engine.place}.\n`
            : `The segment ${id} was removed before: nothing was recorded.\n`,
        );
      });
    });
  return withExamples(withEngineOptions(command), 'perennial segment remove lapsed-big-spenders');
}

async function segmentsOf(engine: Engine): Promise<readonly SegmentRow[]> {
  const rows: SegmentRow[] = [];
  for await (const row of allRows(engine, 'segments', {})) rows.push(row);
  return rows;
}

function unknownSegment(id: string, rows: readonly SegmentRow[]): Error {
  const likely = nearest(
    id,
    rows.map(({ segmentId }) => String(segmentId)),
  );
  return rejected(
    `There is no segment '${id}'.${likely === null ? '' : ` Did you mean ${likely}?`} perennial segment list shows all of them.`,
  );
}
