import { LOCAL_PRINCIPAL } from '#platform/basics';
import type { DecideCustomers, DecisionPreview, Rejected } from '#identity';
import { CliError, EXIT, rejected } from '../exit-codes.js';
import { issueLines } from '../terminal/issue-lines.js';
import type { DecisionMade, DecisionToMake } from './engine.js';

/** Decisions about who is who, of an engine that is opened in this process. */
export class LocalDecisions {
  constructor(private readonly customers: DecideCustomers) {}

  async preview(decision: DecisionToMake): Promise<DecisionPreview> {
    const verdict = await this.customers.preview(decision);
    if (verdict.outcome !== 'previewed') throw notDecided(verdict, 'Nothing can be previewed');
    return verdict.preview;
  }

  async decide(request: DecisionToMake): Promise<DecisionMade> {
    const verdict = await this.customers.decide(request, LOCAL_PRINCIPAL.id);
    if (verdict.outcome !== 'decided') throw notDecided(verdict, 'Nothing was decided');
    const { decision, changed, preview } = verdict;
    return { decision, changed, preview };
  }
}

function notDecided(verdict: Rejected, nothing: string): CliError {
  switch (verdict.outcome) {
    case 'invalid':
      return rejected(`${nothing}:${issueLines(verdict.errors)}`);
    case 'unknown':
    case 'conflict':
      return rejected(verdict.detail);
    case 'behind':
      return new CliError(EXIT.failed, 'The read models have not read the whole log yet: run the command again.');
  }
}
