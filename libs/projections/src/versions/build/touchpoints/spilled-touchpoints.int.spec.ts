import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { STREAMS } from '#contracts';
import type { RecordedEvent } from '#event-log';
import { smallDisk } from '#testing';
import { day, subject } from '../../../testdata/touchpoints.js';
import { SpilledTouchpoints } from './spilled-touchpoints.js';
import { TemporaryFile } from './temporary-file.js';

const SUBJECTS = Array.from({ length: 40 }, (_, n) => subject('userId', `${n}`));

function touchpointOf(subjectId: string, position: number, data = `{"n":${position}}`): RecordedEvent {
  return {
    ...{ position, stream: STREAMS.subject(subjectId), revision: position, source: 'shop', id: `e${position}` },
    ...{ type: 'site-visited', schemaVersion: 1, occurredAt: day(position % 7), recordedAt: day(1) },
    ...{ meta: '{"channel":"shop"}', data },
  };
}

describe('touchpoints that are spilled into a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-spill-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('come back whole, by subject and in the order of the log, however little waits in memory and whichever subjects belong together', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(SUBJECTS.length - 1), { maxLength: 200 }),
        // The customer of each subject: the subject itself, or one of some few.
        fc.array(fc.option(fc.nat(SUBJECTS.length - 1)), { minLength: SUBJECTS.length, maxLength: SUBJECTS.length }),
        fc.constantFrom(1, 200, 1_000_000),
        fc.constantFrom(1, 7, 1_024, 4_096),
        fc.integer({ min: 1, max: 15 }),
        async (streams, joins, waitingBytes, parts, atOnce) => {
          const events = streams.map((n, at) => touchpointOf(SUBJECTS[n] ?? '', at + 1));
          const customerOf = (n: number): string => {
            const joined = joins[n] ?? null;
            return SUBJECTS[joined !== null && joins[joined] === null ? joined : n] ?? '';
          };
          const members = new Map<string, string[]>();
          SUBJECTS.forEach((subjectId, n) => {
            members.set(customerOf(n), [...(members.get(customerOf(n)) ?? []), subjectId].sort());
          });
          const customers = [...members]
            .map(([customerId, subjectIds]) => ({ customerId, subjectIds }))
            .sort((a, b) => (a.customerId < b.customerId ? -1 : 1));

          const spilled = await SpilledTouchpoints.create({ folder, waitingBytes, parts });
          try {
            for (let at = 0; at < events.length; at += 20) await spilled.hold(events.slice(at, at + 20));
            const joined = SUBJECTS.map((subjectId, n) => ({ subjectId, customerId: customerOf(n) })).sort((a, b) =>
              a.subjectId < b.subjectId ? -1 : 1,
            );
            const pages = Array.from({ length: Math.ceil(joined.length / atOnce) }, (_, page) =>
              joined.slice(page * atOnce, (page + 1) * atOnce),
            );
            await spilled.gather(pages, async () => undefined);
            const found = new Map<string, readonly RecordedEvent[]>();
            for (let at = 0; at < customers.length; at += atOnce) {
              const batch = customers.slice(at, at + atOnce);
              const eventsOf = await spilled.of(batch);
              for (const { subjectIds } of batch) for (const id of subjectIds) found.set(id, eventsOf(id));
            }
            for (const id of SUBJECTS)
              expect(found.get(id)).toEqual(events.filter(({ stream }) => stream === STREAMS.subject(id)));
          } finally {
            await spilled.close();
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are in a file that has no name, and that only its owner could read', async () => {
    const before = process.umask(0);
    const file = await TemporaryFile.create(folder);
    process.umask(before);
    try {
      expect(readdirSync(folder)).toEqual([]);
      await file.append([Buffer.from('secret')]);
      const { mode } = await (file as unknown as { readonly file: FileHandle }).file.stat();
      expect(mode & 0o777).toBe(0o600);
    } finally {
      await file.close();
    }
  });

  it('leave nothing behind: a file that a killed process left is deleted', async () => {
    writeFileSync(join(folder, 'perennial-rebuild-0123456789abcdef.tmp'), 'left');
    writeFileSync(join(folder, 'perennial-rebuild-notes.txt'), 'not ours');
    const file = await TemporaryFile.create(folder);
    await file.close();
    expect(readdirSync(folder)).toEqual(['perennial-rebuild-notes.txt']);
    rmSync(join(folder, 'perennial-rebuild-notes.txt'));
  });

  it('are written in pieces where there are more of them than the system takes at once', async () => {
    const file = await TemporaryFile.create(folder);
    try {
      const parts = Array.from({ length: 2_000 }, (_, n) => Buffer.from(`${n},`));
      expect(await file.append(parts)).toBe(0);
      const whole = Buffer.concat(parts);
      expect(await file.append([Buffer.from('end')])).toBe(whole.length);
      expect((await file.read([{ at: 0, length: whole.length + 3 }])).toString()).toBe(`${whole.toString()}end`);
    } finally {
      await file.close();
    }
  });

  it('cannot be kept in a folder that does not exist: the error names it', async () => {
    await expect(TemporaryFile.create(join(folder, 'missing'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`${join(folder, 'missing')}, and that is not possible (it does not exist)`),
    });
  });
});

const disk = smallDisk(1, 'a rebuild whose temporary file fills the disk');
if (disk !== null)
  describe('touchpoints that are spilled onto a full disk', () => {
    beforeAll(() => disk.mount());
    afterAll(() => disk.unmount());

    it('end the rebuild with one sentence, and the space is free again', async () => {
      const spilled = await SpilledTouchpoints.create({ folder: disk.folder, waitingBytes: 100_000, parts: 16 });
      const fill = async (): Promise<void> => {
        for (let n = 1; n <= 200; n += 1)
          await spilled.hold([touchpointOf(SUBJECTS[n % 40] ?? '', n, `{"text":"${'x'.repeat(10_000)}"}`)]);
      };
      await expect(fill()).rejects.toMatchObject({
        code: 'full',
        message: expect.stringMatching(
          /in \/\S+, and the disk is full after \d+ bytes: free some space there and run the rebuild again\.$/,
        ),
      });
      await spilled.close();
      const file = await TemporaryFile.create(disk.folder);
      await file.append([Buffer.alloc(500_000)]);
      await file.close();
    });
  });
