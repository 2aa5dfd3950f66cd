import { appendFileSync } from 'node:fs';
import { expect } from '@jest/globals';

/** Where a suite's server came from. */
export type Origin = 'address' | 'container' | 'program' | 'fake server';

/** A server that a suite ran on. */
export interface ServerUsed {
  /** As the suite's title names it: `… on PostgreSQL 15`. */
  readonly service: string;
  readonly origin: Origin;
  readonly version: string;
  /** Which address, image or program, in a word. */
  readonly what: string;
}

/** Notes which server a suite runs on, where `npm run test:services` wants to know. */
export function noteServer(server: ServerUsed): void {
  const ledger = process.env['PERENNIAL_SERVICES_LEDGER'];
  if (ledger === undefined) return;
  appendFileSync(ledger, `${JSON.stringify({ suite: expect.getState().testPath ?? '', ...server })}\n`);
}
