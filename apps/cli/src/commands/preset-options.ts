import { isCurrency } from '#contracts/basics';
import { isTimeZone } from '#lifecycle/basics';
import type { Preset, PresetOptions } from '#imports';
import type { BusinessSettings } from '../engine/engine.js';
import { usage } from '../exit-codes.js';

interface GivenOptions {
  readonly timeZone?: string;
  readonly currency?: string;
  readonly source?: string;
}

/** What a preset is read with: the options of the command, or else the settings of the business. */
export function presetOptions(
  { name, source, needsCurrency }: Pick<Preset, 'name' | 'source' | 'needsCurrency'>,
  given: GivenOptions,
  business: BusinessSettings,
): PresetOptions {
  const timeZone = given.timeZone ?? business.timeZone;
  if (!isTimeZone(timeZone))
    throw usage(`--time-zone must be an IANA time zone (got ${timeZone}): write UTC, Europe/London or the like.`);
  const currency = given.currency?.toUpperCase() ?? business.currency;
  if (currency !== null && !isCurrency(currency))
    throw usage(
      `--currency must be a currency of ISO 4217 (got ${given.currency ?? currency}): write EUR or the like.`,
    );
  if (needsCurrency === true && currency === null)
    throw usage(
      `Files of the preset ${name} may not name the currency of their amounts: add --currency EUR or the like.`,
    );
  if (given.source !== undefined && source === null)
    throw usage(`--source cannot be given for the preset ${name}: its touchpoints have a source of their own.`);
  return { timeZone, currency, source: given.source ?? source ?? name };
}
