import { inverse } from './matrix.js';

/** A function with its gradient: writes the gradient at a point into `gradient`, and returns the value. Not a number, or infinite, where it has no value. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number;

export interface Minimum {
  readonly point: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** Whether the gradient vanished within the bounds. */
  readonly converged: boolean;
  /** Second derivatives at the minimum; null where it lies at a bound or is not a minimum. */
  readonly curvature: readonly Float64Array[] | null;
}

export interface MinimizeOptions {
  /** The point stays within ± this. */
  readonly bound: number;
  readonly iterationsMax?: number;
  readonly onIteration?: ((iteration: number, value: number) => void) | undefined;
}

/** The gradient that BFGS ends at: nearer to the minimum the value has no digits left to tell better from worse, and a Newton step goes on by the gradient alone. */
const TOLERANCE = 1e-6;
const STEP = 1e-4;

/** So many times a line search halves its step. */
const HALVINGS = 30;
/** Sufficient decrease (Nocedal and Wright 2006, 3.6). */
const DECREASE = 1e-4;
/** No first step is longer. */
const FIRST_STEP_MAX = 1;

/**
 * BFGS with a backtracking line search (Nocedal and Wright 2006, algorithm 6.1), and at its end a Newton step with differences of the gradient: the second
 * derivatives are wanted anyway, for standard errors.
 */
export function minimize(objective: Objective, start: readonly number[], options: MinimizeOptions): Minimum {
  const { bound, iterationsMax = 200, onIteration } = options;
  const n = start.length;
  let point = Float64Array.from(start);
  let gradient = new Float64Array(n);
  let value = objective(point, gradient);
  if (!Number.isFinite(value)) return { point, value, iterations: 0, converged: false, curvature: null };
  let scaled = identity(n);
  let iterations = 0;
  let isFresh = true;
  while (iterations < iterationsMax && largest(freeGradient(point, gradient, bound)) > TOLERANCE) {
    iterations += 1;
    let direction = product(scaled, gradient).map((each) => -each);
    if (!(dot(direction, gradient) < 0)) {
      scaled = identity(n);
      direction = gradient.map((each) => -each);
      isFresh = true;
    }
    if (isFresh) {
      const length = largest(direction);
      if (length > FIRST_STEP_MAX) direction = direction.map((each) => (each / length) * FIRST_STEP_MAX);
    }
    const next = lineSearch(objective, { point, value, gradient, direction, bound });
    if (next === null) {
      if (isFresh) break;
      scaled = identity(n);
      isFresh = true;
      continue;
    }
    const step = next.point.map((each, at) => each - (point[at] as number));
    const change = next.gradient.map((each, at) => each - (gradient[at] as number));
    scaled = updated(scaled, step, change, isFresh);
    isFresh = false;
    ({ point, value, gradient } = next);
    onIteration?.(iterations, value);
  }
  return atMinimum(objective, { point, value, gradient }, bound, iterations);
}

interface Place {
  readonly point: Float64Array<ArrayBuffer>;
  readonly value: number;
  readonly gradient: Float64Array<ArrayBuffer>;
}

function lineSearch(
  objective: Objective,
  { point, value, gradient, direction, bound }: Place & { readonly direction: Float64Array; readonly bound: number },
): Place | null {
  const slope = dot(direction, gradient);
  let length = 1;
  for (let halving = 0; halving < HALVINGS; halving += 1, length /= 2) {
    const next = point.map((each, at) => clamp(each + length * (direction[at] as number), bound));
    const nextGradient = new Float64Array(point.length);
    const nextValue = objective(next, nextGradient);
    if (Number.isFinite(nextValue) && nextValue <= value + DECREASE * length * slope) {
      if (next.every((each, at) => each === point[at])) return null;
      return { point: next, value: nextValue, gradient: nextGradient };
    }
  }
  return null;
}

/** The inverse of the Hessian, with what one step showed of it (Nocedal and Wright 2006, 6.17 and 6.20). */
function updated(
  scaled: readonly Float64Array[],
  step: Float64Array,
  change: Float64Array,
  isFirst: boolean,
): Float64Array[] {
  const curvature = dot(step, change);
  const n = step.length;
  if (!(curvature > 1e-14 * Math.sqrt(dot(step, step) * dot(change, change)))) return [...scaled] as Float64Array[];
  const from = isFirst ? identity(n, curvature / dot(change, change)) : scaled;
  const moved = product(from, change);
  const both = dot(change, moved);
  return from.map((row, i) =>
    row.map((each, j) => {
      const [si, sj] = [step[i] as number, step[j] as number];
      const [mi, mj] = [moved[i] as number, moved[j] as number];
      return each + ((1 + both / curvature) * si * sj - (mi * sj + si * mj)) / curvature;
    }),
  );
}

function atMinimum(objective: Objective, place: Place, bound: number, iterations: number): Minimum {
  let { point, value, gradient } = place;
  const curvature = curvatureAt(objective, point);
  // BFGS leaves six digits of the gradient: one step doubles them.
  const inverted = inverse(curvature);
  if (inverted !== null) {
    const move = product(inverted, gradient);
    const next = point.map((each, at) => clamp(each - (move[at] as number), bound));
    const nextGradient = new Float64Array(point.length);
    const nextValue = objective(next, nextGradient);
    if (nextValue <= value + 1e-12 * Math.abs(value) && largest(nextGradient) < largest(gradient))
      [point, value, gradient] = [next, nextValue, nextGradient];
  }
  const isInside = point.every((each) => Math.abs(each) < bound - 2 * STEP);
  const converged = isInside && largest(gradient) < 1e-6 * Math.max(1, Math.abs(value));
  return { point, value, iterations, converged, curvature: converged ? curvature : null };
}

/** Second derivatives, by central differences of the gradient. */
function curvatureAt(objective: Objective, point: Float64Array<ArrayBuffer>): Float64Array[] {
  const n = point.length;
  const rows = Array.from({ length: n }, (_, i) => {
    const [above, below] = [STEP, -STEP].map((step) => {
      const moved = point.slice();
      moved[i] = (moved[i] as number) + step;
      const gradient = new Float64Array(n);
      objective(moved, gradient);
      return gradient;
    }) as [Float64Array, Float64Array];
    return above.map((each, j) => (each - (below[j] as number)) / (2 * STEP));
  });
  return rows.map((row, i) =>
    Float64Array.from(row, (each, j) => (each + ((rows[j] as Float64Array)[i] as number)) / 2),
  );
}

/** Without what would lead beyond the bounds. */
const freeGradient = (point: Float64Array, gradient: Float64Array, bound: number): Float64Array =>
  gradient.map((each, at) => {
    const place = point[at] as number;
    return (place >= bound && each < 0) || (place <= -bound && each > 0) ? 0 : each;
  });

const clamp = (value: number, bound: number): number => Math.min(bound, Math.max(-bound, value));
const identity = (n: number, scale = 1): Float64Array[] =>
  Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (__, j) => (i === j ? scale : 0)));
const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, each, at) => sum + each * (b[at] as number), 0);
const product = (rows: readonly Float64Array[], vector: Float64Array): Float64Array<ArrayBuffer> =>
  Float64Array.from(rows, (row) => dot(row, vector));
const largest = (vector: Float64Array): number => vector.reduce((max, each) => Math.max(max, Math.abs(each)), 0);
