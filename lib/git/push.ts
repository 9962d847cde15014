/**
 * Compare-and-swap on the server: `git push` with an expected value for each ref.
 *
 * @module
 */
import { type RunResult, textOf } from "../process.ts";
import { type Git, TIME_LIMITS } from "./git.ts";
import { gitErrorOf, lastWords } from "./git_error.ts";
import { withoutProgress } from "./push_progress.ts";

/** The name of the server in the local copy's configuration. */
export const REMOTE = "grid";

/** What a ref is to become, and what it must be now. */
export interface RefChange {
  ref: string;
  /** The commit it must name now; undefined where it must not exist. */
  expected?: string;
  /** The commit it shall name; undefined to delete it. */
  next?: string;
}

/** What the server said of one ref. */
export interface RefAnswer {
  ref: string;
  accepted: boolean;
  /** The reason of a refusal, in the words of Git or of the host. */
  words: string;
}

/**
 * Asks the server for all changes, each with its expected value. Nothing but the time limit stops it
 * on the way: whether it took effect would be unknown.
 *
 * @param atomic all or none; otherwise each ref succeeds or fails alone
 * @throws {GitError} when no answer for each ref came, so that nobody knows what took effect
 */
export async function push(
  git: Git,
  changes: RefChange[],
  atomic: boolean,
): Promise<RefAnswer[]> {
  const isFailure = (result: RunResult) => !isAnswered(result, changes);
  const options = { timeoutMs: TIME_LIMITS.transfer, isFailure };
  const pushed = withoutProgress(await git.try(pushCommand(changes, atomic), options));
  const { sentBytes, result } = pushed;
  git.counters.bytes.sent += sentBytes;
  if (isFailure(result)) throw gitErrorOf("pushing", result);
  const answers = parsePushReport(textOf(result.stdout));
  return answers.map((answer) => withReason(answer, textOf(result.stderr)));
}

/** Whether the server said of each ref what became of it. */
function isAnswered({ stdout, timedOut }: RunResult, changes: RefChange[]): boolean {
  const answered = new Set(parsePushReport(textOf(stdout)).map(({ ref }) => ref));
  return !timedOut && changes.every(({ ref }) => answered.has(ref));
}

/** Where the server could not store what it got, or a hook said no, why is only told beside. */
function withReason(answer: RefAnswer, stderr: string): RefAnswer {
  if (!/unpacker error|hook declined/.test(answer.words)) return answer;
  return { ...answer, words: `${answer.words}: ${lastWords(stderr)}` };
}

/** The command that asks for the changes. A lease with an empty value: the ref must not exist. */
export function pushCommand(changes: RefChange[], atomic: boolean): string[] {
  return [
    "push",
    "--porcelain",
    // Nothing else tells how much was sent.
    "--progress",
    "--no-verify",
    ...(atomic ? ["--atomic"] : []),
    ...changes.map(({ ref, expected }) => `--force-with-lease=${ref}:${expected ?? ""}`),
    REMOTE,
    ...changes.map(({ ref, next }) => `${next ?? ""}:${ref}`),
  ];
}

/**
 * Reads what `git push --porcelain` says: a line for each ref, `<flag> TAB <from>:<to> TAB
 * <summary>`, where the flag `!` is a refusal (git-push, "OUTPUT").
 */
export function parsePushReport(text: string): RefAnswer[] {
  return text.split("\n").flatMap((line) => {
    const [flag, refs, words] = line.split("\t");
    if (flag.length !== 1 || refs === undefined) return [];
    const ref = refs.slice(refs.indexOf(":") + 1);
    return [{ ref, accepted: flag !== "!", words: words ?? "" }];
  });
}
