import { describe, expect, it } from '@jest/globals';
import { instantText, staysOf, story, when, type Story } from '#testing';
import { BUILT_IN_POLICIES, policyTimeline } from '../index.js';
import { foldAccount, type AccountResult } from './fold-account.js';

const { retail } = BUILT_IN_POLICIES;
const ACME = { accountId: 'acme' };

/** The account `acme` of the source `shop`, at an instant. */
function acme(asOf: string, members: Readonly<Record<string, Story>>): AccountResult {
  return foldAccount({
    account: { source: 'shop', accountId: 'acme' },
    members: Object.entries(members).map(([customerId, { events }]) => ({ customerId, events })),
    policies: policyTimeline([]),
    asOf: when(asOf),
  });
}

const membersOf = ({ memberships }: AccountResult): string[] =>
  memberships.map(
    ({ customerId, joinedAt, leftAt, part }) =>
      `${customerId} ${instantText(joinedAt)} – ${leftAt === null ? '' : instantText(leftAt)}${part === null ? '' : ` (${part})`}`,
  );

describe('a company with a quote open for six months and a colleague who orders', () => {
  const buyer = () =>
    story(retail)
      .on('2026-01-05', 'account-joined', { ...ACME, kind: 'company', part: 'buyer' })
      .on('2026-01-10', 'enquiry-made')
      .on('2026-01-15', 'quote-requested', { quoteId: 'q1' })
      .on('2026-01-20', 'quote-sent', { quoteId: 'q1', validUntil: '2026-07-20T00:00:00Z' });
  const colleague = () => story(retail).on('2026-02-01', 'account-joined', ACME).buys('2026-03-01', 'A');

  it('moves the colleague and the account, never the buyer', () => {
    const company = acme('2026-03-02', { buyer: buyer(), colleague: colleague() });
    expect(staysOf(company.fold)).toEqual([
      '2026-01-05 acquisition·awareness',
      '2026-01-10 acquisition·consideration',
      '2026-01-15 acquisition·evaluation',
      '2026-03-01 retention·onboarding',
    ]);
    expect(company.fold.view).toMatchObject({ orders: 1, revenue: [{ amountMinor: 5000, currency: 'EUR' }] });
    expect(colleague().at('2026-03-02').view).toMatchObject({ phase: 'onboarding', orders: 1 });
    expect(buyer().at('2026-03-02').view).toMatchObject({ phase: 'evaluation', orders: 0, revenue: [] });
  });

  it('knows what it is and who is in it, as what and since when', () => {
    const company = acme('2026-03-02', { buyer: buyer(), colleague: colleague() });
    expect(company.kind).toBe('company');
    expect(membersOf(company)).toEqual(['buyer 2026-01-05 –  (buyer)', 'colleague 2026-02-01 – ']);
  });

  it('matches what one member takes back of the order of another', () => {
    const company = acme('2026-03-11', { buyer: buyer().returns('2026-03-10', 'A'), colleague: colleague() });
    expect(company.fold.view).toMatchObject({ orders: 0, revenue: [{ amountMinor: 0 }], phase: 'evaluation' });
    expect(company.fold.discrepancies).toEqual([]);
  });
});

