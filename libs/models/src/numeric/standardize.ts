/** Mean and standard deviation of each column of a table that stands row after row; 1 in place of a deviation of 0. */
export function standardOf(
  rows: Float64Array,
  width: number,
): { readonly means: Float64Array; readonly scales: Float64Array } {
  const means = new Float64Array(width);
  const squares = new Float64Array(width);
  for (let at = 0; at < rows.length; at += 1) {
    const j = at % width;
    // Welford: row by row, without losing digits.
    const difference = (rows[at] as number) - (means[j] as number);
    means[j] = (means[j] as number) + difference / (Math.floor(at / width) + 1);
    squares[j] = (squares[j] as number) + difference * ((rows[at] as number) - (means[j] as number));
  }
  return { means, scales: squares.map((each) => Math.sqrt(each / (rows.length / width)) || 1) };
}
