import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { usage } from '../exit-codes.js';

/** Where a log lies, as `move` is told. */
export interface LogPlace {
  readonly kind: 'sqlite';
  readonly file: string;
  /** The data folder around it. */
  readonly folder: string;
}

/** Reads `sqlite:FOLDER` or `sqlite:FILE`: a data folder, or the file of a log in one. */
export function logPlace(option: string, text: string): LogPlace {
  const path = /^sqlite:(?:\/\/)?(.+)$/s.exec(text)?.[1];
  if (path === undefined) throw usage(`${option} ${text} is no place of a log. Write sqlite:FOLDER, or sqlite:FILE.`);
  const place = resolve(path);
  const isFile = existsSync(place) ? statSync(place).isFile() : place.endsWith('.db');
  return {
    kind: 'sqlite',
    ...(isFile ? { file: place, folder: dirname(place) } : { file: join(place, 'log.db'), folder: place }),
  };
}
