import { Command } from 'commander';
import { BUILT_IN_POLICIES, validatePolicy } from '#lifecycle';
import { rejected } from '../exit-codes.js';
import { readDocument } from '../read-document.js';
import { CREATES, useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { withExamples } from '../terminal/help.js';
import { issueLines } from '../terminal/issue-lines.js';
import { allRows } from './query.js';

interface PublishOptions extends EngineOptions {
  readonly effectiveFrom?: string;
}

export function policyCommand(session: Session): Command {
  const policy = new Command('policy')
    .summary('list, show, validate or publish policies: the rules as data')
    .description(
      'A policy is a versioned document with the rules of the lifecycle: signals, windows, thresholds, time zone, currency and taxonomy.',
    );
  policy.addCommand(listCommand(session));
  policy.addCommand(showCommand(session));
  policy.addCommand(validateCommand());
  policy.addCommand(publishCommand(session));
  return withExamples(
    policy,
    'perennial policy show > mine.json',
    'perennial policy validate mine.json',
    'perennial policy publish mine.json --effective-from 2026-09-01',
    'perennial policy list',
  );
}

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list the published policies')
    .description('Lists the published policies: when each was published, and since when it is in force.')
    .action(async (options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        for await (const row of allRows(engine, 'policies', {})) {
          const from = row['inForceFrom'] ?? 'the beginning of time';
          process.stdout.write(
            `${String(row['version']).padEnd(16)}  published ${String(row['recordedAt'])}  in force from ${String(from)}\n`,
          );
        }
      });
    });
  return withExamples(withEngineOptions(command), 'perennial policy list');
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
    .argument('<file>', 'policy document (JSON)')
    .action((file: string) => {
      const { name, version } = readPolicy(file);
      process.stdout.write(`${file} is valid: ${name}@${version}\n`);
    });
  return withExamples(command, 'perennial policy validate mine.json');
}

function publishCommand(session: Session): Command {
  const command = new Command('publish')
    .summary('publish a policy; it never changes the past')
    .description(
      'Publishes a policy. It is in force from now on, or from --effective-from on; stages before that stay as they are.',
    )
    .argument('<file>', 'policy document (JSON)')
    .option('--effective-from <date>', 'the instant from which the policy is in force (default: now)')
    .action(async (file: string, options: PublishOptions) => {
      const document = readPolicy(file);
      await useEngine(
        options,
        session,
        async (engine) => {
          const published = await engine.publishPolicy(document, { effectiveFrom: options.effectiveFrom ?? null });
          process.stdout.write(`${JSON.stringify(published)}\n`);
        },
        CREATES,
      );
    });
  return withExamples(
    withEngineOptions(command),
    'perennial policy publish mine.json',
    'perennial policy publish mine.json --effective-from 2026-09-01',
  );
}

function print(policy: unknown): void {
  process.stdout.write(`${JSON.stringify(policy, null, 2)}\n`);
}

function readPolicy(file: string): { readonly name: string; readonly version: number } {
  const document = readDocument(file).value;
  const validity = validatePolicy(document);
  if (validity.ok) return validity.policy;
  throw rejected(`${file} is not a valid policy:${issueLines(validity.errors)}`);
}
