import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { usage } from '../exit-codes.js';

/** Where a log is: in a file, with its data folder around it, or on a server. */
export type LogLocation =
  | { readonly kind: 'sqlite'; readonly name: string; readonly file: string; readonly folder: string }
  | { readonly kind: 'eventstore'; readonly name: string; readonly url: string };

/** Parses `sqlite:FOLDER`, `sqlite:FILE` or the `esdb://` address of an EventStoreDB. */
export function parseLogLocation(option: string, text: string): LogLocation {
  // Only the host is ever shown: an address may hold a password.
  if (/^(esdb|kurrentdb)(\+discover)?:\/\/[^/]/.test(text))
    return {
      kind: 'eventstore',
      name: `EventStoreDB at ${text.replace(/^[^/]*\/\/([^@]*@)?/, '').split(/[/?#]/)[0]}`,
      url: text,
    };
  const path = /^sqlite:(?:\/\/)?(.+)$/s.exec(text)?.[1];
  if (path === undefined)
    throw usage(
      `${option} must be the location of a log: write sqlite:FOLDER, sqlite:FILE or esdb://HOST:2113?tls=true.`,
    );
  const absolute = resolve(path);
  const isFile = existsSync(absolute) ? statSync(absolute).isFile() : absolute.endsWith('.db');
  const [file, folder] = isFile ? [absolute, dirname(absolute)] : [join(absolute, 'log.db'), absolute];
  return { kind: 'sqlite', name: file, file, folder };
}
