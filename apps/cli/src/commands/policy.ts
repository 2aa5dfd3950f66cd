import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Policy } from '#lifecycle';
import { BUILT_IN_POLICIES } from '#lifecycle/basics';
import type { PolicyDryRunSummary } from '../engine/engine.js';
import { EXIT, rejected, usage } from '../exit-codes.js';
import { CREATES, useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { formatNumber, pluralize } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';
import { showProgress } from '../terminal/show-progress.js';
import { policyInitCommand } from './policy-init.js';
import { allRows } from './query.js';

interface PublishCommandOptions extends EngineOptions {
  readonly effectiveFrom?: string;
  readonly restate?: true;
  readonly reason?: string;
  readonly dryRun?: true;
  readonly output?: string;
}

export function policyCommand(session: Session): Command {
  const policy = new Command('policy')
    .summary('write, check and publish policies: the rules as data')
    .description(
      'A policy is a versioned document with the rules of the lifecycle: signals, windows, thresholds, time zone, currency and taxonomy. ' +
        'A policy file is YAML, which may have comments, or JSON. docs/policy.md explains every field.',
    );
  policy.addCommand(policyInitCommand());
  policy.addCommand(listCommand(session));
  policy.addCommand(showCommand(session));
  policy.addCommand(validateCommand());
  policy.addCommand(publishCommand(session));
  return withExamples(
    policy,
    'perennial policy init mine.yaml',
    'perennial policy validate mine.yaml',
    'perennial policy publish mine.yaml',
    'perennial policy list',
  );
}

/** The policy in a file. What checks it is loaded for it. */
async function readPolicy(file: string): Promise<Policy> {
  const { readPolicyFile } = await import('./policy-file.js');
  return readPolicyFile(file);
}

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list the published policies')
    .description('Lists the published policies: when each was published, and from when and until when it is in force.')
    .action(async (options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        let any = false;
        for await (const row of allRows(engine, 'policies', {})) {
          any = true;
          process.stdout.write(`${policyLine(row)}\n`);
        }
        if (!any)
          process.stdout.write('No policy is published yet: the first touchpoint publishes the built-in one.\n');
      });
    });
  return withExamples(withEngineOptions(command), 'perennial policy list');
}

function policyLine(row: Readonly<Record<string, unknown>>): string {
  const status = String(row['status']);
  const from = row['inForceFrom'] === null ? 'the beginning of time' : String(row['inForceFrom']);
  const until = row['inForceUntil'] === null ? '' : ` until ${String(row['inForceUntil'])}`;
  const when = status === 'replaced' ? 'another version counts for all of its time' : `from ${from}${until}`;
  const restated = row['restates'] === true ? `; restates the past: ${String(row['reason'])}` : '';
  return `${String(row['version']).padEnd(16)}  ${status.padEnd(8)}  ${when}  (published ${String(row['recordedAt'])}${restated})`;
}

function showCommand(session: Session): Command {
  const command = new Command('show')
    .summary('show a policy as JSON: the newest, a published or a built-in one')
    .description('Shows a policy as JSON: by default the one published last.')
    .argument(
      '[name]',
      `name@version of a published policy, or a built-in one: ${Object.keys(BUILT_IN_POLICIES).join(', ')}`,
    )
    .action(async (name: string | undefined, options: EngineOptions) => {
      if (name !== undefined && Object.hasOwn(BUILT_IN_POLICIES, name)) {
        print(BUILT_IN_POLICIES[name as keyof typeof BUILT_IN_POLICIES]);
        return;
      }
      await useEngine(options, session, async (engine) => {
        let found: unknown = null;
        for await (const row of allRows(engine, 'policies', {}))
          if (name === undefined || row['version'] === name) found = row['policy'];
        if (found === null)
          throw rejected(`The policy '${name ?? ''}' is not published: perennial policy list shows those that are.`);
        print(found);
      });
    });
  return withExamples(
    withEngineOptions(command),
    'perennial policy show > mine.json',
    'perennial policy show retail@1',
    'perennial policy show subscription',
  );
}

function validateCommand(): Command {
  const command = new Command('validate')
    .summary('check a policy without publishing it')
    .description('Checks a policy document and lists everything that is wrong with it. Nothing is published.')
    .argument('<file>', 'policy file (YAML or JSON)')
    .action(async (file: string) => {
      const { name, version } = await readPolicy(file);
      process.stdout.write(`${file} is valid: ${name}@${version}\n`);
    });
  return withExamples(command, 'perennial policy validate mine.yaml');
}

