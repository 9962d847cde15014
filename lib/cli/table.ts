/**
 * Lines up rows. Cells must have no colour: what cannot be seen would count.
 *
 * @param columns the width of the screen, at which lines are cut; undefined for no limit
 */
export function table(rows: string[][], columns = Infinity): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, at) => Math.max(cell.length, widest[at] ?? 0)),
    [],
  );
  return rows.map((row) =>
    row.map((cell, at) => cell.padEnd(widths[at])).join("  ").trimEnd().slice(0, columns)
  ).join("\n");
}
