/**
 * Writes commits through one `git fast-import`: no worktree, no index, and no need to have the
 * content of what a commit merely moves.
 *
 * @module
 */
import { killQuietly } from "../process.ts";
import { type StepLimit, withinLimit } from "./deadline.ts";
import { type Git, TIME_LIMITS } from "./git.ts";
import { GitError, troubleIn } from "./git_error.ts";
import { LineReader } from "./line_reader.ts";
import { StreamBuffer } from "./stream_buffer.ts";

/** One change to the tree of a commit. */
export type TreeChange =
  /** A file with this content. */
  | { path: string; bytes: Uint8Array }
  /** A file that is this object; it must be here, or kept in the same import. */
  | { path: string; blob: string }
  /** The file `name` of a folder (a tree that is here); its content need not be here. */
  | { path: string; folder: string; name: string }
  | { path: string; remove: true };

export interface CommitOrder {
  /** Undefined for a commit without history. */
  parent?: string;
  message: string;
  author: { name: string; email: string };
  /** Seconds since the epoch. */
  time: number;
  changes: TreeChange[];
}

/** Where folders are mounted for a moment so that files can be moved out of them. */
const MOUNT = ".dgrid-mount";
/** What a part of a path must not be: Git takes no such tree, or it would mean another place. */
const FORBIDDEN_PART = new RegExp(
  `(?:^|/)(?:\\.{0,2}|\\.git|\\${MOUNT})(?:/|$)|\\0`,
  "i",
);
/** Every commit is made on this ref, which is gone again before the import ends. */
const SCRATCH_REF = "refs/dgrid-import";

export class FastImport {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: StreamBuffer;
  readonly #lines: LineReader;
  readonly #words: Promise<string>;
  /** The commits of this import. Git finds them by their mark: as objects they are not there yet. */
  readonly #marks = new Map<string, string>();
  readonly #limit: StepLimit;
  #count = 0;

  /** @param limitMs how long each commit, and the end, may take, in milliseconds */
  constructor(git: Git, limitMs: number = TIME_LIMITS.local) {
    const command = "fast-import";
    this.#child = git.start([command, "--quiet", "--force", "--done"]);
    const noteMs = (ms: number) => git.counters.noteTime(command, ms);
    this.#limit = { child: this.#child, limitMs, noteMs };
    this.#stdin = new StreamBuffer(this.#child.stdin);
    this.#lines = new LineReader(this.#child.stdout);
    this.#words = new Response(this.#child.stderr).text();
  }

