/**
 * A task's input as a file that its container can read.
 *
 * @module
 */
import { resolve } from "@std/path";

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
    await Deno.remove(this.path);
  }
}
