import { isInScope, type ClosedReason, type OpeningRequest, type PersonalDataState } from '#platform';

const closed = (why: ClosedReason, hint: string): PersonalDataState => ({ state: 'closed', why, hint });

/** Whether a request opens personal data, given the purposes of the policy in force. */
export function decideOpening(
  { principal, purpose: stated }: Pick<OpeningRequest, 'principal' | 'purpose'>,
  purposes: readonly string[],
): PersonalDataState {
  if (!principal.permissions.has('open'))
    return closed('no-permission', 'Use a key with the permission open, and state a purpose.');
  const granted = purposes.filter((each) => isInScope(principal.scopes.purposes, each));
  const choice =
    granted.length === 0
      ? 'No purpose of the policy is granted to this principal: ask an administrator for one.'
      : `State one of: ${granted.join(', ')} (header Perennial-Purpose, option --purpose).`;
  const purpose = stated ?? principal.standingPurpose ?? null;
  if (purpose === null) return closed('no-purpose', choice);
  if (!purposes.includes(purpose)) return closed('unknown-purpose', choice);
  if (!granted.includes(purpose)) return closed('purpose-not-granted', choice);
  return { state: 'open', purpose };
}