describe('a membership', () => {
  const buysEachMonth = () =>
    story(retail).buys('2026-01-01', 'A').buys('2026-02-01', 'B').buys('2026-03-01', 'C').buys('2026-04-01', 'D');
  const ordersOf = (told: Story) => acme('2026-12-01', { anna: told }).fold.bookings.map(({ orderId }) => orderId);

  it('begins at the instant of joining, and does not include the instant of leaving', () => {
    const told = buysEachMonth().on('2026-02-01', 'account-joined', ACME).on('2026-04-01', 'account-left', ACME);
    expect(ordersOf(told)).toEqual(['B', 'C']);
  });

  it('may be one of several of the same customer', () => {
    const told = buysEachMonth()
      .on('2026-01-01', 'account-joined', ACME)
      .on('2026-01-20', 'account-left', ACME)
      .on('2026-02-20', 'account-joined', ACME)
      .on('2026-03-20', 'account-left', ACME);
    expect(ordersOf(told)).toEqual(['A', 'C']);
    expect(membersOf(acme('2026-12-01', { anna: told }))).toEqual([
      'anna 2026-01-01 – 2026-01-20',
      'anna 2026-02-20 – 2026-03-20',
    ]);
  });

  it('is one although joined twice, with the part that was stated last', () => {
    const told = buysEachMonth()
      .on('2026-01-20', 'account-joined', { ...ACME, part: 'user' })
      .on('2026-02-20', 'account-joined', { ...ACME, part: 'decider' })
      .on('2026-02-25', 'account-joined', ACME)
      .on('2026-03-20', 'account-left', ACME);
    expect(membersOf(acme('2026-12-01', { anna: told }))).toEqual(['anna 2026-01-20 – 2026-03-20 (decider)']);
    expect(ordersOf(told)).toEqual(['B', 'C']);
  });

  it('is not ended by a leaving before it began', () => {
    const told = buysEachMonth().on('2026-01-15', 'account-left', ACME).on('2026-02-20', 'account-joined', ACME);
    expect(membersOf(acme('2026-12-01', { anna: told }))).toEqual(['anna 2026-02-20 – ']);
  });

  it('is none when left at the instant of joining', () => {
    const told = buysEachMonth().on('2026-02-01', 'account-joined', ACME).on('2026-02-01', 'account-left', ACME);
    expect(acme('2026-12-01', { anna: told })).toMatchObject({ memberships: [], fold: { view: null } });
  });

  it('is not made or ended by test traffic, another account or another source', () => {
    const told = buysEachMonth()
      .on('2026-02-01', 'account-joined', ACME, true)
      .on('2026-02-01', 'account-joined', { accountId: 'other' })
      .on('2026-02-01', 'account-joined', ACME, false, 'crm');
    expect(acme('2026-12-01', { anna: told })).toMatchObject({ memberships: [], kind: 'other', fold: { view: null } });
    told.on('2026-02-15', 'account-joined', ACME).on('2026-02-20', 'account-left', ACME, true);
    expect(membersOf(acme('2026-12-01', { anna: told }))).toEqual(['anna 2026-02-15 – ']);
  });

  it('lies in the future until its instant has come', () => {
    const told = story(retail).on('2026-02-01', 'account-joined', { ...ACME, kind: 'household' });
    expect(acme('2026-01-31', { anna: told })).toMatchObject({ kind: 'other', memberships: [], fold: { view: null } });
    expect(acme('2026-02-01', { anna: told })).toMatchObject({ kind: 'household', fold: { view: { touchpoints: 1 } } });
  });
});

describe('an account whose members have left', () => {
  it('keeps its stage, and silence goes on to move it', () => {
    const told = story(retail)
      .on('2026-01-01', 'account-joined', ACME)
      .buys('2026-01-01', 'A')
      .on('2026-01-10', 'account-left', ACME)
      .buys('2026-03-01', 'B');
    expect(staysOf(acme('2026-04-02', { anna: told }).fold)).toEqual([
      '2026-01-01 retention·onboarding',
      '2026-04-01 retention·at-risk',
    ]);
    expect(told.at('2026-04-02').view?.phase).toBe('active');
  });
});

describe('a rule of retention', () => {
  it('is for persons: an account is never due', () => {
    const forgetful = { ...retail, version: 9, retention: [{ what: 'person', after: 'P6M', since: 'last-contact' }] };
    const told = story(forgetful as typeof retail)
      .on('2026-01-01', 'account-joined', ACME)
      .on('2026-01-01', 'site-visited');
    const { view } = foldAccount({
      ...{ account: { source: 'shop', accountId: 'acme' }, members: [{ customerId: 'anna', events: told.events }] },
      ...{ policies: told.policies, asOf: when('2026-02-01') },
    }).fold;
    expect(told.at('2026-02-01').view?.deadlines.map(({ kind }) => kind)).toEqual(['cold', 'retention-due']);
    expect(view?.deadlines.map(({ kind }) => kind)).toEqual(['cold']);
  });
});
