/**
 * The first design, for comparison only: one branch that all workers push to, with a real working
 * tree. A task's file is moved by `git mv` from `tasks/queue` to `tasks/in_progress`, and with its
 * result to `tasks/completed`; each move is a commit and a push, repeated after a `git pull --rebase`
 * where somebody was faster. It has its improvements: clones are shallow, and a pull asks by
 * `git ls-remote` first whether there is anything new.
 *
 * @module
 */
import { join } from "@std/path";
import { bareRepository, commitFiles, plainGit } from "../tests/support/git_server.ts";

const QUEUE = "tasks/queue";
const IN_PROGRESS = "tasks/in_progress";
const COMPLETED = "tasks/completed";
/** So often a push is repeated where somebody was faster. */
const PUSH_TRIES = 50;
/** A push that lost waits for at most this long at first, then for up to twice as long. */
const BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 2_000;

/** Makes the repository, with so many tasks in its queue. */
export async function makeSingleBranch(folder: string, tasks: number): Promise<string> {
  const url = await bareRepository(folder);
  const keep = [QUEUE, IN_PROGRESS, COMPLETED].map((place) => [`${place}/.gitkeep`, ""]);
  const ids = Array.from({ length: tasks }, (_, index) => taskName(index));
  const files = ids.map((id) => [`${QUEUE}/${id}.json`, taskText(id)]);
  await commitFiles(folder, url, Object.fromEntries([...keep, ...files]));
  return url;
}

/** The id of a task, by its number. */
export function taskName(index: number): string {
  return `task-${String(index).padStart(6, "0")}`;
}

function taskText(id: string): string {
  return JSON.stringify({ id, command: "true", timeout: 300 }, null, 2) + "\n";
}

/** A working copy of the single branch. */
export class SingleBranch {
  private constructor(private readonly folder: string, private readonly name: string) {}

  /** @param url a URL, as Git makes no shallow clone of a path */
  static async clone(url: string, folder: string, name: string): Promise<SingleBranch> {
    await Deno.mkdir(folder, { recursive: true });
    const place = join(folder, name);
    await plainGit(folder, "clone", "--quiet", "--depth=1", url, place);
    await plainGit(place, "config", "user.name", name);
    await plainGit(place, "config", "user.email", `${name}@example.com`);
    await plainGit(place, "config", "gc.auto", "0");
    return new SingleBranch(place, name);
  }

  /** Puts a task into the queue by a commit and a push. */
  async submit(index: number): Promise<void> {
    const id = taskName(index);
    await Deno.writeTextFile(join(this.folder, QUEUE, `${id}.json`), taskText(id));
    await this.#git("add", "--all");
    await this.#git("commit", "--quiet", `--message=submit ${id}`);
    await this.#push();
  }

  /**
   * Works until the queue is empty.
   *
   * @returns the ids of what it ran
   */
  async work(): Promise<string[]> {
    const ran: string[] = [];
    while (true) {
      await this.#pull();
      const id = await this.#first();
      if (id === undefined) return ran;
      if (!await this.#claim(id)) continue;
      ran.push(id);
      await this.#complete(id);
    }
  }

  /** The ids of what is completed, after a look at the repository. */
  async completed(): Promise<string[]> {
    await this.#pull();
    return await this.#ids(COMPLETED);
  }

  async #first(): Promise<string | undefined> {
    return (await this.#ids(QUEUE)).sort()[0];
  }

  async #ids(place: string): Promise<string[]> {
    const entries = await Array.fromAsync(Deno.readDir(join(this.folder, place)));
    return entries.map(({ name }) => name).filter((name) => name.endsWith(".json"))
      .map((name) => name.slice(0, -".json".length));
  }

  /** @returns whether the task is ours */
  async #claim(id: string): Promise<boolean> {
    await this.#git("mv", `${QUEUE}/${id}.json`, `${IN_PROGRESS}/${id}.json`);
    await this.#git("commit", "--quiet", `--message=${this.name}: claim ${id}`);
    for (let tries = 1; tries <= PUSH_TRIES; tries++) {
      if (await this.#tryPush()) return true;
      await backOff(tries);
      if (!await this.#rebase() || !await this.#hasUnpushed()) return false;
    }
    throw new Error(`claiming ${id}: tried ${PUSH_TRIES} times in vain`);
  }

  /** @returns false where somebody else has moved the same task, and what we said is taken back */
  async #rebase(): Promise<boolean> {
    try {
      await this.#git("pull", "--quiet", "--rebase", "origin", "main");
      return true;
    } catch (error) {
      if (!/CONFLICT|could not apply/.test((error as Error).message)) throw error;
      await this.#git("rebase", "--abort");
      await this.#git("reset", "--quiet", "--hard", "origin/main");
      return false;
    }
  }

  /** Whether our commit is still there: a rebase drops a move that somebody else has made too. */
  async #hasUnpushed(): Promise<boolean> {
    return (await this.#git("rev-list", "--count", "origin/main..HEAD")).trim() !== "0";
  }

  async #complete(id: string): Promise<void> {
    await this.#git("mv", `${IN_PROGRESS}/${id}.json`, `${COMPLETED}/${id}.json`);
    const result = { id, node_id: this.name, status: "success", exit_code: 0, stdout: "" };
    const text = JSON.stringify({ ...result, timestamp: new Date().toISOString() }, null, 2);
    await Deno.writeTextFile(join(this.folder, COMPLETED, `${id}.json`), text + "\n");
    await this.#git("add", "--all");
    await this.#git("commit", "--quiet", `--message=${this.name}: complete ${id}`);
    await this.#push();
  }

  /** Pulls where there is anything new. */
  async #pull(): Promise<void> {
    const [there] = (await this.#git("ls-remote", "origin", "refs/heads/main")).split("\t");
    if (there === (await this.#git("rev-parse", "HEAD")).trim()) return;
    await this.#git("pull", "--quiet", "--rebase", "origin", "main");
  }

  async #push(): Promise<void> {
    for (let tries = 1; tries <= PUSH_TRIES; tries++) {
      if (await this.#tryPush()) return;
      await backOff(tries);
      await this.#git("pull", "--quiet", "--rebase", "origin", "main");
    }
    throw new Error(`pushing: tried ${PUSH_TRIES} times in vain`);
  }

  async #tryPush(): Promise<boolean> {
    return await this.#git("push", "--quiet", "origin", "HEAD:main").then(() => true, (error) => {
      // As Git says it in its porcelain, and where two pushes want the same lock.
      if (/\[rejected\]|\[remote rejected\]|cannot lock ref/.test(error.message)) return false;
      throw error;
    });
  }

  #git(...args: string[]): Promise<string> {
    return plainGit(this.folder, ...args);
  }
}

async function backOff(tries: number): Promise<void> {
  const most = Math.min(BACKOFF_MS * 2 ** (tries - 1), MAX_BACKOFF_MS);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * most));
}
