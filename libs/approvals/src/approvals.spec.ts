import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY, HOUR, streamOfFact, type ActForApproval, type Data } from '#contracts';
import { RecordedActs, type EventLog } from '#event-log';
import { ApiKeys, KeyAdministration, openSqliteKeyStore, Sealer, type SqliteKeyStore } from '#keys';
import { BUILT_IN_POLICIES, type ApprovalRules, type Policy } from '#lifecycle';
import { ActImpossible, ActRequested, LOCAL_PRINCIPAL, TooFewApprovers, type Principal } from '#platform';
import { memoryLog } from '#testing';
import type { ActOnRecord } from './act-on-record.js';
import { ApprovalsWatch } from './approvals-watch.js';
import { RecordedApprovals } from './recorded-approvals.js';

const START = Date.UTC(2026, 0, 31, 12);
const A = 'a'.repeat(32);
const TWO: ApprovalRules = { erase: 'two', 'grant-administer': 'one', 'policy-publish': 'one' };

let now: number;
const clock = { now: () => now };
let log: EventLog;
let keyStore: SqliteKeyStore;
let apiKeys: ApiKeys;
let approvals: RecordedApprovals;
let administration: KeyAdministration;
let done: string[];
let versions: number;

const open = (): RecordedApprovals => {
  const logger = { warn: () => undefined };
  const opened = new RecordedApprovals({ log, apiKeys: () => apiKeys, sealer: new Sealer(keyStore), clock, logger });
  opened.onApproved('erase', ({ detail }) => {
    done.push(String(detail['customerId']));
    return Promise.resolve();
  });
  return opened;
};

beforeEach(async () => {
  now = START;
  done = [];
  versions = 0;
  log = memoryLog({ clock });
  keyStore = openSqliteKeyStore({ file: ':memory:' });
  apiKeys = await ApiKeys.open(keyStore.apiKeys, clock);
  approvals = open();
  administration = new KeyAdministration(apiKeys, clock, new RecordedActs(log, clock), approvals);
});

const principalOf = (key: string): Principal => apiKeys.authenticate(key) as Principal;
const admin = (name: string, by: Principal = LOCAL_PRINCIPAL): Promise<Principal> =>
  administration
    .create({ name, role: 'admin', permissions: by.kind === 'local' ? ['erase', 'open', 'hold'] : [] }, by)
    .then(({ key }) => principalOf(key));

/** A policy with these rules is published, as if it had been approved. */
const published = async (rules: ApprovalRules | undefined, restates = false): Promise<void> => {
  versions += 1;
  now += 1;
  const policy: Policy = {
    ...BUILT_IN_POLICIES.retail,
    version: versions,
    ...(rules === undefined ? {} : { approvals: rules }),
  };
  const data = { version: `retail@${versions}`, policy, effectiveFrom: null, restates, reason: restates ? 'a' : null };
  await log.append(streamOfFact('policy-published'), 'any', [
    {
      ...{
        source: 'perennial/policies',
        id: data.version,
        type: 'policy-published',
        schemaVersion: 2,
        occurredAt: now,
      },
      ...{ contentHash: Buffer.alloc(16, versions), meta: '{"by":"local"}', data: JSON.stringify(data) },
    },
  ]);
  now += 1;
};
const ask = async (by: Principal, customerId = A, acts: readonly ActForApproval[] = ['erase'], detail: Data = {}) => {
  try {
    await approvals.require({ acts, by, detail: { customerId, subjectIds: [], ...detail } });
    return null;
  } catch (error) {
    if (error instanceof ActRequested) return error.waiting.actId;
    throw error;
  }
};
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );
const approve = (actId: string | null, by: Principal): Promise<ActOnRecord> => approvals.approve(String(actId), by);
const types = async (): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const page of log.read('approvals')) found.push(...page.map(({ type }) => type));
  return found;
};

