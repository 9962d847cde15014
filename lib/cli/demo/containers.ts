/**
 * Whether the demo can have containers.
 *
 * @module
 */
import { ContainerEngine } from "../../executor/container_engine.ts";
import { ImageStore } from "../../executor/image_store.ts";
import { DEFAULT_SETTINGS } from "../../protocol/settings.ts";

/** An image that takes longer than this is left out of a demo. */
const PULL_MS = 8_000;

/**
 * Looks for a container engine and the image that scripts run in, and pulls it if that is fast.
 *
 * @returns why there are no containers; undefined where there are
 */
export async function whyNoContainers(env: Record<string, string>): Promise<string | undefined> {
  const engine = new ContainerEngine("docker", env);
  if (!(await engine.answers())) return "no container engine answers";
  const image = DEFAULT_SETTINGS.default_image;
  await using images = new ImageStore(engine);
  const tooLong = AbortSignal.timeout(PULL_MS);
  try {
    const found = await images.ensure(image, tooLong);
    return found.ok ? undefined : `the image ${image} cannot be had: ${found.words}`;
  } catch (error) {
    if (tooLong.aborted) return `the image ${image} did not arrive within ${PULL_MS / 1000} s`;
    return (error as Error).message;
  }
}
