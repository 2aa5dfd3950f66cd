import { describe, expect, it } from '@jest/globals';
import { CatchingUp } from './catching-up.js';

interface Lag {
  readonly head: number;
  readonly position: number;
  readonly dirty?: number;
  readonly oldest?: string;
  readonly newest?: string;
  readonly waiting?: number;
}

const rows = ({ head, position, dirty = 0, oldest, newest, waiting = 0 }: Lag) => [
  { figure: 'log_head_position', value: head },
  { figure: 'read_models_position', value: position },
  { figure: 'lag_events', value: head - position },
  { figure: 'lag_positions', value: head - position },
  { figure: 'dirty', value: dirty, at: oldest ?? null },
  { figure: 'dirty_newest', value: null, at: newest ?? null },
  { figure: 'waiting', value: waiting },
];

describe('waiting for the read models of a running engine', () => {
  it('ends at once where they hold the whole log', () => {
    expect(new CatchingUp().progress(rows({ head: 9, position: 9 }))).toBeNull();
    expect(new CatchingUp().progress(rows({ head: 0, position: 0 }))).toBeNull();
  });

  it('ends although customers wait for an event of the future', () => {
    expect(new CatchingUp().progress(rows({ head: 9, position: 9, waiting: 3 }))).toBeNull();
  });

  it('tells how far they have come, and ends when the last customer is folded', () => {
    const wait = new CatchingUp();
    const marks = { oldest: '2026-01-01T10:00:00Z', newest: '2026-01-01T10:00:09Z' };
    expect(wait.progress(rows({ head: 100, position: 20, dirty: 10, ...marks }))).toMatchObject({ done: 0, total: 90 });
    expect(wait.progress(rows({ head: 100, position: 100, dirty: 30, ...marks }))).toMatchObject({
      done: 60,
      total: 90,
    });
    expect(wait.progress(rows({ head: 100, position: 100, dirty: 1, ...marks }))).toMatchObject({ done: 89 });
    expect(wait.progress(rows({ head: 100, position: 100 }))).toBeNull();
  });

  it('ends although other clients go on writing', () => {
    const wait = new CatchingUp();
    expect(wait.progress(rows({ head: 100, position: 90 }))).not.toBeNull();
    const marked = { dirty: 5, oldest: '2026-01-01T10:00:00Z', newest: '2026-01-01T10:00:03Z' };
    expect(wait.progress(rows({ head: 130, position: 100, ...marked }))).not.toBeNull();
    expect(wait.progress(rows({ head: 150, position: 120, ...marked, newest: '2026-01-01T10:00:05Z' }))).not.toBeNull();
    const later = { dirty: 40, oldest: '2026-01-01T10:00:04Z', newest: '2026-01-01T10:00:08Z' };
    expect(wait.progress(rows({ head: 190, position: 150, ...later }))).toBeNull();
  });

  it('counts bytes where the positions of the log do', () => {
    const answer = rows({ head: 100, position: 20 }).map((row) =>
      row.figure === 'lag_events' ? { ...row, value: null } : row,
    );
    expect(new CatchingUp().progress(answer)).toMatchObject({ unit: 'bytes and customers' });
  });
});