describe('an act under four eyes', () => {
  it('is done at once where the policy asks for one principal, or for nothing', async () => {
    const ada = await admin('Ada');
    expect(await ask(ada)).toBeNull();
    await published({ erase: 'one' });
    expect(await ask(ada)).toBeNull();
    expect(await types()).toEqual([]);
  });

  it('waits, and is done once another principal approves it, with both on record', async () => {
    const [ada, bob] = [await admin('Ada'), await admin('Bob')];
    await published(TWO);
    const actId = await ask(ada);
    expect(actId).toMatch(/^[0-9a-f]{32}$/);
    expect(await codeOf(approvals.approve(String(actId), bob, '0'.repeat(64)))).toBe('other-digest');
    expect(done).toEqual([]);
    expect(await approve(actId, bob)).toMatchObject({
      ...{ status: 'performed', requestedBy: `key:${ada.id}`, decidedBy: `key:${bob.id}` },
    });
    expect(done).toEqual([A]);
    expect(await types()).toEqual(['act-requested', 'act-approved', 'act-performed']);
  });

  it('is the same act where the same is requested again, and another one with another body', async () => {
    const [ada, bob] = [await admin('Ada'), await admin('Bob')];
    await published(TWO);
    const first = await ask(ada, A);
    expect(await ask(ada, A)).toBe(first);
    expect(await ask(ada, 'b')).not.toBe(first);
    expect(await ask(bob, A)).not.toBe(first);
    await approve(first, bob);
    expect(done).toEqual([A]);
  });

  it('is approved once: not a second time, not after it was declined, not after it lapsed', async () => {
    const [ada, bob, eve] = [await admin('Ada'), await admin('Bob'), await admin('Eve')];
    await published({ ...TWO, withinHours: 2 });
    const one = await ask(ada, A);
    await approve(one, bob);
    expect(await codeOf(approve(one, eve))).toBe('decided');
    const two = await ask(ada, 'b'.repeat(32));
    expect(await approvals.decline(String(two), 'Not this one.', bob)).toMatchObject({ status: 'declined' });
    expect(await codeOf(approve(two, eve))).toBe('decided');
    const three = await ask(ada, 'c'.repeat(32));
    now += 2 * HOUR;
    expect(await codeOf(approve(three, bob))).toBe('lapsed');
    expect(await codeOf(approve('0'.repeat(32), bob))).toBe('unknown-act');
    expect(done).toEqual([A]);
  });

  it('is done once where two approve it at the same time in two processes', async () => {
    const [ada, bob, eve] = [await admin('Ada'), await admin('Bob'), await admin('Eve')];
    await published(TWO);
    const other = open();
    const actId = String(await ask(ada));
    const codes = await Promise.all([codeOf(approvals.approve(actId, bob)), codeOf(other.approve(actId, eve))]);
    expect(codes.sort()).toEqual(['decided', 'done']);
    expect(done).toEqual([A]);
    expect(await types()).toEqual(['act-requested', 'act-approved', 'act-performed']);
  });

  it('is finished at the next start where the process died between the approval and the act', async () => {
    const [ada, bob] = [await admin('Ada'), await admin('Bob')];
    await published(TWO);
    const actId = String(await ask(ada));
    approvals.onApproved('erase', () => Promise.reject(new Error('the process died')));
    expect(await approvals.approve(actId, bob)).toMatchObject({ status: 'approved' });
    await open().finish();
    await open().finish();
    expect(done).toEqual([A]);
    expect(await types()).toEqual(['act-requested', 'act-approved', 'act-performed']);
  });

  it('fails for good where it does not fit any more', async () => {
    const [ada, bob] = [await admin('Ada'), await admin('Bob')];
    await published(TWO);
    const actId = String(await ask(ada));
    approvals.onApproved('erase', () => Promise.reject(new ActImpossible('unknown')));
    expect(await approvals.approve(actId, bob)).toMatchObject({ status: 'failed', failure: 'unknown' });
    await open().finish();
    expect(done).toEqual([]);
  });

  it('keeps the reason for declining sealed in the log', async () => {
    const [ada, bob] = [await admin('Ada'), await admin('Bob')];
    await published(TWO);
    const declined = await approvals.decline(String(await ask(ada)), 'Mrs Miller called.', bob);
    expect(await approvals.reasonOf(declined)).toBe('Mrs Miller called.');
    for await (const page of log.read('approvals')) expect(JSON.stringify(page)).not.toContain('Miller');
  });
});

