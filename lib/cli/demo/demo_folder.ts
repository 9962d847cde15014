/**
 * The folder that a demo plays in.
 *
 * @module
 */
import { join } from "@std/path";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";

export class DemoFolder implements AsyncDisposable {
  private constructor(
    readonly path: string,
    private readonly context: Context,
  ) {}

  static async make(context: Context): Promise<DemoFolder> {
    return new DemoFolder(await Deno.makeTempDir({ prefix: "dgrid-demo-" }), context);
  }

  /** The bare repository. */
  get repo(): string {
    return join(this.path, "grid.git");
  }

  /** Where somebody keeps local state: a node, or the demo itself. */
  homeOf(who: string): string {
    return join(this.path, who);
  }

  /** The options that open the demo's grid. */
  get options(): OptionValues {
    const { options } = this.context;
    return { ...options, repo: this.repo, branch: "main", home: this.homeOf("demo") };
  }

  /** Removes the folder, unless the user wants to keep it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { options, terminal } = this.context;
    if (options.keep) terminal.tell(`kept: ${this.path}`);
    else await Deno.remove(this.path, { recursive: true });
  }
}
