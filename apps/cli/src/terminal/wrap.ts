import { Help } from 'commander';

const WIDTH_MIN = 40;

/** A text broken into lines of at most `width` characters; the lines after the first begin with `indent` spaces. */
export function wrap(text: string, width: number | null, indent: number): string {
  if (width === null) return text;
  const lines = new Help().boxWrap(text, Math.max(WIDTH_MIN, width - indent)).split('\n');
  return lines.join(`\n${' '.repeat(indent)}`);
}