describe('a single administrator', () => {
  it('does not approve what it requested: not by its key, a successor of it, or a key that it made since', async () => {
    const [ada, bob] = [await admin('Ada'), await admin('Bob')];
    await published(TWO);
    const actId = await ask(ada);
    expect(await codeOf(approve(actId, ada))).toBe('same-person');
    const { key: successor } = await administration.rotate(ada.id, { overlapDays: 7 }, ada);
    expect(await codeOf(approve(actId, principalOf(successor)))).toBe('same-person');
    const second = await admin('Ada again', ada);
    expect(await codeOf(approve(actId, second))).toBe('same-person');
    const third = await admin('Ada once more', second);
    expect(await codeOf(approve(actId, third))).toBe('same-person');
    expect(await codeOf(approve(await ask(second, 'b'), third))).toBe('same-person');
    expect(done).toEqual([]);
    await approve(actId, bob);
    expect(done).toEqual([A]);
  });

  it('does not approve by the key of another, whose secret it has by rotating it', async () => {
    const [ada, bob] = [await admin('Ada'), await admin('Bob')];
    await published(TWO);
    const actId = await ask(ada);
    const { key } = await administration.rotate(bob.id, { overlapDays: 7 }, ada);
    expect(await codeOf(approve(actId, principalOf(key)))).toBe('same-person');
  });

  it('does not approve on the machine, nor by a key that was made there alone', async () => {
    const [ada] = [await admin('Ada'), await admin('Bob')];
    await published(TWO);
    const actId = await ask(ada);
    expect(await codeOf(approve(actId, LOCAL_PRINCIPAL))).toBe('local');
    expect(await codeOf(approve(actId, await admin('made on the machine')))).toBe('local');
    expect(await codeOf(approve(await ask(LOCAL_PRINCIPAL, 'b'), LOCAL_PRINCIPAL))).toBe('local');
    expect(done).toEqual([]);
  });

  it('does not take four eyes away alone, and not by a policy that is still to come', async () => {
    const [ada, bob] = [await admin('Ada'), await admin('Bob')];
    await published(TWO);
    const publish = (rules: ApprovalRules | undefined) =>
      ask(ada, 'policy', ['policy-publish'], { policy: { approvals: rules } });
    expect(await publish(undefined)).not.toBeNull();
    expect(await publish({ erase: 'one' })).not.toBeNull();
    expect(await publish({ ...TWO, rekey: 'two' })).toBeNull();
    expect(done).toEqual([]);
    expect(bob.kind).toBe('key');
  });

  it('does not make its keys those of others by publishing a policy again that restates the past', async () => {
    const [ada] = [await admin('Ada'), await admin('Bob')];
    await published(TWO);
    const second = await admin('Ada again', ada);
    await published(TWO, true);
    expect(await codeOf(approve(await ask(ada), second))).toBe('same-person');
  });

  it('gets nothing done once it is revoked or blocked', async () => {
    const [ada, bob] = [await admin('Ada'), await admin('Bob')];
    await published(TWO);
    const actId = await ask(ada);
    await administration.revoke(ada.id, bob);
    expect(await codeOf(approve(actId, bob))).toBe('requester-locked-out');
  });

  it('cannot turn four eyes on while no other principal could approve', async () => {
    const ada = await admin('Ada');
    await administration.rotate(ada.id, { overlapDays: 7 }, ada);
    const publish = ask(ada, 'policy', ['policy-publish'], { policy: { approvals: TWO } });
    await expect(publish).rejects.toThrow(TooFewApprovers);
  });
});

