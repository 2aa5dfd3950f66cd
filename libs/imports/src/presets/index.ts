import type { ImportReader } from '../import-reader.js';
import { cdnowReader } from './cdnow.js';
import { onlineRetailReader } from './online-retail.js';
import { touchpointsReader } from './touchpoints.js';

/** A file format that needs no mapping. */
export interface Preset {
  readonly name: string;
  readonly summary: string;
  /** Makes the reader. The time zone is that of the business, for dates that carry none. */
  readonly reader: (timeZone: string) => ImportReader;
}

export const PRESETS: readonly Preset[] = [
  {
    name: 'cdnow',
    summary: 'CDNOW_sample.txt: one purchase a line, in US dollars',
    reader: cdnowReader,
  },
  {
    name: 'online-retail',
    summary: 'UCI Online Retail as CSV: orders and returns, in pounds',
    reader: onlineRetailReader,
  },
  {
    name: 'touchpoints',
    summary: 'NDJSON of touchpoints, as `simulate` writes it',
    reader: touchpointsReader,
  },
];
