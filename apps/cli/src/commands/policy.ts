import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { issueText } from '#contracts';
import { BUILT_IN_POLICIES, validatePolicy } from '#lifecycle';
import { rejected } from '../exit-codes.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { allRows } from './query.js';

interface PublishOptions extends EngineOptions {
  readonly effectiveFrom?: string;
}

export function policyCommand(session: Session): Command {
  const policy = new Command('policy')
    .summary('the rules as data: show, validate, publish, list')
    .description(
      'A policy is a versioned document: what counts as a signal, windows, thresholds, time zone, currency, taxonomy.',
    )
    .addHelpText(
      'after',
      `
Examples:
  perennial policy show > mine.json
  perennial policy validate mine.json
  perennial policy publish mine.json --effective-from 2026-09-01
  perennial policy list`,
    );
  policy.addCommand(
    withEngineOptions(new Command('list'))
      .summary('the policies as they were published')
      .action(async (options: EngineOptions) => {
        await useEngine(options, session, async (engine) => {
          for await (const row of allRows(engine, 'policies', {})) {
            const from = row['inForceFrom'] ?? 'from the beginning of time';
            process.stdout.write(
              `${String(row['version']).padEnd(24)} published ${String(row['recordedAt'])}  in force ${String(from)}\n`,
            );
          }
        });
      }),
  );
  policy.addCommand(
    withEngineOptions(new Command('show'))
      .summary('a policy as JSON: the newest, one of the published, or a built-in one')
      .argument('[name]', `name@version as published, or built in: ${Object.keys(BUILT_IN_POLICIES).join(', ')}`)
      .action(async (name: string | undefined, options: EngineOptions) => {
        if (name !== undefined && Object.hasOwn(BUILT_IN_POLICIES, name)) {
          const builtIn = BUILT_IN_POLICIES[name as keyof typeof BUILT_IN_POLICIES];
          process.stdout.write(`${JSON.stringify(builtIn, null, 2)}\n`);
          return;
        }
        await useEngine(options, session, async (engine) => {
          let found: unknown = null;
          for await (const row of allRows(engine, 'policies', {}))
            if (name === undefined || row['version'] === name) found = row['policy'];
          if (found === null)
            throw rejected(`No policy '${name ?? ''}' was published. perennial policy list shows them.`);
          process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
        });
      }),
  );
  policy.addCommand(
    new Command('validate')
      .summary('say what is wrong with a policy, without publishing it')
      .argument('<file>', 'policy document (JSON)')
      .action((file: string) => {
        const document = readPolicy(file);
        process.stdout.write(`${file} is a valid policy: ${document.name}@${document.version}\n`);
      }),
  );
  policy.addCommand(
    withEngineOptions(new Command('publish'))
      .summary('publish a policy: prospective, never rewriting the past')
      .argument('<file>', 'policy document (JSON)')
      .option('--effective-from <date>', 'from when it is to hold; from now unless said')
      .action(async (file: string, options: PublishOptions) => {
        const document = readPolicy(file);
        await useEngine(options, session, async (engine) => {
          const published = await engine.publishPolicy(document, options.effectiveFrom ?? null);
          process.stdout.write(`${JSON.stringify(published)}\n`);
        });
      }),
  );
  return policy;
}

function readPolicy(file: string): { readonly name: string; readonly version: number } {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw rejected(`${file} cannot be read: ${(error as Error).message}`);
  }
  const validity = validatePolicy(document);
  if (validity.ok) return validity.policy;
  throw rejected(
    `${file} is not a valid policy:\n${validity.errors.map((issue) => `  ${issueText(issue)}`).join('\n')}`,
  );
}
