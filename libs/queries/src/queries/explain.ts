import { explain, foldCustomer, policyAt, withheldActions } from '#lifecycle';
import { withInstants } from '../running/answer.js';
import { query } from '../running/query.js';
import { ALLOWED_COLUMNS, HELD_COLUMN, CUSTOMER_KNOWN_COLUMN, PLACE_COLUMNS } from '../reading/columns.js';
import { heldFor, notHeld, shownHeld } from '../reading/held-actions.js';
import { decisionsOnRecord } from '../reading/decisions.js';
import { DECISIONS_COLUMN, decisionSentences, decisionsShown } from '../reading/decisions-shown.js';
import { lifeOf } from '../reading/life.js';
import { inReadModels } from '../reading/read-models.js';
import { OneCustomer } from '../reading/who.js';

/** Why is the customer there, since when, why not before, and what comes next: for any instant of truth and of belief. */
export const explanation = query({
  name: 'explain',
  summary: 'Why one customer is in their phase, since when, why not earlier, and what comes next.',
  description:
    'Folded from the log when the query runs. text says it in plain English; the other columns say the same in parts. No row if nothing was known about the customer.',
  permission: 'read',
  params: OneCustomer,
  time: 'as-of and known-at',
  paged: false,
  columns: [
    CUSTOMER_KNOWN_COLUMN,
    { name: 'text', type: 'text', description: 'the whole explanation, one thought a line' },
    ...PLACE_COLUMNS,
    { name: 'since', type: 'instant', description: 'since when' },
    { name: 'days', type: 'integer', description: 'whole days in the phase at as-of, by the calendar of the business' },
    { name: 'rule', type: 'text', description: 'the rule that moved the customer here' },
    { name: 'events', type: 'json', description: 'the events that met it; empty where a deadline did' },
    { name: 'deadline', type: 'json', nullable: true, description: 'the deadline that fell due' },
    { name: 'values', type: 'json', description: 'the values that the rule compared, named with their units' },
    { name: 'compared', type: 'json', description: 'what was measured, and what was needed' },
    { name: 'notBefore', type: 'json', description: 'the values a day earlier, and the phase of that time' },
    { name: 'next', type: 'json', description: 'what comes next if nothing happens, and when; the earliest first' },
    { name: 'flags', type: 'json', description: 'what is raised beside the phase' },
    { name: 'silenceSuspended', type: 'boolean', description: 'whether a contract suspends silence' },
    ...ALLOWED_COLUMNS,
    HELD_COLUMN,
    DECISIONS_COLUMN,
    { name: 'policyVersion', type: 'text', description: 'the policy by which they came here' },
  ],
  async answer(context, { params, asOf, past, knownAt, position }) {
    const life = await lifeOf(context, params, { knownAt, position });
    const { customerId, subjectIds, events, policies, position: restsOn } = life;
    const { view, stagePeriods } = foldCustomer({ events, policies, asOf });
    if (view === null) return { rows: [], next: null, position: restsOn };
    const { policy } = policyAt(policies, asOf);
    // What restraint holds back rests on what was published, which is known for now alone.
    const held =
      past || knownAt !== null ? [] : await inReadModels(context.database, (models) => heldFor(models, customerId));
    const shown = { ...view, actions: notHeld(view.actions, held) };
    const explanation = explain({ view: shown, stagePeriods, timeZone: policy.timeZone });
    const { deadline, notBefore, next, consents, actions } = explanation;
    const { decisions: recorded } = await decisionsOnRecord(context.log);
    const decisions = decisionsShown(recorded, subjectIds, { position: restsOn, asOf });
    return {
      rows: [
        {
          ...explanation,
          customerId,
          text: [...explanation.sentences, ...decisionSentences(decisions)].join('\n'),
          decisions,
          deadline: withInstants(deadline),
          notBefore: withInstants(notBefore),
          next: withInstants(next),
          consents: withInstants(consents),
          actions: withInstants(actions),
          heldActions: withInstants(shownHeld(held, withheldActions(view, policy, asOf))),
        },
      ],
      next: null,
      position: restsOn,
    };
  },
});
