import { usage } from './exit-codes.js';

/**
 * Node replaces bytes of an argument that are not UTF-8: an identifier in it would be that of another person, or of several.
 * @throws CliError
 */
export function assertUnicode(given: readonly string[]): void {
  const at = given.findIndex((argument) => argument.includes('\ufffd'));
  if (at >= 0)
    throw usage(`The argument ${at + 1} is not UTF-8, or a letter in it was replaced before: give it in UTF-8.`);
}
