/**
 * ln of the rising factorial a (a + 1) … (a + n − 1) = Γ(a + n) ÷ Γ(a), and its derivative by a, for all n up to a bound. A sum of logarithms keeps its digits
 * where a difference of two ln Γ loses them, and one table serves all customers.
 */
export interface RisingFactorials {
  readonly ln: Float64Array;
  readonly derivative: Float64Array;
}

export function risingFactorials(a: number, upTo: number): RisingFactorials {
  const ln = new Float64Array(upTo + 1);
  const derivative = new Float64Array(upTo + 1);
  for (let n = 0; n < upTo; n += 1) {
    ln[n + 1] = (ln[n] as number) + Math.log(a + n);
    derivative[n + 1] = (derivative[n] as number) + 1 / (a + n);
  }
  return { ln, derivative };
}
