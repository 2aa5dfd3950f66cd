/** The inverse of a symmetric matrix, by way of its Cholesky factor; null where the matrix is not positive definite. */
export function inverse(matrix: readonly Float64Array[]): Float64Array[] | null {
  const factor = cholesky(matrix);
  if (factor === null) return null;
  const n = matrix.length;
  const columns = Array.from({ length: n }, (_, column) => solve(factor, column));
  return Array.from({ length: n }, (_, i) => Float64Array.from(columns, (each) => each[i] as number));
}

/** The lower triangle L with L Lᵀ = matrix. */
function cholesky(matrix: readonly Float64Array[]): Float64Array[] | null {
  const n = matrix.length;
  const factor = Array.from({ length: n }, () => new Float64Array(n));
  for (let i = 0; i < n; i += 1) {
    const row = factor[i] as Float64Array;
    for (let j = 0; j <= i; j += 1) {
      const other = factor[j] as Float64Array;
      let rest = (matrix[i] as Float64Array)[j] as number;
      for (let k = 0; k < j; k += 1) rest -= (row[k] as number) * (other[k] as number);
      if (i !== j) row[j] = rest / (other[j] as number);
      else if (rest > 0) row[i] = Math.sqrt(rest);
      else return null;
    }
  }
  return factor;
}

/** One column of the inverse. */
function solve(factor: readonly Float64Array[], column: number): Float64Array {
  const n = factor.length;
  const x = new Float64Array(n);
  for (let i = 0; i < n; i += 1) {
    const row = factor[i] as Float64Array;
    let rest = i === column ? 1 : 0;
    for (let k = 0; k < i; k += 1) rest -= (row[k] as number) * (x[k] as number);
    x[i] = rest / (row[i] as number);
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    let rest = x[i] as number;
    for (let k = i + 1; k < n; k += 1) rest -= ((factor[k] as Float64Array)[i] as number) * (x[k] as number);
    x[i] = rest / ((factor[i] as Float64Array)[i] as number);
  }
  return x;
}
