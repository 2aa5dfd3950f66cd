import { pointerTo, type ValidationIssue } from '../validation-issue.js';
import { survivesAsDouble } from './digits.js';
import { endOfNumber, endOfText } from './tokens.js';

export type JsonFlawCode = 'duplicate-key' | 'number-inexact';

/** What a reader of JSON would pass over in silence, and where. */
export interface JsonFlaw {
  readonly code: JsonFlawCode;
  /** The keys that lead to it, the outermost first. */
  readonly keys: readonly (string | number)[];
}

/** At most so many flaws are listed of one item of a list, or of the document. */
const FLAWS_MAX = 10;

interface Frame {
  /** The keys seen so far; null for a list. */
  readonly seen: Set<string> | null;
  /** The key or the index that is being read. */
  key: string | number;
}

/** Every key that stands twice in its object, and every number that loses digits. The text must be valid JSON; linear in its length, whatever its depth. */
export function flawsOf(text: string): readonly JsonFlaw[] {
  const flaws: JsonFlaw[] = [];
  const counts = new Map<string | number | undefined, number>();
  const frames: Frame[] = [];
  const add = (code: JsonFlawCode): void => {
    const item = frames[0]?.seen === null ? frames[0].key : undefined;
    const count = counts.get(item) ?? 0;
    counts.set(item, count + 1);
    if (count < FLAWS_MAX) flaws.push({ code, keys: frames.map(({ key }) => key) });
  };
  let expectsKey = false;
  for (let at = 0; at < text.length; at += 1) {
    const frame = frames[frames.length - 1];
    const character = text[at] as string;
    switch (character) {
      case '"': {
        const end = endOfText(text, at);
        if (expectsKey && frame !== undefined) {
          const key = JSON.parse(text.slice(at, end + 1)) as string;
          frame.key = key;
          if (frame.seen?.has(key) === true) add('duplicate-key');
          frame.seen?.add(key);
        }
        at = end;
        break;
      }
      case ':':
        expectsKey = false;
        break;
      case ',':
        if (frame?.seen === null) frame.key = (frame.key as number) + 1;
        else expectsKey = true;
        break;
      case '{':
        frames.push({ seen: new Set(), key: '' });
        expectsKey = true;
        break;
      case '[':
        frames.push({ seen: null, key: 0 });
        expectsKey = false;
        break;
      case '}':
      case ']':
        frames.pop();
        expectsKey = false;
        break;
      default:
        if (!/[-0-9]/.test(character)) break;
        {
          const end = endOfNumber(text, at);
          if (!survivesAsDouble(text.slice(at, end))) add('number-inexact');
          at = end - 1;
        }
    }
  }
  return flaws;
}

/** A name as programs write them. Any other may be a value, such as an address, that stands where a name belongs. */
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,59}$/;

/** A flaw as an issue. A doubled key that may be a value is not named: the pointer leads to its object. */
export function issueOfFlaw({ code, keys }: JsonFlaw): ValidationIssue {
  if (code === 'number-inexact')
    return {
      pointer: pointerTo(...keys),
      detail: 'has more digits than a number can hold, and would be rounded',
      hint: 'write the number in quotes, as text',
    };
  const last = keys.at(-1);
  const named = typeof last === 'string' && PLAIN_NAME.test(last);
  return {
    pointer: pointerTo(...(named ? keys : keys.slice(0, -1))),
    detail: named ? 'stands twice in its object' : 'has a field that stands twice',
    hint: 'send each field once: readers disagree on which of the two counts',
  };
}
