/**
 * What Git shows while it pushes: for us, how much it has sent.
 *
 * @module
 */
import { type RunResult, textOf } from "../process.ts";

/** Of this, nothing is an error's reason. The server's own meters come with a prefix. */
const PROGRESS =
  /^(remote: )?((Enumerating|Counting|Compressing|Writing|Unpacking) objects: |Resolving deltas: |Delta compression using |Total \d+ \(delta )/;
/** The last of the meter: `Writing objects: 100% (7/7), 1.21 KiB | 1.21 MiB/s, done.` */
const SENT = /^Writing objects: .*, (\d+(?:\.\d+)?) (byte|KiB|MiB|GiB)s? \|/;

const UNITS: Record<string, number> = { byte: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** What a push has sent, and what it said besides. */
export interface Pushed {
  /** The pack, without what the protocol puts around it; rounded as Git shows it. */
  sentBytes: number;
  /** The result with nothing but words in its standard error. */
  result: RunResult;
}

/** Takes the meters out of what `git push --progress` said. Each is drawn over with a `\r`. */
export function withoutProgress(result: RunResult): Pushed {
  const lines = textOf(result.stderr).split(/[\r\n]+/);
  const words = lines.filter((line) => !PROGRESS.test(line)).join("\n");
  const stderr = { ...result.stderr, bytes: new TextEncoder().encode(words) };
  return { sentBytes: sentIn(lines), result: { ...result, stderr } };
}

/** The meter only grows; a push without objects has none. */
function sentIn(lines: string[]): number {
  const last = lines.findLast((line) => SENT.test(line)) ?? "";
  const [, number, unit] = SENT.exec(last) ?? [];
  return number === undefined ? 0 : Math.round(Number(number) * UNITS[unit]);
}
