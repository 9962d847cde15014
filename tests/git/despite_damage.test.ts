import { equal, rejects } from "node:assert/strict";
import { despiteDamage } from "../../lib/git/despite_damage.ts";
import { GitError, type GitTrouble } from "../../lib/git/git_error.ts";

/** Fails so often with some trouble, then gives the number of tries. */
function failing(times: number, trouble: GitTrouble): () => Promise<number> {
  let tries = 0;
  return () => {
    if (++tries <= times) return Promise.reject(new GitError(`try ${tries}`, trouble, 128));
    return Promise.resolve(tries);
  };
}

Deno.test("despiteDamage() begins anew when the local copy was damaged", async () => {
  equal(await despiteDamage(failing(2, "damaged")), 3);
});

Deno.test("despiteDamage() gives up with the third damage in a row", async () => {
  await rejects(despiteDamage(failing(3, "damaged")), /try 3/);
});

Deno.test("despiteDamage() does nothing twice for other trouble", async () => {
  await rejects(despiteDamage(failing(1, "unreachable")), /try 1/);
});
