import type { OpeningRequest, Openings, PersonalDataState } from '#platform';
import type { Quarantine, Quarantined } from './quarantine.js';

/** One quarantined event, and its body where personal data are open to the caller. */
export interface ShownQuarantined extends Quarantined {
  /** The body as it was received, any JSON value; null where it stays closed, or can no longer be opened. */
  readonly body: unknown;
  readonly personalData: PersonalDataState;
}

/** A quarantined event with its body, whose opening is on record when this resolves; null where there is none of this id. */
export async function showQuarantined(
  quarantineId: string,
  request: OpeningRequest,
  { quarantine, openings }: { readonly quarantine: Quarantine; readonly openings: Openings },
): Promise<ShownQuarantined | null> {
  const found = await quarantine.find(quarantineId);
  if (found === null) return null;
  const personalData = await openings.decide(request, [
    quarantineId,
    ...(found.subjectId === undefined ? [] : [found.subjectId]),
  ]);
  if (personalData.state === 'closed') return { ...found, body: null, personalData };
  const text = await quarantine.body(quarantineId);
  if (text === null) return { ...found, body: null, personalData };
  await openings.recordOpening({
    ...request,
    ...{ purpose: personalData.purpose, query: 'quarantined-event', parameters: { quarantineId }, columns: ['body'] },
    ...{ subjects: new Map<string, number>(), bodies: new Map([[quarantineId, 1]]) },
  });
  // A body that was cut is not JSON any more: it is shown as the text that is left.
  return { ...found, body: found.cut === true ? text : (JSON.parse(text) as unknown), personalData };
}