describe('a key under four eyes', () => {
  const GRANTS: ApprovalRules = { 'grant-administer': 'two', 'grant-open': 'two' };
  const create = async (role: 'admin' | 'service-agent' | 'channel', by: Principal) => {
    try {
      return { key: (await administration.create({ name: role, role }, by)).key, actId: null };
    } catch (error) {
      if (!(error instanceof ActRequested)) throw error;
      return { key: String(error.waiting.key), actId: error.waiting.actId };
    }
  };

  it('is handed out with the request, and valid once another principal approved it', async () => {
    const [ada, bob] = [await admin('Ada'), await admin('Bob')];
    await published(GRANTS);
    for (const role of ['admin', 'service-agent'] as const) {
      const { key, actId } = await create(role, role === 'admin' ? ada : LOCAL_PRINCIPAL);
      expect(apiKeys.authenticate(key)).toBeNull();
      expect(await approve(actId, bob)).toMatchObject({ status: 'performed' });
      expect(apiKeys.authenticate(key)).toMatchObject({ roles: [role] });
    }
    expect((await create('channel', ada)).actId).toBeNull();
  });

  it('is its own person, since another one vouched for it', async () => {
    const [ada, bob] = [await admin('Ada'), await admin('Bob')];
    await published({ ...GRANTS, erase: 'two' });
    const { key, actId } = await create('admin', ada);
    await approve(actId, bob);
    expect(await approve(await ask(ada), principalOf(key))).toMatchObject({ status: 'performed' });
  });

  it('is not rotated, and not unblocked, by one alone', async () => {
    const [ada, bob] = [await admin('Ada'), await admin('Bob')];
    await published(GRANTS);
    await expect(administration.rotate(bob.id, { overlapDays: 1 }, ada)).rejects.toThrow(ActRequested);
    await administration.block(`key:${bob.id}`, ada);
    await expect(administration.unblock(`key:${bob.id}`, ada)).rejects.toThrow(ActRequested);
    expect(apiKeys.find(bob.id)?.blockedAt).not.toBeNull();
  });

  it('is made once, however often the approved act is done', async () => {
    const [ada, bob] = [await admin('Ada'), await admin('Bob')];
    await published(GRANTS);
    const { actId } = await create('admin', ada);
    await approve(actId, bob);
    const before = apiKeys.list().length;
    const other = new RecordedApprovals({
      ...{ log, apiKeys: () => apiKeys, sealer: new Sealer(keyStore), clock, logger: { warn: () => undefined } },
    });
    expect(new KeyAdministration(apiKeys, clock, new RecordedActs(log, clock), other)).toBeDefined();
    await other.finish();
    expect(apiKeys.list()).toHaveLength(before);
  });
});

describe('what waits', () => {
  const watch = (warned: object[] = []) =>
    new ApprovalsWatch(approvals, clock, { warn: (facts) => void warned.push(facts) });

  it('alerts once an erasure waits for half of its legal month, lapsed or not, until it is done or declined', async () => {
    const [ada, bob] = [await admin('Ada'), await admin('Bob')];
    await published(TWO);
    const warned: object[] = [];
    const watching = watch(warned);
    const actId = await ask(ada);
    await watching.check();
    expect([watching.current.waiting, watching.health()]).toEqual([1, { ok: true }]);
    now += 15 * DAY;
    await watching.check();
    await watching.check();
    expect(watching.current).toMatchObject({ waiting: 0, overdue: [{ actId }] });
    expect(watching.health()).toMatchObject({ ok: false, required: false });
    expect(warned).toEqual([expect.objectContaining({ actId })]);
    await approve(await ask(ada), bob);
    await watching.check();
    expect(watching.health()).toEqual({ ok: true });
  });

  it('is performed by whatever order of requests, approvals and lost processes, each exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('ask', 'approve', 'decline', 'crash', 'finish'), { maxLength: 12 }),
        async (steps) => {
          now = START;
          done = [];
          log = memoryLog({ clock });
          approvals = open();
          const [ada, bob] = [await admin('Ada'), await admin('Bob')];
          await published(TWO);
          const asked: string[] = [];
          const approved = new Set<string>();
          for (const [at, step] of steps.entries()) {
            const [oldest] = asked;
            if (step === 'ask') asked.push(String(await ask(ada, `c-${at}`)));
            else if (step === 'finish') await approvals.finish();
            else if (step === 'crash') approvals = open();
            else if (oldest !== undefined) {
              asked.shift();
              const work = step === 'approve' ? approvals.approve(oldest, bob) : approvals.decline(oldest, null, bob);
              const { detail } = await work;
              if (step === 'approve') approved.add(String(detail['customerId']));
            }
          }
          await open().finish();
          expect([...done].sort()).toEqual([...approved].sort());
        },
      ),
      { numRuns: 30 },
    );
  });
});
