/** One setting: the environment variable, what it means, its default, and how its text becomes a value. */
export interface Setting<T> {
  readonly name: string;
  /** As the reader of the table sees it, with the unit where there is one. */
  readonly meaning: string;
  /** The text that stands for an absent variable. */
  readonly byDefault: string;
  /** Gives the value, or throws `Misfit` with what is wrong and how to mend it. */
  readonly read: (text: string) => T;
}

/** What is wrong with the text of a setting, and how to mend it. */
export class Misfit extends Error {
  constructor(
    readonly reason: string,
    readonly mend: string,
  ) {
    super(reason);
  }
}

const text = (value: string): string => {
  if (value.trim() === '') throw new Misfit('is empty', 'give it a value, or unset it to take the default');
  return value.trim();
};

const whole =
  (from: number, to: number) =>
  (value: string): number => {
    const number = /^\d{1,15}$/.test(value.trim()) ? Number(value) : NaN;
    if (!(number >= from && number <= to))
      throw new Misfit(`is "${value}"`, `give a whole number from ${from} to ${to}`);
    return number;
  };

const oneOf =
  <T extends string>(...choices: readonly T[]) =>
  (value: string): T => {
    const choice = choices.find((each) => each === value.trim().toLowerCase());
    if (choice === undefined) throw new Misfit(`is "${value}"`, `give one of: ${choices.join(', ')}`);
    return choice;
  };

const MEGABYTE = 1024 * 1024;

/** Every setting there is. README's table is this one. */
export const SETTINGS = {
  port: {
    name: 'PORT',
    meaning: 'Port of the HTTP server; 0 takes a free one',
    byDefault: '3000',
    read: whole(0, 65_535),
  },
  host: {
    name: 'HOST',
    meaning: 'Address the HTTP server binds; keep it local unless something in front of it speaks TLS',
    byDefault: '127.0.0.1',
    read: text,
  },
  dataDir: {
    name: 'DATA_DIR',
    meaning: 'Folder of the log, the keys and the read models; one process owns it',
    byDefault: './data',
    read: text,
  },
  policy: {
    name: 'POLICY',
    meaning: 'Policy published into an empty log: retail, subscription, durable or seasonal',
    byDefault: 'retail',
    read: oneOf('retail', 'subscription', 'durable', 'seasonal'),
  },
  demo: {
    name: 'DEMO',
    meaning: 'Whether an empty log is filled with a demonstration: on or off',
    byDefault: 'on',
    read: (value: string): boolean => oneOf('on', 'off')(value) === 'on',
  },
  logLevel: {
    name: 'LOG_LEVEL',
    meaning: 'Least serious message that is logged: trace, debug, info, warn, error, fatal or silent',
    byDefault: 'info',
    read: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  },
  logFormat: {
    name: 'LOG_FORMAT',
    meaning: 'json, text, or auto: text on a terminal, JSON elsewhere',
    byDefault: 'auto',
    read: oneOf('auto', 'json', 'text'),
  },
  maxBodyBytes: {
    name: 'MAX_BODY_BYTES',
    meaning: 'Largest request body in bytes; above it 413. NDJSON is streamed: there it bounds one line',
    byDefault: String(16 * MEGABYTE),
    read: whole(1_024, 1_024 * MEGABYTE),
  },
  maxBatchEvents: {
    name: 'MAX_BATCH_EVENTS',
    meaning: 'Most events in one batch; above it 413. NDJSON is streamed: there it is the size of one commit',
    byDefault: '10000',
    read: whole(1, 1_000_000),
  },
  maxInFlightBytes: {
    name: 'MAX_IN_FLIGHT_BYTES',
    meaning: 'Bytes of request bodies being taken in at one time; above it 503 with Retry-After',
    byDefault: String(128 * MEGABYTE),
    read: whole(1_024, 16_384 * MEGABYTE),
  },
  maxInFlightRequests: {
    name: 'MAX_IN_FLIGHT_REQUESTS',
    meaning: 'Requests being taken in at one time; above it 429 with Retry-After',
    byDefault: '256',
    read: whole(1, 100_000),
  },
} as const satisfies Record<string, Setting<unknown>>;
