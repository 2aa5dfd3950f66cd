import { AnyText, Matching, Optional, SubjectIds } from '../fields.js';

/**
 * What operators decided about who is who. Both sides are lists of subjects: the first of each is the one that was named. Who decided stands in the `meta` of the
 * event (`by`); the reason is sealed under a key with the id of the decision, which an erasure of the persons destroys.
 */

const DECISION_ID = '^[0-9a-f]{32}$';

class Decided {
  @Matching(DECISION_ID, 32, '32 hex characters') decisionId!: string;
  @SubjectIds() one!: string[];
  @SubjectIds() other!: string[];
  @Optional() @AnyText() sealed?: string;
}

/** Two customers are one: the first subjects of both sides are linked. */
export class CustomersMerged extends Decided {}

/** One customer is two: links that cross are revoked, and the sides are kept apart from then on. */
export class CustomersUnmerged extends Decided {
  /** The merge that it undoes, where it undoes one. */
  @Optional() @Matching(DECISION_ID, 32, '32 hex characters') merge?: string;
}

/** Two customers are different people: no link joins them. */
export class CustomersKeptApart extends Decided {}

/** The sides of an earlier decision (`decisionId`) are kept apart no longer. */
export class KeepApartLifted extends Decided {}
