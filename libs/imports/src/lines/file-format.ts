import { FileRejected } from '../file-rejected.js';

const AS_TEXT = 'Save it as CSV in UTF-8 where it was made, and import that file.';
const UNPACKED = 'Unpack it first, or pack it with gzip, which is read as it is.';

/** What the first bytes of files say that hold no plain text. */
const FORMATS: readonly { readonly bytes: Buffer; readonly what: string; readonly hint: string }[] = [
  {
    bytes: Buffer.from('504b0304', 'hex'),
    what: 'is a spreadsheet workbook (such as .xlsx) or another ZIP archive',
    hint: 'Save the sheet as CSV in UTF-8, or unpack the archive, and import that file.',
  },
  { bytes: Buffer.from('d0cf11e0a1b11ae1', 'hex'), what: 'is a spreadsheet workbook (such as .xls)', hint: AS_TEXT },
  { bytes: Buffer.from('%PDF-'), what: 'is a PDF document', hint: AS_TEXT },
  { bytes: Buffer.from('PAR1'), what: 'is a Parquet file', hint: AS_TEXT },
  { bytes: Buffer.from('SQLite format 3\0'), what: 'is an SQLite database', hint: AS_TEXT },
  { bytes: Buffer.from('28b52ffd', 'hex'), what: 'is packed with zstd', hint: UNPACKED },
  { bytes: Buffer.from('fd377a585a00', 'hex'), what: 'is packed with xz', hint: UNPACKED },
  { bytes: Buffer.from('377abcaf271c', 'hex'), what: 'is packed with 7-Zip', hint: UNPACKED },
  { bytes: Buffer.from('425a68', 'hex'), what: 'is packed with bzip2', hint: UNPACKED },
];
/** Of a bzip2 file: its block size and the begin of its first block; `BZh` alone may be text. */
const BZIP2 = /^BZh[1-9](?:1AY&SY|\x17rE8P)/;

/** As many bytes as are needed to tell. */
export const FORMAT_BYTES = 16;

/**
 * Says what a file is that holds no plain text, by its first bytes.
 * @throws FileRejected
 */
export function assertText(first: Buffer): void {
  for (const { bytes, what, hint } of FORMATS) {
    if (!first.subarray(0, bytes.length).equals(bytes)) continue;
    if (what.endsWith('bzip2') && !BZIP2.test(first.toString('latin1'))) continue;
    throw new FileRejected(`The file ${what}`, hint);
  }
}
