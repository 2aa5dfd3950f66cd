import type { Instant } from '#contracts';

export interface KnownSubject {
  readonly subjectId: string;
  readonly namespace: string;
  readonly firstPosition: number;
}

export interface KnownLink {
  readonly a: string;
  readonly b: string;
  readonly occurredAt: Instant;
  readonly source: string;
  readonly eventId: string;
  readonly origin: string;
}

export interface Joined {
  readonly customerOf: ReadonlyMap<string, string>;
  /** Refused pairs (`a b`), with the reason. */
  readonly refused: ReadonlyMap<string, string>;
}

export function joinComponents(subjects: readonly KnownSubject[], links: readonly KnownLink[]): Joined {
  const parent = new Map<string, string>(subjects.map((s) => [s.subjectId, s.subjectId]));
  const users = new Map<string, string>(
    subjects.filter((s) => s.namespace === 'userId').map((s) => [s.subjectId, s.subjectId]),
  );
  const find = (x: string): string => {
    let at = x;
    while (parent.get(at) !== at) at = parent.get(at) ?? at;
    parent.set(x, at);
    return at;
  };
  const refused = new Map<string, string>();
  const sorted = [...links].sort(
    (x, y) =>
      x.occurredAt - y.occurredAt ||
      (x.source < y.source ? -1 : x.source > y.source ? 1 : 0) ||
      (x.eventId < y.eventId ? -1 : 1),
  );
  for (const link of sorted) {
    const a = find(link.a);
    const b = find(link.b);
    if (a === b) continue;
    const userA = users.get(a);
    const userB = users.get(b);
    if (userA !== undefined && userB !== undefined) {
      refused.set(`${link.a} ${link.b}`, 'unique-namespace');
      continue;
    }
    parent.set(b, a);
    const user = userA ?? userB;
    if (user !== undefined) users.set(a, user);
  }
  const lowest = new Map<string, KnownSubject>();
  for (const subject of subjects) {
    const root = find(subject.subjectId);
    const known = lowest.get(root);
    if (
      known === undefined ||
      subject.firstPosition < known.firstPosition ||
      (subject.firstPosition === known.firstPosition && subject.subjectId < known.subjectId)
    )
      lowest.set(root, subject);
  }
  return {
    customerOf: new Map(subjects.map((s) => [s.subjectId, lowest.get(find(s.subjectId))?.subjectId ?? s.subjectId])),
    refused,
  };
}
