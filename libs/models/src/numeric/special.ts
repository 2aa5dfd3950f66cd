/**
 * The gamma function's logarithm and its derivative, for positive arguments. Each moves its argument up to where the asymptotic series of Stirling holds
 * to the last digit (Abramowitz and Stegun 1964, 6.1.41 and 6.3.18; the specs compare with the tables of chapter 6).
 */

const SERIES_FROM = 10;
const HALF_LN_2PI = 0.9189385332046727;

/** ln Γ(x), for x > 0. */
export function lnGamma(x: number): number {
  let shift = 1;
  let z = x;
  for (; z < SERIES_FROM; z += 1) shift *= z;
  const q = 1 / (z * z);
  const series =
    (1 / 12 - q * (1 / 360 - q * (1 / 1260 - q * (1 / 1680 - q * (1 / 1188 - q * (691 / 360360 - q * (1 / 156))))))) /
    z;
  return (z - 0.5) * Math.log(z) - z + HALF_LN_2PI + series - Math.log(shift);
}

/** ψ(x), the derivative of ln Γ, for x > 0. */
export function digamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < SERIES_FROM; z += 1) shift += 1 / z;
  const q = 1 / (z * z);
  const series =
    q * (1 / 12 - q * (1 / 120 - q * (1 / 252 - q * (1 / 240 - q * (1 / 132 - q * (691 / 32760 - q * (1 / 12)))))));
  return Math.log(z) - 0.5 / z - series - shift;
}

/** 1 ÷ (1 + e^−x), without overflow. */
export const logistic = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/** (1 − e^−x) ÷ x, which is 1 at 0. */
export const relativeDecay = (x: number): number => (Math.abs(x) < 1e-300 ? 1 : -Math.expm1(-x) / x);
