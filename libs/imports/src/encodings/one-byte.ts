import iconv from 'iconv-lite';

/** The one-byte encodings of the Encoding Standard (https://encoding.spec.whatwg.org), each with its further labels. */
const LABELS = `
ibm866 866 cp866 csibm866
iso-8859-2 csisolatin2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2
iso-8859-3 csisolatin3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3
iso-8859-4 csisolatin4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4
iso-8859-5 csisolatincyrillic cyrillic iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988
iso-8859-6 arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987
iso-8859-7 csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek
iso-8859-8 csiso88598e csisolatinhebrew hebrew iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual
iso-8859-8-i csiso88598i logical
iso-8859-10 csisolatin6 iso-ir-157 iso8859-10 iso885910 l6 latin6
iso-8859-13 iso8859-13 iso885913
iso-8859-14 iso8859-14 iso885914
iso-8859-15 csisolatin9 iso8859-15 iso885915 iso_8859-15 l9
iso-8859-16
koi8-r cskoi8r koi koi8 koi8_r
koi8-u koi8-ru
macintosh csmacintosh mac x-mac-roman
windows-874 dos-874 iso-8859-11 iso8859-11 iso885911 tis-620
windows-1250 cp1250 x-cp1250
windows-1251 cp1251 x-cp1251
windows-1252 ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii x-cp1252
windows-1253 cp1253 x-cp1253
windows-1254 cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 x-cp1254
windows-1255 cp1255 x-cp1255
windows-1256 cp1256 x-cp1256
windows-1257 cp1257 x-cp1257
windows-1258 cp1258 x-cp1258
x-mac-cyrillic x-mac-ukrainian
`;

const NAMES = new Map<string, string>(
  LABELS.trim()
    .split('\n')
    .flatMap((line) => {
      const [name = '', ...labels] = line.split(' ');
      return [name, ...labels].map((label) => [label, name] as const);
    }),
);

/** The names, in the order of the list. */
export const ONE_BYTE_NAMES: readonly string[] = [...new Set(NAMES.values())];

/** The name of the one-byte encoding that a label stands for, or null. */
export function oneByteName(label: string): string | null {
  return NAMES.get(label) ?? null;
}

/** Tables of iconv-lite under another name. */
const OF_ICONV: Readonly<Record<string, string>> = { 'iso-8859-8-i': 'iso-8859-8', 'x-mac-cyrillic': 'maccyrillic' };

/** Where iconv-lite's tables and those of the Encoding Standard differ. */
const CORRECTIONS: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  'koi8-u': { 0xae: 0x45e, 0xbe: 0x40e },
  macintosh: { 0xbd: 0x3a9, 0xdb: 0x20ac, 0xf0: 0xf8ff },
  'x-mac-cyrillic': { 0xa2: 0x490, 0xb6: 0x491, 0xff: 0x20ac },
};

const UNDEFINED = 0xfffd;
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** The character of each byte; U+FFFD where the encoding has none. */
export function oneByteTable(name: string): Uint16Array {
  const text = iconv.decode(Buffer.from(EVERY_BYTE), OF_ICONV[name] ?? name);
  const table = Uint16Array.from(EVERY_BYTE, (byte) => text.charCodeAt(byte));
  // The standard leaves no control character of the Windows encodings undefined.
  if (name.startsWith('windows-'))
    for (let byte = 0x80; byte <= 0x9f; byte += 1) if (table[byte] === UNDEFINED) table[byte] = byte;
  for (const [byte, character] of Object.entries(CORRECTIONS[name] ?? {})) table[Number(byte)] = character;
  return table;
}

/** A decoder by such a table: null where a byte has no character. */
export function oneByteDecoder(name: string): (bytes: Uint8Array) => string | null {
  const table = oneByteTable(name);
  return (bytes) => {
    const characters = new Uint16Array(bytes.length);
    for (let at = 0; at < bytes.length; at += 1) {
      const character = table[bytes[at] as number] as number;
      if (character === UNDEFINED) return null;
      characters[at] = character;
    }
    return Buffer.from(characters.buffer, 0, characters.byteLength).toString('utf16le');
  };
}
