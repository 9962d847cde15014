/** So many ids are worth to be shown. */
const MAX_SHOWN = 3;
/** So many letters may be wrong. */
const MAX_DISTANCE = 2;

/** The ids that somebody could have meant who wrote one that there is not, the nearest first. */
export function nearIds(meant: string, ids: Iterable<string>): string[] {
  const near: { id: string; distance: number }[] = [];
  for (const id of ids) {
    const distance = distanceBetween(meant, id);
    if (distance <= MAX_DISTANCE) near.push({ id, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.id < b.id ? -1 : 1));
  return near.slice(0, MAX_SHOWN).map(({ id }) => id);
}

/** 0 where only the case differs, 1 where one begins with the other; else as Levenshtein has it. */
function distanceBetween(meant: string, id: string): number {
  const [a, b] = [meant.toLowerCase(), id.toLowerCase()];
  if (a === b) return 0;
  if (a.length >= 3 && b.startsWith(a)) return 1;
  if (Math.abs(a.length - b.length) > MAX_DISTANCE || a.length <= MAX_DISTANCE) return Infinity;
  return levenshtein(a, b);
}

function levenshtein(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const swap = row[j] + (letter === b[j] ? 0 : 1);
      next.push(Math.min(swap, row[j + 1] + 1, next[j] + 1));
    }
    row = next;
  }
  return row[b.length];
}
