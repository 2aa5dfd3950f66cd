import { touchpointsLayout } from '../plain-layout.js';
import type { ImportLayout } from '../draft.js';
import { cdnowLayout } from './cdnow.js';
import { onlineRetailLayout } from './online-retail.js';

/** A layout that needs no mapping. */
export interface Preset {
  readonly name: string;
  readonly summary: string;
  /** Whether the file's dates are read in the zone of the business. */
  readonly layout: (timeZone: string) => ImportLayout;
}

export const PRESETS: readonly Preset[] = [
  {
    name: 'cdnow',
    summary: 'CDNOW_sample.txt: one purchase a line, parted by white space, in US dollars',
    layout: cdnowLayout,
  },
  {
    name: 'online-retail',
    summary:
      'UCI Online Retail as CSV: lines grouped to orders by invoice, C-invoices matched to what they return, in pounds',
    layout: onlineRetailLayout,
  },
  {
    name: 'touchpoints',
    summary: 'NDJSON of touchpoints as they are, such as `simulate` and `export` write',
    layout: touchpointsLayout,
  },
];
