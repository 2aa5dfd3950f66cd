/**
 * The name that a person most likely meant: the closest one, as far as it is close at all. Case, hyphens and underscores
 * do not count.
 */
export function nearest(given: string, names: readonly string[]): string | null {
  const wanted = plain(given);
  // Two long texts are compared letter by letter: a name is never that long.
  if (wanted === '' || given.length > 64) return null;
  let best: string | null = null;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const name of names) {
    const other = plain(name);
    // Each letter that one of them has more must be added: most names are ruled out by their length.
    if (Math.abs(other.length - wanted.length) >= least) continue;
    const distance = editDistance(wanted, other, least);
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_. ]/g, '');
}

/** How many letters must be added, left out, changed or swapped with their neighbour; from `enough` on, any number that is as large. */
function editDistance(a: string, b: string, enough: number): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
      if (cost < least) least = cost;
    }
    // A swap reaches back two rows.
    if (least >= enough + 1) return least;
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
