import { analyse } from 'chardet';
import { byteOrderMark } from './unicode.js';

const SAMPLE_BYTES = 16 * 1024;

/** What the names of the guess are called in the Encoding Standard. Text in ISO 8859-1 is read as windows-1252, which contains it. */
const STANDARD_NAMES: Readonly<Record<string, string>> = {
  'iso-8859-1': 'windows-1252',
  'iso-8859-9': 'windows-1254',
};
/** Guesses without a name there, and those that would say nothing. */
const NO_HINT = /^(?:utf-8|ascii|utf-32|iso-2022-(?:cn|kr)|ibm42)/;

/** The encoding that bytes look like which are not UTF-8: a guess for an error's hint, never for reading them. */
export function likelyEncoding(bytes: Uint8Array): string {
  const mark = byteOrderMark(bytes);
  if (mark !== null && mark.encoding !== 'utf-8') return mark.encoding;
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  const wide = utf16Of(sample);
  if (wide !== null) return wide;
  for (const { name } of analyse(sample)) {
    const guess = name.toLowerCase();
    if (NO_HINT.test(guess) || !isTextIn(guess, sample)) continue;
    return STANDARD_NAMES[guess] ?? guess;
  }
  return 'windows-1252';
}

/** Encodings in which a character has two bytes or more: bytes that happen to stand in pairs look like text in one of them. */
const MULTI_BYTE = /^(?:shift_jis|euc-jp|euc-kr|big5|gb18030|iso-2022-jp)$/;
/** Control characters that no text holds, which decoders give for bytes that are none in their encoding; and what they do not know. */
const NO_TEXT = /[\x80-\x9f\ue000-\uf8ff\ufffd]/;

/** Whether bytes that look like this encoding are text in it; a character may be cut at the end. */
function isTextIn(encoding: string, sample: Uint8Array): boolean {
  if (!MULTI_BYTE.test(encoding)) return true;
  const text = new TextDecoder(encoding).decode(sample);
  return !NO_TEXT.test(text.replace(/\ufffd$/, ''));
}

/** Western text in UTF-16 has a zero byte beside nearly every character. */
function utf16Of(sample: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  let even = 0;
  let odd = 0;
  sample.forEach((byte, at) => {
    if (byte !== 0) return;
    if (at % 2 === 0) even += 1;
    else odd += 1;
  });
  const many = sample.length / 8;
  if (odd > many && odd > 4 * even) return 'utf-16le';
  return even > many && even > 4 * odd ? 'utf-16be' : null;
}
