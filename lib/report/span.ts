/** A length of time in the unit that fits: `12 s`, `3 min`, `5 h`, `2 d`. Never below nothing. */
export function spanInWords(milliseconds: number): string {
  const seconds = Math.max(Math.round(milliseconds / 1000), 0);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** An instant and how long ago it was; the instant alone where nobody can read it. */
export function ago(instant: string, now: Date): string {
  const ms = now.getTime() - Date.parse(instant);
  return Number.isNaN(ms) ? instant : `${instant}, ${spanInWords(ms)} ago`;
}
