import { resolve } from 'node:path';
import { Misfit, SETTINGS, type Setting } from './settings.js';
import type { ValidationIssue } from '#contracts';

/** The settings, read and checked once at start: nothing else in the engine reads the environment. */
export type Config = { readonly [K in keyof typeof SETTINGS]: ReturnType<(typeof SETTINGS)[K]['read']> };

/** Thrown with every problem at once, so that a start is not a game of guessing one by one. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly ValidationIssue[]) {
    super(problems.map(({ pointer, detail, hint }) => `${pointer} ${detail}: ${hint}.`).join('\n'));
    this.name = 'ConfigError';
  }
}

/** Turns the environment into the config. `DATA_DIR` becomes absolute. Throws `ConfigError`. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const config: Record<string, unknown> = {};
  const problems: ValidationIssue[] = [];
  for (const [key, setting] of Object.entries<Setting<unknown>>(SETTINGS)) {
    try {
      config[key] = setting.read(environment[setting.name] ?? setting.byDefault);
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      problems.push({ pointer: setting.name, detail: error.reason, hint: error.hint });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const read = config as Config;
  return { ...read, dataDir: resolve(read.dataDir) };
}

/** The table of all settings as Markdown: README holds it, and a spec holds README to it. */
export function settingsTable(): string {
  const rows = Object.values<Setting<unknown>>(SETTINGS).map(
    ({ name, byDefault, meaning }) => `| \`${name}\` | \`${byDefault}\` | ${meaning} |`,
  );
  return ['| setting | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}
