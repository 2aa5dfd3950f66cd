import type { EventLog } from '#event-log';
import { approvalsAt } from '#lifecycle';
import { ActRequested, actorOf, type Clock, type ProposedAct } from '#platform';
import { stateOf, type ActOnRecord } from './act-on-record.js';
import { ActRegister } from './act-register.js';
import { policiesInForce } from './policies-in-force.js';
import { digestOf, requestOf, waitingAct } from './requesting.js';

/**
 * Four eyes for what is done while the engine is stopped, and by the command alone: the act is requested in the log, approved while the engine runs, and
 * done when the command is run again. What was begun may be continued by the same command.
 * @throws ActRequested where it is not approved yet
 */
export async function requireApproved(
  log: Pick<EventLog, 'read' | 'append'>,
  clock: Clock,
  { acts, detail, by }: ProposedAct,
): Promise<void> {
  const now = clock.now();
  const { two, withinMs } = approvalsAt((await policiesInForce(log)).timeline, now);
  const act = acts.find((each) => two.has(each));
  if (act === undefined) return;
  const register = new ActRegister(log);
  const digest = digestOf(act, detail);
  const requestedBy = actorOf(by);
  const same = (await register.all()).filter((each) => each.digest === digest && each.requestedBy === requestedBy);
  const isUsable = ({ status, until }: ActOnRecord): boolean =>
    (status === 'approved' || status === 'performed') && now < until;
  const usable = same.find(isUsable);
  if (usable === undefined) {
    const waiting = same.find((each) => stateOf(each, now) === 'waiting');
    if (waiting !== undefined) throw new ActRequested(waitingAct(waiting));
    const requested = requestOf(act, detail, now + withinMs, null);
    await register.append(now, () => ({ name: 'act-requested', by: requestedBy, data: requested }));
    throw new ActRequested(waitingAct(requested));
  }
  const { actId, decidedBy } = usable;
  const performed = { actId, act, approvedBy: decidedBy ?? requestedBy };
  await register.append(now, (current) =>
    current.find((each) => each.actId === actId)?.status === 'approved'
      ? { name: 'act-performed', by: requestedBy, data: performed }
      : null,
  );
}
