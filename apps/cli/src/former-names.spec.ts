import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { CliError, EXIT } from './exit-codes.js';
import { program } from './program.js';

const session = { clock: { now: () => 0 }, stderr: { write: () => true }, signal: new AbortController().signal };

describe('a former name', () => {
  it.each([
    ['query fates', "'fates' is now called 'outcomes': use 'outcomes' instead."],
    ['query visits --as-of 2026-03-01', "'visits' is now called 'stage-periods': use 'stage-periods' instead."],
    ['quarantine release q-1 --mended a.json', '--mended is now called --fixed: use --fixed instead.'],
  ])('as in perennial %s is rejected with the current name', async (line, message) => {
    const running = program(session, '0.0.0').then((perennial) =>
      perennial.parseAsync(line.split(' '), { from: 'user' }),
    );
    await expect(running).rejects.toEqual(new CliError(EXIT.usage, message));
  });
});
