/**
 * How many slips of the keyboard are between two words: a letter more, less or another, or two exchanged (the optimal
 * string alignment distance, RapidFuzz's `OSA`).
 */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const here = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let least = Math.min(at(above, column) + 1, at(here, column - 1) + 1, at(above, column - 1) + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        least = Math.min(least, at(before, column - 2) + 1);
      here.push(least);
    }
    [before, above] = [above, here];
  }
  return at(above, b.length);
}

const at = (row: number[], column: number) => row[column] ?? 0;
