import fc from 'fast-check';

const BEFORE_SURROGATES = 0xd800;
const SURROGATES = 0x800;

/**
 * Any character of Unicode, as the unit `binary` of fast-check gives it. That unit makes a table of all 1.1 million of them before the first
 * value, which takes a second or two in each suite.
 */
export const anyCharacter = fc
  .nat(0x10ffff - SURROGATES)
  .map((at) => String.fromCodePoint(at < BEFORE_SURROGATES ? at : at + SURROGATES));
