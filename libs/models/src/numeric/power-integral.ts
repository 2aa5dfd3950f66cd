/**
 * The integral that every model with two gamma mixtures needs:
 *
 *     ∫ ((c + from) ÷ (c + y))^k · ((d + from) ÷ (d + y))^m · e^(−rate · (y − from)) dy,  y from `from` to `to`
 *
 * It is positive, and begins at 1. The usual form, a difference of two hypergeometric functions, cancels or overflows where a customer bought often; here nothing
 * is subtracted. In the variable v = ln((c + y) ÷ (c + from)), with the smaller of c and d, the integrand has no pole nearer than π to the real line, so that Gauss-Legendre panels
 * of a width of at most 1 give 12 digits and more.
 */
export interface PowerIntegrand {
  readonly c: number;
  readonly k: number;
  readonly d: number;
  readonly m: number;
  /** A continuous discount. Without one, `to` must be finite. */
  readonly rate?: number;
  readonly from: number;
  /** May be infinite where something decays. */
  readonly to: number;
}

/** Beyond a decay of e^−DECAY_MAX nothing is left that a double would show. */
const DECAY_MAX = 45;
/** The most that the integrand decays within a panel. */
const PANEL_DECAY = 5;

// Abscissae and weights of the 16-point rule (Abramowitz and Stegun 1964, table 25.4): the positive half.
const ABSCISSAE = [
  0.09501250983763744, 0.28160355077925891, 0.45801677765722739, 0.61787624440264375, 0.75540440835500303,
  0.86563120238783174, 0.94457502307323258, 0.98940093499164993,
];
const WEIGHTS = [
  0.1894506104550685, 0.18260341504492359, 0.16915651939500254, 0.14959598881657673, 0.12462897125553387,
  0.09515851168249278, 0.06225352393864789, 0.02715245941175409,
];

const NODES = [...ABSCISSAE.map((x) => -x).reverse(), ...ABSCISSAE];
const NODE_WEIGHTS = [...[...WEIGHTS].reverse(), ...WEIGHTS];

/** Integrals of the integrand times what its derivatives need. */
export interface PowerMoments {
  integral: number;
  /** Times ln((c + y) ÷ (c + from)). */
  lnC: number;
  /** Times 1 ÷ (c + y). */
  overC: number;
  /** Times ln((d + y) ÷ (d + from)). */
  lnD: number;
  /** Times 1 ÷ (d + y). */
  overD: number;
}

export const noMoments = (): PowerMoments => ({ integral: 0, lnC: 0, overC: 0, lnD: 0, overD: 0 });

export const powerIntegral = (integrand: PowerIntegrand): number => powerMoments(integrand, noMoments()).integral;

/** The integral and its moments in one pass, written into `out`: a fit computes millions of them. */
export function powerMoments(integrand: PowerIntegrand, out: PowerMoments): PowerMoments {
  const { c, k, d, m, rate = 0, from, to } = integrand;
  out.integral = out.lnC = out.overC = out.lnD = out.overD = 0;
  if (!(to > from)) return out;
  const isNearC = c <= d;
  const near = (isNearC ? c : d) + from;
  const far = (isNearC ? d : c) + from;
  const [kNear, kFar] = isNearC ? [k, m] : [m, k];
  const decay = (v: number): number => {
    const step = near * Math.expm1(v);
    return kNear * v + kFar * Math.log1p(step / far) + rate * step;
  };
  const end = endOf(decay, to === Infinity ? Infinity : Math.log1p((to - from) / near));
  const panels = Math.max(1, Math.ceil(Math.max(end, decay(end) / PANEL_DECAY)));
  const half = end / panels / 2;
  let [integral, lnNear, overNear, lnFar, overFar] = [0, 0, 0, 0, 0];
  for (let panel = 0; panel < panels; panel += 1) {
    const middle = (2 * panel + 1) * half;
    for (let node = 0; node < NODES.length; node += 1) {
      const v = middle + half * (NODES[node] as number);
      const growth = Math.exp(v);
      const step = near * (growth - 1);
      const lnStep = Math.log1p(step / far);
      // dy = (near + y) dv
      const weight =
        (NODE_WEIGHTS[node] as number) * half * near * Math.exp((1 - kNear) * v - kFar * lnStep - rate * step);
      integral += weight;
      lnNear += weight * v;
      overNear += weight / (near * growth);
      lnFar += weight * lnStep;
      overFar += weight / (far + step);
    }
  }
  out.integral = integral;
  [out.lnC, out.lnD] = isNearC ? [lnNear, lnFar] : [lnFar, lnNear];
  [out.overC, out.overD] = isNearC ? [overNear, overFar] : [overFar, overNear];
  return out;
}

/** Where the integral may end: at its end, or where nothing is left of the integrand. */
function endOf(decay: (v: number) => number, last: number): number {
  // The integrand in v has a factor e^v: that, too, must have decayed.
  const net = (v: number): number => decay(v) - v;
  if (last !== Infinity && net(last) <= DECAY_MAX) return last;
  let high = last;
  if (last === Infinity) for (high = 1; net(high) < DECAY_MAX;) high *= 2;
  let low = 0;
  while (high - low > 0.01 * high) {
    const middle = (low + high) / 2;
    if (net(middle) < DECAY_MAX) low = middle;
    else high = middle;
  }
  return high;
}