function publishCommand(session: Session): Command {
  const command = new Command('publish')
    .summary('publish a policy')
    .description(
      'Publishes a policy. Before the first touchpoint it counts for all of the past. Later it is in force from now on, or from --effective-from on, and ' +
        'stages before that stay as they are; with --restate it counts from a past date: what is believed changes from now on, what was published is ' +
        'retracted as history, and no action follows.',
    )
    .argument('<file>', 'policy file (YAML or JSON)')
    .option(
      '--effective-from <date>',
      'from when the policy is in force: a date in its own time zone, an instant, or beginning (default: now; with --restate: beginning)',
    )
    .option('--restate', 'count from a past date; needs --reason')
    .option('--reason <text>', 'why the past is restated')
    .option('--dry-run', 'show which customers would move and how many messages follow; publish nothing')
    .option('--output <file>', 'with --dry-run: write the customers that would move to a file (CSV)')
    .action(async (file: string, options: PublishCommandOptions) => {
      if (options.output !== undefined && options.dryRun !== true) throw usage('--output goes with --dry-run.');
      const policy = await readPolicy(file);
      const { effectiveFrom = null, restate = false, reason = null, dryRun = false, output } = options;
      const publication = { effectiveFrom, reason, ...(restate ? { restate } : {}) };
      await useEngine(
        options,
        session,
        async (engine) => {
          const { onProgress, end } = showProgress(session);
          if (dryRun) {
            const draft = await engine.publishPolicy(policy, { ...publication, dryRun });
            if (draft['changed'] === false) {
              process.stdout.write(`${String(draft['version'])} is published already: nothing would change.\n`);
              return;
            }
            const summary = await engine.policyDryRun(policy, draft, onProgress, session.signal).finally(end);
            if (output !== undefined) writeFileSync(output, movingCsv(summary));
            process.stdout.write(policyDryRunText(String(draft['version']), summary, output ?? null));
            return;
          }
          const published = await engine.publishPolicy(policy, publication);
          process.stdout.write(`${JSON.stringify(published)}\n`);
          if (published['changed'] !== true || published['restates'] !== true) return;
          await engine.refold(onProgress, session.signal).finally(end);
        },
        CREATES,
      );
      if (session.signal.aborted) process.exitCode = EXIT.stopped;
    });
  return withExamples(
    withEngineOptions(command),
    'perennial policy publish mine.yaml',
    'perennial policy publish mine.yaml --effective-from 2099-01-01',
    'perennial policy publish mine.yaml --restate --reason "Our zone." --dry-run',
    'perennial policy publish mine.yaml --restate --reason "Our zone."',
  );
}

/** So many customers are named on the terminal; all of them in the file of --output. */
const NAMED_MAX = 10;

function policyDryRunText(version: string, summary: PolicyDryRunSummary, output: string | null): string {
  const { asOf, customers, moving, changed, moves, messages, listed } = summary;
  const place = placeText;
  const lines = [
    `${version}, as of ${asOf}: ${formatNumber(moving)} of ${pluralize(customers, 'customer')} would move.`,
    ...moves.map((move) => `  ${formatNumber(move.customers).padStart(8)}  ${place(move.from)} → ${place(move.to)}`),
    `${pluralize(changed, 'customer')} would have another history.`,
    `Messages: ${pluralize(messages.retracted, 'stage change')} retracted, ${formatNumber(messages.published)} published, ` +
      `${pluralize(messages.withdrawn, 'action')} withdrawn.`,
  ];
  if (output !== null) lines.push(`${pluralize(listed.length, 'customer')} written to ${output}.`);
  else if (listed.length > 0) {
    lines.push('Who would move:');
    for (const { customerId, from, to } of listed.slice(0, NAMED_MAX))
      lines.push(`  ${customerId}  ${place(from)} → ${place(to)}`);
    if (moving > NAMED_MAX) lines.push(`  and ${formatNumber(moving - NAMED_MAX)} more: --output FILE writes them.`);
  }
  return `${lines.join('\n')}\nNothing was published.\n`;
}

type Place = PolicyDryRunSummary['moves'][number]['from'];

const placeText = (at: Place): string => (at === null ? 'absent' : `${at.stage} · ${at.phase}`);

function movingCsv({ listed }: PolicyDryRunSummary): string {
  const rows = listed.map(({ customerId, from, to }) =>
    [customerId, from?.stage, from?.phase, to?.stage, to?.phase].map((value) => value ?? '').join(','),
  );
  return ['customerId,fromStage,fromPhase,toStage,toPhase', ...rows, ''].join('\n');
}

function print(policy: unknown): void {
  process.stdout.write(`${JSON.stringify(policy, null, 2)}\n`);
}
