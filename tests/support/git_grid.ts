/**
 * Grids in real repositories on disk.
 *
 * @module
 */
import { join } from "@std/path";
import { systemClock } from "../../lib/clock.ts";
import { GitStore } from "../../lib/ledger/git_store.ts";
import { Ledger } from "../../lib/ledger/ledger.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { bareRepository, commitFiles, temporaryFolder } from "./git_server.ts";

/** A bare repository with a `dgrid.json`, and everybody's local copies, in one folder. */
export class GitGrid implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly url: string,
    private readonly remove: () => PromiseLike<void>,
  ) {}

  static async with(files: Record<string, string | Uint8Array> = {}): Promise<GitGrid> {
    const folder = await temporaryFolder();
    const url = await bareRepository(folder.path);
    const grid = new GitGrid(folder.path, url, () => folder[Symbol.asyncDispose]());
    await grid.commit({ "dgrid.json": '{"version": 1}', ...files });
    return grid;
  }

  /** Commits files with plain Git, as a person would. */
  async commit(
    files: Record<string, string | Uint8Array>,
    extra?: (work: string) => Promise<void>,
  ): Promise<void> {
    await commitFiles(this.folder, this.url, files, extra);
  }

  /** A process's view of the grid; it has its own local copy. */
  async open(name: string): Promise<Ledger> {
    const names = new RefNames();
    const host = { PATH: Deno.env.get("PATH")! };
    const home = join(this.folder, "home");
    const store = await GitStore.open({ url: this.url, home, names, host });
    const email = `${name}@example.com`;
    return new Ledger(store, names, { name, email, clock: systemClock, random: Math.random });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}
