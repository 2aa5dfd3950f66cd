/** An encoding of Unicode that a byte-order mark names. */
export type UnicodeEncoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** The byte-order mark that the bytes begin with; null where there is none. */
export function byteOrderMark(
  bytes: Uint8Array,
): { readonly encoding: UnicodeEncoding; readonly length: number } | null {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: 'utf-8', length: 3 };
  if (first === 0xff && second === 0xfe) return { encoding: 'utf-16le', length: 2 };
  if (first === 0xfe && second === 0xff) return { encoding: 'utf-16be', length: 2 };
  return null;
}

const DECODERS: Readonly<Record<UnicodeEncoding, InstanceType<typeof TextDecoder>>> = {
  'utf-8': decoder('utf-8'),
  'utf-16le': decoder('utf-16le'),
  'utf-16be': decoder('utf-16be'),
};

function decoder(encoding: UnicodeEncoding): InstanceType<typeof TextDecoder> {
  return new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
}

/** The text that the bytes are in this encoding, or null where they are not: no byte is replaced. */
export function decodeUnicode(bytes: Uint8Array, encoding: UnicodeEncoding = 'utf-8'): string | null {
  try {
    return DECODERS[encoding].decode(bytes);
  } catch {
    return null;
  }
}

/** Text, with its bytes in UTF-8 where it was given so. */
export interface UnicodeText {
  readonly text: string;
  readonly utf8?: Uint8Array;
}

/** The text of a whole document: in UTF-8, or in the encoding that its byte-order mark names. Null where the bytes are not in it. */
export function unicodeDocument(bytes: Uint8Array): UnicodeText | null {
  const mark = byteOrderMark(bytes);
  const content = mark === null ? bytes : bytes.subarray(mark.length);
  const text = decodeUnicode(content, mark?.encoding);
  if (text === null) return null;
  return mark === null || mark.encoding === 'utf-8' ? { text, utf8: content } : { text };
}
