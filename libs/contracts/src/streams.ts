/** Stream names: what is written where. A stream name holds no personal data. */
export const STREAMS = {
  /** The touchpoints of one subject. */
  subject: (subjectId: string) => `subject-${subjectId}`,
  /** Business facts, by kind: `business-policy`, `business-rates`, … */
  business: (kind: string) => `business-${kind}`,
  /** One quarantined event and what became of it. */
  quarantine: (quarantineId: string) => `quarantine-${quarantineId}`,
  /** What a publisher sent for sources that it may not speak for, by the id of its key, or by the topic. */
  rejected: (publisherId: string) => `rejected-${publisherId}`,
  /** The receipts of one source's batches. */
  receipts: (sourceHash: string) => `receipts-${sourceHash}`,
  /** Which subjects were forgotten, under which hash key the others have their names, and when it changed. */
  privacy: 'privacy',
  /** Identifiers on the suppression list: those added and those lifted. */
  suppressions: 'suppressions',
  /** Where webhooks are sent, and what operators changed about it. */
  webhooks: 'webhooks',
  /** The channel systems that publish events, and what operators changed about them. */
  sources: 'sources',
  /** What data subjects requested, and what became of it. */
  dataSubjects: 'data-subjects',
  /** What operators decided about who is who: customers merged, unmerged, kept apart. */
  identity: 'identity',
  /** The settings of the processes that proof and access rest on, where they changed. */
  settings: 'settings',
  /** Acts that wait for a second principal, and what became of them. */
  approvals: 'approvals',
  /** What was done about access and to the engine on a UTC day, such as 2026-01-31: keys, blocks, operations. */
  access: (day: string) => `access-${day}`,
} as const;

const SUBJECT = 'subject-';

/** The subject whose stream this is, or null for any other stream. */
export function subjectOfStream(stream: string): string | null {
  return stream.startsWith(SUBJECT) ? stream.slice(SUBJECT.length) : null;
}