  /**
   * Writes a content and gives the name by which the commits of this import can place it. Waits only
   * where Git is slower than we are.
   */
  async keep(content: Uint8Array): Promise<string> {
    const mark = `:${++this.#count}`;
    this.#stdin.add(`blob\nmark ${mark}\ndata ${content.length}\n`);
    this.#stdin.add(content);
    this.#stdin.add("\n");
    if (this.#stdin.isFull) await this.#within(() => this.#flush());
    return mark;
  }

  /**
   * Makes a commit and gives its id. It can be read by others only after {@link finish}; within the
   * import it can be a parent.
   *
   * @throws {GitError} when a path is none that a commit can have; nothing is written then
   */
  async commit(order: CommitOrder): Promise<string> {
    order.changes.forEach(checkChange);
    return await this.#within(() => this.#commit(order));
  }

  async #commit(order: CommitOrder): Promise<string> {
    const mark = `:${++this.#count}`;
    const parent = order.parent && (this.#marks.get(order.parent) ?? order.parent);
    this.#stdin.add(headOf({ ...order, parent }, mark));
    const mounts = new Mounts();
    for (const change of order.changes) {
      addChange(this.#stdin, change, mounts);
      if (this.#stdin.isFull) await this.#flush();
    }
    this.#stdin.add(mounts.isEmpty ? "\n" : `D ${MOUNT}\n\n`);
    this.#stdin.add(`get-mark ${mark}\n`);
    await this.#flush();
    const oid = await this.#lines.line();
    if (oid === undefined) throw await this.#failure();
    this.#marks.set(oid, mark);
    this.#stdin.add(`reset ${SCRATCH_REF}\nfrom ${"0".repeat(oid.length)}\n\n`);
    return oid;
  }

  /** Brings everything onto the disk and ends. */
  async finish(): Promise<void> {
    await this.#within(async () => {
      this.#stdin.add("done\n");
      await this.#flush();
      await this.#stdin.close();
      const { code } = await this.#child.status;
      if (code !== 0) throw await this.#failure();
      await this.#words;
    });
  }

  /** Ends without keeping anything. */
  async abort(): Promise<void> {
    // It has ended already when it failed, and that is when this is called most.
    killQuietly(this.#child);
    // The pipe is broken already where it has ended.
    await this.#stdin.abort().catch(() => undefined);
    await Promise.all([this.#child.status, this.#words, this.#lines.cancel()]);
  }

  #within<T>(step: () => Promise<T>): Promise<T> {
    return withinLimit("writing commits", this.#limit, step);
  }

  async #flush(): Promise<void> {
    try {
      await this.#stdin.flush();
    } catch {
      throw await this.#failure();
    }
  }

  async #failure(): Promise<GitError> {
    const words = (await this.#words).split("\n").find((line) => line.startsWith("fatal")) ?? "";
    // Nothing else can be wrong but the copy: the orders are ours.
    const trouble = troubleIn(words) === "disk_full" ? "disk_full" : "damaged";
    return new GitError(`writing commits: ${words || "git fast-import ended early"}`, trouble, 128);
  }
}

function checkChange(change: TreeChange): void {
  const bad = FORBIDDEN_PART.test(change.path)
    ? change.path
    : "folder" in change && FORBIDDEN_PART.test(change.name)
    ? change.name
    : undefined;
  if (bad === undefined) return;
  const part = bad.split("/").find((part) => FORBIDDEN_PART.test(part));
  const words = `writing commits: the path ${JSON.stringify(change.path)} must not have the part ` +
    JSON.stringify(part);
  throw new GitError(words, "failed", 0);
}

/** All of a commit but its changes. */
function headOf({ parent, message, author, time }: CommitOrder, mark: string): string {
  const { length } = new TextEncoder().encode(message);
  const who = `${identity(author.name)} <${identity(author.email)}> ${time} +0000`;
  const head = `commit ${SCRATCH_REF}\nmark ${mark}\ncommitter ${who}\n`;
  return `${head}data ${length}\n${message}\n${parent === undefined ? "" : `from ${parent}\n`}`;
}

/** Names must not hold what ends a name in Git's format. */
function identity(text: string): string {
  return text.replace(/[<>\n\0]/g, " ").trim() || "unknown";
}

/** Remembers which folders are mounted in the commit that is being made. */
class Mounts {
  readonly #places = new Map<string, string>();

  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  /** The place of a folder, and the command that mounts it where that is still to be done. */
  place(folder: string): { place: string; command: string } {
    const known = this.#places.get(folder);
    if (known !== undefined) return { place: known, command: "" };
    const place = `${MOUNT}/${this.#places.size}`;
    this.#places.set(folder, place);
    return { place, command: `M 040000 ${folder} ${place}\n` };
  }
}

/** A commit has tens of thousands of changes, so each is no more than one or two pieces. */
function addChange(stdin: StreamBuffer, change: TreeChange, mounts: Mounts): void {
  const path = quoted(change.path);
  if ("remove" in change) {
    stdin.add(`D ${path}\n`);
  } else if ("blob" in change) {
    stdin.add(`M 100644 ${change.blob} ${path}\n`);
  } else if ("bytes" in change) {
    stdin.add(`M 100644 inline ${path}\ndata ${change.bytes.length}\n`);
    stdin.add(change.bytes);
    stdin.add("\n");
  } else {
    const { place, command } = mounts.place(change.folder);
    stdin.add(`${command}C ${quoted(`${place}/${change.name}`)} ${path}\n`);
  }
}

/** A path as fast-import reads it between quotes. */
function quoted(path: string): string {
  if (!/[\\"\n]/.test(path)) return `"${path}"`;
  return `"${path.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}
