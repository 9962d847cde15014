/**
 * Reads objects of the local copy through one `git cat-file --batch-command` that stays.
 *
 * @module
 */
import { type StepLimit, withinLimit } from "./deadline.ts";
import { type Git, TIME_LIMITS } from "./git.ts";
import { GitError } from "./git_error.ts";
import { LineReader } from "./line_reader.ts";

/** An object's header. */
export interface ObjectInfo {
  oid: string;
  type: string;
  size: number;
}

/** `cat-file` ends as soon as nothing more can come. */
const END_LIMIT_MS = 5_000;

export class ObjectReader {
  readonly #git: Git;
  readonly #limitMs: number;
  #process?: Conversation;
  /** Requests are answered in order, so they take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param limitMs how long the answer to one request may take, in milliseconds */
  constructor(git: Git, limitMs: number = TIME_LIMITS.local) {
    this.#git = git;
    this.#limitMs = limitMs;
  }

  /** What the names stand for (`<oid>` or `<oid>:<path>`), undefined for what is not here. */
  info(names: string[]): Promise<(ObjectInfo | undefined)[]> {
    return this.#ask("info", names, (header) => Promise.resolve(header));
  }

  /** The bodies of objects, undefined for what is not here. */
  contents(names: string[]): Promise<(Uint8Array | undefined)[]> {
    return this.#ask("contents", names, async (header, lines) => {
      const body = await lines.bytes(header.size);
      await lines.bytes(1);
      return body;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    await this.#process?.end();
    this.#process = undefined;
  }

  #begin(): Conversation {
    const command = "cat-file";
    const child = this.#git.start([command, "--batch-command", "--buffer"]);
    const noteMs = (ms: number) => this.#git.counters.noteTime(command, ms);
    return new Conversation({ child, limitMs: this.#limitMs, noteMs });
  }

  #ask<T>(
    command: string,
    names: string[],
    read: (header: ObjectInfo, lines: LineReader) => Promise<T>,
  ): Promise<(T | undefined)[]> {
    if (names.length === 0) return Promise.resolve([]);
    // A line is a request: one name would get two answers, and all others the wrong ones.
    const bad = names.find((name) => name.includes("\n"));
    if (bad !== undefined) {
      const words = `reading ${JSON.stringify(bad)}: an object's name is one line`;
      return Promise.reject(new GitError(words, "failed", 0));
    }
    const answer = this.#turn.then(async () => {
      this.#process ??= this.#begin();
      try {
        return await this.#process.ask(command, names, read);
      } catch (error) {
        await this.#process.end();
        this.#process = undefined;
        if (error instanceof GitError) throw error;
        // It died in the middle of a request or of an answer.
        throw new GitError(`reading objects: ${(error as Error).message}`, "damaged", 128);
      }
    });
    // The next request waits for this one but does not inherit its failure.
    this.#turn = answer.catch(() => undefined);
    return answer;
  }
}

/** One running `git cat-file` and what is said to it. */
class Conversation {
  readonly #child: Deno.ChildProcess;
  readonly #lines: LineReader;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #words: Promise<string>;

  /** @param limit how long the answer to one request may take */
  constructor(private readonly limit: StepLimit) {
    const child = this.#child = limit.child;
    this.#lines = new LineReader(child.stdout);
    this.#stdin = child.stdin.getWriter();
    this.#words = new Response(child.stderr).text();
  }

  async ask<T>(
    command: string,
    names: string[],
    read: (header: ObjectInfo, lines: LineReader) => Promise<T>,
  ): Promise<(T | undefined)[]> {
    const request = names.map((name) => `${command} ${name}\n`).join("") + "flush\n";
    // Written while the answers are read: either pipe may be full.
    const [answers] = await withinLimit("reading objects", this.limit, () =>
      Promise.all([
        this.#answers(names.length, read),
        this.#stdin.write(new TextEncoder().encode(request)),
      ]));
    return answers;
  }

  async end(): Promise<void> {
    const limit = { child: this.#child, limitMs: END_LIMIT_MS };
    await withinLimit("ending", limit, async () => {
      // It may have died before; how it ended was said to whoever asked it.
      await this.#stdin.close().catch(() => this.#stdin.abort());
      await Promise.all([this.#child.status, this.#words]);
    });
  }

  async #answers<T>(
    count: number,
    read: (header: ObjectInfo, lines: LineReader) => Promise<T>,
  ): Promise<(T | undefined)[]> {
    const answers: (T | undefined)[] = [];
    while (answers.length < count) {
      const header = await this.#lines.line();
      if (header === undefined) {
        throw new GitError(`reading objects: ${(await this.#words).trim()}`, "damaged", 128);
      }
      const info = infoIn(header);
      answers.push(info && await read(info, this.#lines));
    }
    return answers;
  }
}

/** What a header says: `<oid> <type> <size>`; undefined where there is no such object here. */
function infoIn(header: string): ObjectInfo | undefined {
  const [first, last] = [header.indexOf(" "), header.lastIndexOf(" ")];
  const size = Number(header.slice(last + 1));
  if (!Number.isInteger(size)) return undefined;
  return { oid: header.slice(0, first), type: header.slice(first + 1, last), size };
}
