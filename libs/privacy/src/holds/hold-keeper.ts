import type { KeyStore } from '#keys';
import { Loop, type Logger } from '#platform';
import type { EraseCustomerHandler } from '../erasure/erase-customer.js';
import { keptHold, type HoldRegister } from './hold-register.js';

/** How often the log is read for what other processes recorded about holds. */
const TURN_MS = 10_000;

/**
 * Brings the holds of the log to the key store, and executes the erasures that waited for the end of a hold: after each lift, at the start, and every ten
 * seconds, so that a lift in one process, or before a restart, is never forgotten. Twice is the same as once.
 */
export class HoldKeeper {
  private readonly loop: Loop;
  /** What this process brought to the key store. */
  private readonly placed = new Set<string>();
  private readonly lifted = new Set<string>();
  /** Waiting erasures that this process executed. Their record in the log may stand before the request. */
  private readonly executed = new Set<string>();

  constructor(
    private readonly register: HoldRegister,
    private readonly keys: KeyStore,
    private readonly eraser: Pick<EraseCustomerHandler, 'executeRequested'>,
    private readonly logger: Pick<Logger, 'info' | 'warn'>,
  ) {
    this.loop = new Loop(
      async () => {
        try {
          await this.bringToKeys();
          await this.executeWaiting();
        } catch (error) {
          logger.warn({ err: error }, 'legal holds were not brought up to date: the next attempt is in ten seconds');
        }
        return TURN_MS;
      },
      { keepsProcessAlive: false },
    );
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** Executes the erasures that no hold prevents any more. Resolves with how many were done, and how many still wait. */
  async executeWaiting(): Promise<{ readonly done: number; readonly waiting: number }> {
    const { waiting } = await this.register.load();
    let done = 0;
    let left = 0;
    for (const { erasureId, subjectIds, by } of [...waiting.values()]) {
      if (this.executed.has(erasureId)) continue;
      if (await this.execute(subjectIds, by)) {
        this.executed.add(erasureId);
        done += 1;
        this.logger.info({ erasureId }, 'a person was erased, since the last legal hold on their data was lifted');
      } else left += 1;
    }
    return { done, waiting: left };
  }

  /** Whether the person was erased: the whole person, as links show them now. */
  private async execute(subjectIds: readonly string[], by: string): Promise<boolean> {
    if ((await this.keys.holdsOn(subjectIds)).length > 0) return false;
    const person = { identifiers: [], customerId: null, subjectIds };
    const verdict = await this.eraser.executeRequested(person, by);
    if (verdict.outcome !== 'several-customers') return verdict.outcome === 'erased';
    // The person was taken apart since the request: exactly what it named is erased.
    return (await this.eraser.executeRequested({ ...person, only: true }, by)).outcome === 'erased';
  }

  /** Holds that another process recorded, or that this one recorded before it died. */
  private async bringToKeys(): Promise<void> {
    const { holds } = await this.register.load();
    for (const hold of holds.values()) {
      if (hold.lifted === null && !this.placed.has(hold.holdId)) {
        await this.keys.placeHold(keptHold(hold));
        this.placed.add(hold.holdId);
      } else if (hold.lifted !== null && !this.lifted.has(hold.holdId)) {
        await this.keys.liftHold(hold.holdId);
        this.lifted.add(hold.holdId);
      }
    }
  }
}
