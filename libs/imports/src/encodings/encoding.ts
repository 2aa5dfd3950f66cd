import { byteOrderMark, decodeUnicode, type UnicodeEncoding } from '#contracts/basics';
import { ONE_BYTE_NAMES, oneByteDecoder, oneByteName } from './one-byte.js';

/** How the bytes of a file, or of a message, are read as text. */
export interface Encoding {
  /** Its name in the Encoding Standard. */
  readonly name: string;
  /** The bytes of a line end: 1, or 2 in UTF-16. */
  readonly unitBytes: 1 | 2;
  /** The text of whole lines; null where the bytes are not in this encoding. */
  decode(bytes: Uint8Array): string | null;
}

const UNICODE: Readonly<Record<UnicodeEncoding, Encoding>> = {
  'utf-8': { name: 'utf-8', unitBytes: 1, decode: (bytes) => decodeUnicode(bytes) },
  'utf-16le': { name: 'utf-16le', unitBytes: 2, decode: (bytes) => decodeUnicode(bytes, 'utf-16le') },
  'utf-16be': { name: 'utf-16be', unitBytes: 2, decode: (bytes) => decodeUnicode(bytes, 'utf-16be') },
};
export const UTF_8 = UNICODE['utf-8'];

/** In each of them, the byte of a line end is nothing else. */
const MULTI_BYTE = ['shift_jis', 'euc-jp', 'iso-2022-jp', 'gbk', 'gb18030', 'big5', 'euc-kr'];
/** In Thai, many texts would be UTF-8 by chance. */
const MAY_LOOK_LIKE_UTF_8 = 'windows-874';
const NOT_ASCII = /[^\0-\x7f]/;

/** The names of all encodings that are read. */
export const ENCODING_NAMES: readonly string[] = [...Object.keys(UNICODE), ...MULTI_BYTE, ...ONE_BYTE_NAMES];

/** The encoding of a label of the Encoding Standard (`windows-1252`, `latin1`, `Shift_JIS`), or null. */
export function encodingOf(label: string): Encoding | null {
  const wanted = label.trim().toLowerCase();
  const oneByte = oneByteName(wanted);
  if (oneByte !== null) return oneByteEncoding(oneByte);
  let name: string;
  try {
    name = new TextDecoder(wanted).encoding;
  } catch {
    return null;
  }
  const unicode = UNICODE[name as UnicodeEncoding] as Encoding | undefined;
  if (unicode !== undefined) return unicode;
  return MULTI_BYTE.includes(name) ? multiByteEncoding(name) : null;
}

/** Any text is valid in such an encoding: one that is UTF-8 was hardly written in it. */
function oneByteEncoding(name: string): Encoding {
  const decode = oneByteDecoder(name);
  const isUtf8 = (bytes: Uint8Array): boolean => {
    if (name === MAY_LOOK_LIKE_UTF_8) return false;
    const text = decodeUnicode(bytes);
    return text !== null && NOT_ASCII.test(text);
  };
  return { name, unitBytes: 1, decode: (bytes) => (isUtf8(bytes) ? null : decode(bytes)) };
}

function multiByteEncoding(name: string): Encoding {
  const decoder = new TextDecoder(name, { fatal: true });
  return {
    name,
    unitBytes: 1,
    decode(bytes) {
      try {
        return decoder.decode(bytes);
      } catch {
        return null;
      }
    },
  };
}

/** The encoding that a byte-order mark names, and the mark's length; it counts more than what a mapping says. */
export function markedEncoding(bytes: Uint8Array): { readonly encoding: Encoding; readonly length: number } | null {
  const mark = byteOrderMark(bytes);
  return mark === null ? null : { encoding: UNICODE[mark.encoding], length: mark.length };
}
