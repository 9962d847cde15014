/**
 * A disk that is soon full.
 *
 * A test on it needs the right to mount. Elsewhere it is reported as ignored, with the reason in its
 * name; under `CI=true` that is a failure where the user is root, so that nobody believes in tests that
 * never ran.
 *
 * @module
 */
import { join } from "@std/path";
import { run, textOf } from "../../lib/process.ts";
import { temporaryFolder } from "./git_server.ts";

/** A disk of its own in memory, which vanishes when its scope ends. */
export interface SmallDisk extends AsyncDisposable {
  path: string;
  /** Leaves no room on it. */
  fill(): Promise<void>;
  /** Makes room again. */
  clear(): Promise<void>;
}

/** @param kilobytes how large it is */
async function smallDisk(kilobytes: number): Promise<SmallDisk> {
  const folder = await temporaryFolder();
  const path = join(folder.path, "disk");
  await Deno.mkdir(path);
  await shell('mount -t tmpfs -o size="$1"k tmpfs "$2"', String(kilobytes), path);
  const filling = join(path, "filling");
  return {
    path,
    fill: () => shell('head -c 1000000000 /dev/zero > "$1" 2> /dev/null || :', filling),
    clear: () => Deno.remove(filling),
    [Symbol.asyncDispose]: async () => {
      // Lazily: a git that was killed may still have something open there.
      await shell('umount -l "$1"', path);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Declares a test on a small disk. */
export function diskTest(
  name: string,
  kilobytes: number,
  test: (disk: SmallDisk) => Promise<void>,
): void {
  const fn = async () => {
    await using disk = await smallDisk(kilobytes);
    await test(disk);
  };
  if (whyNot === undefined) return Deno.test(name, fn);
  if (Deno.env.get("CI") === "true" && Deno.uid() === 0) {
    return Deno.test(name, () => {
      throw new Error(`a test on a small disk must run under CI=true: ${whyNot}`);
    });
  }
  Deno.test({ name: `${name} (ignored: ${whyNot})`, ignore: true, fn });
}

async function shell(script: string, ...args: string[]): Promise<void> {
  const env = { PATH: Deno.env.get("PATH")! };
  const { code, stderr } = await run(["sh", "-c", script, "sh", ...args], { env });
  if (code !== 0) throw new Error(`${script}: ${textOf(stderr).trim()}`);
}

/** Why nothing can be mounted here; undefined where it can. */
async function mounting(): Promise<string | undefined> {
  try {
    await using _disk = await smallDisk(64);
    return undefined;
  } catch (error) {
    return `a disk cannot be mounted: ${(error as Error).message.split(": ").at(-1)}`;
  }
}

const whyNot = await mounting();
