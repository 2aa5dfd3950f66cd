import { TOUCHPOINT_GROUPS } from '../catalogue.js';
import {
  AnyObject,
  AnyText,
  Decimal,
  Flag,
  Id,
  MomentOrNull,
  Matching,
  Moment,
  OneOf,
  Optional,
  Position,
  Text,
  TextOrNull,
  Whole,
} from '../fields.js';

/** What the engine goes by: policies, types, and what was learnt of the population. */

/** The reason of a restatement is a sentence or two. */
const REASON_LENGTH_MAX = 500;

/** A policy was published. What the document itself says is judged by the lifecycle's own rules. */
export class PolicyPublished {
  /** `name@version`. */
  @Matching('^[^@]+@[0-9]{1,9}$', 200, 'a name and a version, such as retail@2') version!: string;
  @AnyObject() policy!: Record<string, unknown>;
  /** Null for the beginning of time. The first policy of all is in force from there. */
  @MomentOrNull() effectiveFrom!: string | null;
  /** True where it counts from `effectiveFrom` on although that lies before its publication. */
  @Flag() restates!: boolean;
  /** Why the past is restated; null where it is not. */
  @TextOrNull(REASON_LENGTH_MAX) reason!: string | null;
}

/** A touchpoint type of the business's own. Whether its schema may be used is judged by the registry. */
export class TypeRegistered {
  @Text(100) name!: string;
  @Whole(1, 1000) version!: number;
  @OneOf('customer', 'business', 'system') origin!: string;
  @OneOf(...TOUCHPOINT_GROUPS) group!: string;
  @AnyObject() schema!: Record<string, unknown>;
  @Optional() @AnyText() description?: string;
}

/** An attribute was defined, or its definition replaced by the next version. Whether the document may be used is judged by the lifecycle. */
export class AttributeDefined {
  @Text(100) name!: string;
  @Whole(1, 10_000) version!: number;
  @AnyObject() definition!: Record<string, unknown>;
}

/** An attribute is no longer defined: what was stated of it stays in the log. */
export class AttributeRemoved {
  @Text(100) name!: string;
  /** The version that was in force. */
  @Whole(1, 10_000) version!: number;
}

/** A segment was defined, or defined again. What the document itself says is judged by the lifecycle's own rules. */
export class SegmentDefined {
  @Id(64) segmentId!: string;
  /** Counts up by one with each definition under the same id, also over a removal. */
  @Whole(1, 1_000_000) version!: number;
  /** The document: id, name, description and the condition `when`. */
  @AnyObject() definition!: Record<string, unknown>;
}

/** A segment was removed: its members left it. */
export class SegmentRemoved {
  @Id(64) segmentId!: string;
  /** The version that held until then. */
  @Whole(1, 1_000_000) version!: number;
}

/** A model was fitted to what had happened by an instant, as it was known at a position of the log. */
export class ModelFitted {
  /** `bg-nbd`, `pareto-nbd`, `gamma-gamma`, … */
  @Text() model!: string;
  /** The cut-off: nothing after it was looked at. */
  @Moment() asOf!: string;
  /** The log position that the run read to. */
  @Position() position!: number;
  /** By name; plain numbers. */
  @AnyObject() parameters!: Record<string, unknown>;
  /** How many customers it rests on. */
  @Whole(0, 100_000_000_000) customers!: number;
  @Optional() @Decimal(-1e300, 1e300) logLikelihood?: number;
  /** How it did on time held out: AUC, calibration by decile. */
  @Optional() @AnyObject() backTest?: Record<string, unknown>;
}

/** The population was looked at as a whole: the edges by which customers are scored from then on. */
export class PopulationScored {
  /** `rfm`, `value-tiers`, … */
  @Text() run!: string;
  @Moment() asOf!: string;
  @Position() position!: number;
  /** By figure; lists of numbers. */
  @AnyObject() edges!: Record<string, unknown>;
  @Whole(0, 100_000_000_000) customers!: number;
}
