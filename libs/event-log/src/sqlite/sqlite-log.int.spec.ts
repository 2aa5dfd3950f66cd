import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryLog } from '#testing';
import { eventLogConformance } from '../../conformance/index.js';
import { openSqliteLog } from './sqlite-log.js';

for (const writing of ['thread', 'here'] as const)
  eventLogConformance(
    `SQLite, writing ${writing === 'thread' ? 'in a thread' : 'here'}`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'perennial-log-'));
      const clock = { at: Date.UTC(2026, 0, 1), now: () => clock.at };
      const log = await openSqliteLog({ file: join(folder, 'log.db'), clock, writing });
      return { log, clock, dense: true, close: async () => rmSync(folder, { recursive: true, force: true }) };
    },
    () => memoryLog(),
  );
