import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { usage } from '../exit-codes.js';

/** Where a log lies, as `move` is told: in a file, with the data folder around it, or on a server. */
export type LogLocation =
  | { readonly kind: 'sqlite'; readonly name: string; readonly file: string; readonly folder: string }
  | { readonly kind: 'eventstore'; readonly name: string; readonly url: string };

/** Reads `sqlite:FOLDER`, `sqlite:FILE` or the `esdb://` address of an EventStoreDB. */
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
    throw usage(`${option} is no place of a log. Write sqlite:FOLDER, sqlite:FILE or esdb://HOST:2113?tls=true.`);
  const place = resolve(path);
  const isFile = existsSync(place) ? statSync(place).isFile() : place.endsWith('.db');
  const [file, folder] = isFile ? [place, dirname(place)] : [join(place, 'log.db'), place];
  return { kind: 'sqlite', name: file, file, folder };
}
