/**
 * What container tests stand on: an engine that answers, and an image that needs no registry.
 *
 * A container test runs where both are there. Elsewhere it is reported as ignored, with the reason
 * in its name; under `CI=true` that is a failure, so that nobody believes in tests that never ran.
 *
 * @module
 */
import { run, textOf } from "../../lib/process.ts";

/** The image that container tests run in: busybox, and nothing else. */
export const TEST_IMAGE = "dgrid-test/busybox:1";

/** The image that a task without one runs in. Where it is missing, busybox takes its name. */
const DEFAULT_IMAGE = "python:3.11-alpine";

const BUSYBOX = "/bin/busybox";

/**
 * Makes sure that the test image is there, from the statically linked busybox of this machine.
 *
 * @returns why it cannot be had, or undefined
 */
export async function importTestImage(): Promise<string | undefined> {
  if (!(await docker(["version"])).ok) return "no container engine answers";
  if (!(await hasImage(TEST_IMAGE))) {
    const missing = await importBusybox();
    if (missing !== undefined) return missing;
  }
  if (!(await hasImage(DEFAULT_IMAGE))) await docker(["tag", TEST_IMAGE, DEFAULT_IMAGE]);
  return undefined;
}

/** Declares a test that needs a container engine and the test image. */
export function containerTest(name: string, test: () => Promise<void>): void {
  const missing = unavailable;
  if (missing === undefined) return Deno.test(name, test);
  if (Deno.env.get("CI") === "true") {
    return Deno.test(name, () => {
      throw new Error(`a container test must run under CI=true: ${missing}`);
    });
  }
  Deno.test({ name: `${name} (ignored: ${missing})`, ignore: true, fn: test });
}

/** Runs the engine's client with this process's environment. */
export async function docker(
  args: string[],
  stdin?: Uint8Array,
): Promise<{ ok: boolean; stdout: string; stderr: string }> {
  try {
    const result = await run(["docker", ...args], { stdin, env: Deno.env.toObject() });
    const { stdout, stderr, code } = result;
    return { ok: code === 0, stdout: textOf(stdout).trim(), stderr: textOf(stderr).trim() };
  } catch (error) {
    return { ok: false, stdout: "", stderr: String(error) };
  }
}

async function hasImage(image: string): Promise<boolean> {
  return (await docker(["image", "inspect", image])).ok;
}

/** Packs busybox, a link to it for each of its programs, /tmp and a list of users. */
const PACK = `
  set -e
  mkdir bin etc tmp
  chmod 1777 tmp
  cp "$1" bin/busybox
  for applet in $(./bin/busybox --list); do
    [ "$applet" = busybox ] || ln -s busybox "bin/$applet"
  done
  printf 'root:x:0:0:root:/:/bin/sh\\nuser:x:1000:1000:user:/tmp:/bin/sh\\n' > etc/passwd
  tar -cf - bin etc tmp
`;

async function importBusybox(): Promise<string | undefined> {
  const folder = await Deno.makeTempDir({ prefix: "dgrid-image-" });
  try {
    const env = { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin" };
    const packed = await run(["sh", "-c", PACK, "sh", BUSYBOX], { cwd: folder, env });
    if (packed.code !== 0) return `no test image: ${textOf(packed.stderr).trim()}`;
    const imported = await docker(["import", "-", TEST_IMAGE], packed.stdout.bytes);
    return imported.ok ? undefined : `no test image: ${imported.stderr}`;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const unavailable = await importTestImage();
