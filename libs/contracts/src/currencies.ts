/** The currencies of ISO 4217, and how many digits their minor unit has. */

const CODES =
  'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE ' +
  'CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ ' +
  'GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL ' +
  'LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN ' +
  'PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD ' +
  'TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XDR XOF XPF XSU XUA YER ZAR ZMW ZWG ZWL';

const DIGITS: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};

const CURRENCIES: ReadonlyMap<string, number> = new Map([
  ...CODES.split(' ').map((code): [string, number] => [code, 2]),
  ...Object.entries(DIGITS).flatMap(([digits, codes]) =>
    codes.split(' ').map((code): [string, number] => [code, Number(digits)]),
  ),
]);

/** Whether this is a currency of ISO 4217: three capital letters that are on the list (lately withdrawn ones included). */
export function isCurrency(code: unknown): code is string {
  return typeof code === 'string' && CURRENCIES.has(code);
}

/** How many digits the minor unit of a currency has: 2 for EUR, 0 for JPY, 3 for KWD; null for what is no currency. */
export function minorDigits(code: string): number | null {
  return CURRENCIES.get(code) ?? null;
}

/** The currencies whose minor unit has this many digits. */
export function currenciesWithDigits(digits: number): readonly string[] {
  return [...CURRENCIES].flatMap(([code, its]) => (its === digits ? [code] : []));
}

const DECIMAL = /^(-?)(\d{1,13})(?:\.(\d{1,6}))?$/;

/**
 * Reads a decimal amount (`"23.5"`) as minor units of a currency, without passing through a float. What lies below the
 * minor unit is rounded half away from zero. Null when the text is no amount or the code no currency.
 */
export function toMinor(decimal: string, currency: string): number | null {
  const digits = minorDigits(currency);
  const match = DECIMAL.exec(decimal);
  if (digits === null || match === null) return null;
  const [, sign, whole = '', fraction = ''] = match;
  const kept = Number(whole + fraction.slice(0, digits).padEnd(digits, '0'));
  const rounded = Number(fraction[digits] ?? '0') >= 5 ? kept + 1 : kept;
  return sign === '-' && rounded !== 0 ? -rounded : rounded;
}
