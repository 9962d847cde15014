/**
 * Makes the image that container tests run in. Ends with 1 and says why where that is impossible.
 *
 * @module
 */
import { importTestImage } from "./container_engine.ts";

const missing = await importTestImage();
if (missing !== undefined) {
  console.error(`making the test image: ${missing}`);
  Deno.exit(1);
}
