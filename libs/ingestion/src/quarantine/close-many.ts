import type { Clock } from '#platform';
import { type Closing, type Quarantine } from './quarantine.js';
import type { OpenQuarantined, QuarantineSelection } from './open-quarantined.js';
import { ReleaseQuarantined, type ReleaseQuarantinedHandler } from './release-quarantined.js';

/** Open events by what they have in common, or by their ids; `after` continues where a request before stopped. */
export interface ManyQuarantined extends QuarantineSelection {
  readonly ids?: readonly string[];
  readonly after?: number;
}

/** Discard many quarantined events. */
export class DiscardMany {
  constructor(
    readonly selection: ManyQuarantined,
    readonly reason: string,
    readonly by: string,
    /** Whether a later reading of the same rows took their place. */
    readonly replaced = false,
  ) {}
}

/** Release many quarantined events, as they are. */
export class ReleaseMany {
  constructor(
    readonly selection: ManyQuarantined,
    readonly by: string,
  ) {}
}

/** What became of the events of one request. */
export interface ClosedMany {
  readonly closed: number;
  /** Still open, since they are still not touchpoints; or closed by another request. */
  readonly kept: number;
  /** Where to continue; null where nothing is left. */
  readonly next: number | null;
}

/** Events of one request. */
const MANY_MAX = 1_000;
/** Events that are released at once: their commits are joined. */
const AT_ONCE = 16;

/** Discards quarantined events in bulk, in one commit; null in a process that has no list of them. */
export class DiscardManyHandler {
  constructor(
    private readonly open: Pick<OpenQuarantined, 'list'>,
    private readonly quarantine: Quarantine,
    private readonly clock: Clock,
  ) {}

  async execute({ selection, reason, by, replaced }: DiscardMany): Promise<ClosedMany | null> {
    const chosen = await choose(this.open, selection);
    if (chosen === null) return null;
    const data = { reason, by, ...(replaced ? { replaced: true as const } : {}) };
    const closed = await this.quarantine.discardMany(chosen.ids, data, this.clock.now());
    return { closed, kept: chosen.ids.length - closed, next: chosen.next };
  }
}

/** Releases quarantined events in bulk; null in a process that has no list of them. */
export class ReleaseManyHandler {
  constructor(
    private readonly open: Pick<OpenQuarantined, 'list'>,
    private readonly release: ReleaseQuarantinedHandler,
  ) {}

  async execute({ selection, by }: ReleaseMany): Promise<ClosedMany | null> {
    const chosen = await choose(this.open, selection);
    if (chosen === null) return null;
    let closed = 0;
    for (let from = 0; from < chosen.ids.length; from += AT_ONCE) {
      const ids = chosen.ids.slice(from, from + AT_ONCE);
      const closings: readonly Closing[] = await Promise.all(
        ids.map((id) => this.release.execute(new ReleaseQuarantined(id, undefined, by))),
      );
      closed += closings.filter(({ outcome }) => outcome === 'closed').length;
    }
    return { closed, kept: chosen.ids.length - closed, next: chosen.next };
  }
}

async function choose(
  open: Pick<OpenQuarantined, 'list'>,
  { ids, after = -1, ...selection }: ManyQuarantined,
): Promise<{ readonly ids: readonly string[]; readonly next: number | null } | null> {
  if (ids !== undefined) return { ids: ids.slice(0, MANY_MAX), next: null };
  const found = await open.list(selection, after, MANY_MAX + 1);
  if (found === null) return null;
  const page = found.slice(0, MANY_MAX);
  return {
    ids: page.map(({ id }) => id),
    next: found.length > MANY_MAX ? (page.at(-1)?.position ?? null) : null,
  };
}
