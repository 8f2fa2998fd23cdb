/** More wrong letters than that are no slip. */
const MAX_EDITS = 2;

/** The name that was most likely meant; `undefined` where none is near. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  const [first] = names
    .map((name) => ({ name, edits: editsBetween(typed, name) }))
    .sort((one, other) => one.edits - other.edits);
  return first && first.edits <= MAX_EDITS && first.edits < first.name.length / 2 ? first.name : undefined;
}

/** How many letters have to be put in, left out, replaced, or swapped with the next one (optimal string alignment). */
function editsBetween(one: string, other: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: other.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= one.length; row++) {
    const next = [row];
    for (let column = 1; column <= other.length; column++) {
      const replaced = (last[column - 1] ?? 0) + Number(one[row - 1] !== other[column - 1]);
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const swapped = isSwapped ? (before[column - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min((last[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1, replaced, swapped));
    }
    [before, last] = [last, next];
  }
  return last[other.length] ?? 0;
}
