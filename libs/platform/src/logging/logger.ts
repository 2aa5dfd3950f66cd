import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';

/** Writes structured lines. They must hold neither personal data nor secrets; fields with a name that suggests either are redacted. */
export type Logger = PinoLogger;

const SECRET = ['authorization', 'token', 'key', 'secret', 'password', 'cookie'];
const PERSONAL = ['identifiers', 'identifier', 'value', 'email', 'phone', 'body', 'data', 'headers'];

export interface LoggerOptions {
  readonly level: string;
  /** `auto`: text on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'text';
  /** Where lines go; standard output by default. */
  readonly destination?: { write(line: string): unknown };
}

export function createLogger({ level, format, destination }: LoggerOptions): Logger {
  const out: DestinationStream = (destination as DestinationStream | undefined) ?? {
    write: (line) => process.stdout.write(line),
  };
  const text = format === 'text' || (format === 'auto' && destination === undefined && process.stdout.isTTY);
  const paths = [...SECRET, ...PERSONAL].flatMap((name) => [name, `*.${name}`]);
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths, censor: '[redacted]' },
    },
    text ? { write: (line: string) => out.write(readable(line)) } : out,
  );
}

/** A line for people: time, level, message, and the other fields. */
function readable(line: string): string {
  const { level, time, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const { err, ...facts } = rest as { err?: { stack?: string } };
  const clock = String(time).slice(11, 19);
  const more = Object.entries(facts)
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('');
  return `${clock} ${String(level).padEnd(5)} ${String(msg ?? '')}${more}\n${err?.stack === undefined ? '' : `${err.stack}\n`}`;
}
