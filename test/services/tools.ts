import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** A program that examples are written for, or why it is not here. */
export interface Tool {
  readonly program: string;
  /** Null where it is here. For titles: `(skipped: …)`. */
  readonly missing: string | null;
}

/** Where the clean run puts a Python that has what the examples import; named by TEST_PYTHON elsewhere. */
const OWN_PYTHON = resolve(import.meta.dirname, '../../node_modules/.cache/perennial-python/bin/python');

export const KCAT = found('no kcat on this machine', ['kcat'], ['-V']);
export const PYTHON = found('no python3 on this machine', pythons(), ['--version']);
export const KAFKA_PYTHON = found('no Python with confluent-kafka', pythons(), ['-c', 'import confluent_kafka']);

function pythons(): string[] {
  const named = process.env['TEST_PYTHON'];
  return [...(named === undefined ? [] : [named]), ...(existsSync(OWN_PYTHON) ? [OWN_PYTHON] : []), 'python3'];
}

function found(otherwise: string, programs: readonly string[], args: readonly string[]): Tool {
  for (const program of programs)
    if (spawnSync(program, args, { stdio: 'ignore' }).status === 0) return { program, missing: null };
  console.warn(`SKIPPED ${otherwise}.`);
  return { program: '', missing: otherwise };
}
