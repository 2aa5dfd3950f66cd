import { resolve } from 'node:path';
import { issueText, keysOf, pointerTo, type ValidationIssue } from '#contracts';
import { FORMER_NAMES, FORMER_VALUES } from './former-names.js';
import { SETTINGS, type Settings } from './settings.js';

/** `DATA_DIR` as `dataDir`. */
type CamelCase<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${Lowercase<First>}${Capitalize<CamelCase<Rest>>}`
  : Lowercase<Name>;

/** The settings, read and checked once at the start: no other part of the engine reads the environment. */
export type Config = { readonly [Name in keyof Settings as CamelCase<Name>]: Settings[Name] };

/** Thrown with all issues at once, so that one start shows every setting to fix. */
export class ConfigError extends Error {
  constructor(readonly issues: readonly ValidationIssue[]) {
    super(issues.map((issue) => `${issueText(issue, nameOf)}.`).join('\n'));
    this.name = 'ConfigError';
  }
}

/** The name of the setting that an issue points to: `#/PORT` is shown as `PORT`. */
const nameOf = (pointer: string): string => keysOf(pointer).join('.');

type Texts = Readonly<Record<string, string | undefined>>;

const NAMES = Object.keys(SETTINGS.schema['properties'] as object) as (keyof Settings)[];
const KNOWN_NAMES = [...NAMES, ...Object.values(FORMER_NAMES)];

/**
 * Turns the environment into the config. `DATA_DIR` becomes absolute.
 * @throws ConfigError
 */
export function readConfig(environment: Texts): Config {
  const settings = read(environment);
  const config = Object.fromEntries(NAMES.map((name) => [camelCase(name), settings[name]])) as unknown as Config;
  return { ...config, dataDir: resolve(config.dataDir) };
}

/**
 * The value of one setting, where a command line gives its text.
 * @throws ConfigError
 */
export function readSetting<Name extends keyof Settings>(name: Name, text: string): Settings[Name] {
  return read({ [name]: text })[name];
}

function read(environment: Texts): Settings {
  const given = Object.fromEntries(KNOWN_NAMES.map((name) => [name, environment[name]]));
  const former = formerValues(given);
  // For a former value one issue is enough: the schema would add its list of values.
  const reading = SETTINGS.read({ ...given, ...Object.fromEntries(former.map(([name]) => [name, undefined])) });
  const issues = [...former.map(([, issue]) => issue), ...(reading.ok ? [] : reading.errors)];
  if (issues.length > 0 || !reading.ok) throw new ConfigError(issues);
  return reading.value;
}

function formerValues(given: Texts): (readonly [name: string, issue: ValidationIssue])[] {
  return Object.entries(FORMER_VALUES).flatMap(([name, values]) => {
    const former = given[name]?.trim().toLowerCase() ?? '';
    if (!Object.hasOwn(values, former)) return [];
    const present = values[former];
    return [[name, { pointer: pointerTo(name), detail: `has the former value ${former}`, hint: `give ${present}` }]];
  });
}

/** `DATA_DIR` as `dataDir`. */
export const camelCase = <Name extends keyof Settings>(name: Name): CamelCase<Name> =>
  name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) as CamelCase<Name>;

/** The table of all settings as Markdown: the README holds it, and a spec compares the two. */
export function settingsTable(): string {
  const properties = SETTINGS.schema['properties'] as Readonly<Record<keyof Settings, Described>>;
  const rows = NAMES.map((name) => {
    const { default: byDefault, description } = properties[name];
    return `| \`${name}\` | \`${[byDefault].flat().join(',')}\` | ${description.replace(/\.$/, '')} |`;
  });
  return ['| setting | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

interface Described {
  readonly default: string | number | readonly string[];
  readonly description: string;
}
