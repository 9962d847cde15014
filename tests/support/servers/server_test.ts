/**
 * Tests that need a server of this machine. Where it is not installed they are reported as ignored,
 * with the reason; under `CI=true` that is a failure, so that nobody believes in tests that never
 * ran.
 *
 * @module
 */

/** Declares a test; `missing` is why it cannot run here, or undefined. */
export function serverTest(
  missing: string | undefined,
): (name: string, test: () => Promise<void>) => void {
  if (missing === undefined) return (name, test) => Deno.test(name, test);
  if (Deno.env.get("CI") !== "true") {
    return (name, fn) => Deno.test({ name: `${name} (ignored: ${missing})`, ignore: true, fn });
  }
  return (name) =>
    Deno.test(name, () => {
      throw new Error(`a test of a server must run under CI=true: ${missing}`);
    });
}
