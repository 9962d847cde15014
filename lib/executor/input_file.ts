/**
 * A task's input as a file that its container can read.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { resolve } from "@std/path";

const logger = getLogger(["dgrid", "executor"]);

/** A JSON file that lives as long as one attempt. */
export class InputFile implements AsyncDisposable {
  /** The file's absolute path. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Writes `input` to a new file in `folder`, which is made where it is missing. */
  static async write(folder: string, name: string, input: unknown): Promise<InputFile> {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    const file = new InputFile(resolve(folder, `${name}.json`));
    await Deno.writeTextFile(file.path, JSON.stringify(input));
    // The container's user is not ours, and the mode given at creation is subject to the umask.
    await Deno.chmod(file.path, 0o444);
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await discard(this.path);
  }
}

/** Removes what an attempt leaves behind. It never throws: the attempt's outcome matters more. */
export async function discard(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    logger.warn("{path} could not be removed: {error}", { path, error });
  }
}
