/**
 * The real program as a child process with its real grants, on real repositories in a folder that
 * vanishes with the test.
 *
 * @module
 */
import { join } from "@std/path";
import { RUN_FLAGS } from "../../lib/run_flags.ts";
import { commitFiles, plainGit, temporaryFolder } from "./git_server.ts";
import { REPOSITORY } from "./module_graph.ts";
import type { Finished } from "./run_deno.ts";
import { sourceFlags } from "./source_flags.ts";

export interface RunOptions {
  stdin?: string;
  env?: Record<string, string>;
}

/** A folder with a grid in it, and a user at a keyboard. */
export class Playground implements AsyncDisposable {
  readonly repo: string;
  readonly #children: Deno.ChildProcess[] = [];

  private constructor(
    readonly folder: string,
    private readonly remove: () => PromiseLike<void>,
  ) {
    this.repo = join(folder, "grid.git");
  }

  /** A folder without a grid. */
  static async empty(): Promise<Playground> {
    const folder = await temporaryFolder();
    const user = "[user]\n\tname = Tester\n\temail = tester@example.com\n";
    await Deno.writeTextFile(join(folder.path, "gitconfig"), user);
    return new Playground(folder.path, () => folder[Symbol.asyncDispose]());
  }

  /** A folder with a grid. */
  static async withGrid(): Promise<Playground> {
    const playground = await Playground.empty();
    const { code, stderr } = await playground.run(["init"]);
    if (code !== 0) throw new Error(`dgrid init: ${stderr}`);
    return playground;
  }

  /** Runs `dgrid ARGS` to its end. */
  async run(args: string[], { stdin, env }: RunOptions = {}): Promise<Finished> {
    const child = this.start(args, env);
    const writer = child.stdin.getWriter();
    if (stdin !== undefined) await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  }

  /** Starts `dgrid ARGS`. */
  start(args: string[], env: Record<string, string> = {}): Deno.ChildProcess {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        `--config=${join(REPOSITORY, "deno.json")}`,
        ...sourceFlags().map((flag) => flag.replace("=", `=${REPOSITORY}`)),
        ...RUN_FLAGS,
        join(REPOSITORY, "main.ts"),
        ...args,
      ],
      cwd: this.folder,
      env: {
        NO_COLOR: "1",
        LOG_LEVEL: "warning",
        GIT_CONFIG_GLOBAL: join(this.folder, "gitconfig"),
        DGRID_REPO_URL: this.repo,
        DGRID_HOME: join(this.folder, "home"),
        ...env,
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#children.push(child);
    return child;
  }

  /** Writes a file into the folder. */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.mkdir(join(this.folder, name, ".."), { recursive: true });
    await Deno.writeFile(join(this.folder, name), bytes);
  }

  /** The commit of the branch. */
  async tip(): Promise<string> {
    return (await plainGit(this.repo, "rev-parse", "main")).trim();
  }

  /** The files of the branch. */
  async files(): Promise<string[]> {
    const listed = await plainGit(this.repo, "ls-tree", "-r", "--name-only", "main");
    return listed.split("\n").filter((line) => line !== "");
  }

  /** A file of the branch, as JSON. */
  async json(path: string): Promise<Record<string, unknown>> {
    return JSON.parse(await plainGit(this.repo, "show", `main:${path}`));
  }

  /** The first lines of commit messages, newest first. */
  async log(range: string): Promise<string[]> {
    return (await plainGit(this.repo, "log", "--format=%s", range)).trim().split("\n");
  }

  /** Commits files with plain Git. */
  async commit(files: Record<string, string>): Promise<void> {
    await commitFiles(this.folder, this.repo, files);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A test that failed half-way leaves programs running.
    for (const child of this.#children) killQuietly(child);
    await Promise.all(this.#children.map(({ status }) => status));
    await this.remove();
  }
}

function killQuietly(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

/** Nothing that a test waits for takes this long. */
const PATIENCE_MS = 30_000;

/** What a program says, line by line. */
export class Lines implements AsyncDisposable {
  readonly all: string[] = [];
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    const decoder = new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>;
    this.#reader = stream.pipeThrough(decoder).getReader();
  }

  /** Reads on until a line matches, and gives what matched. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const timer = setTimeout(() => void this.#reader.cancel(), PATIENCE_MS);
    try {
      return await this.#find(pattern);
    } finally {
      clearTimeout(timer);
    }
  }

  async #find(pattern: RegExp): Promise<RegExpExecArray> {
    for (let next = await this.#reader.read(); !next.done; next = await this.#reader.read()) {
      const lines = (this.#rest + next.value).split("\n");
      this.#rest = lines.pop()!;
      this.all.push(...lines);
      for (const line of lines) {
        const found = pattern.exec(line);
        if (found) return found;
      }
    }
    throw new Error(`waiting for ${pattern}: it did not come: ${this.all.join("\n")}`);
  }

  /** Reads the rest. */
  async [Symbol.asyncDispose](): Promise<void> {
    while (!(await this.#reader.read()).done);
  }
}
