import { match, strictEqual } from "node:assert/strict";
import { join } from "@std/path";
import { bareRepository } from "../support/git_server.ts";
import { Playground } from "../support/playground.ts";

/** Runs `status` on an address, which must end with 1 and one line. */
async function complaint(place: Playground, repo: string): Promise<string> {
  const { code, stdout, stderr } = await place.run(["status"], { env: { DGRID_REPO_URL: repo } });
  strictEqual(code, 1, stderr);
  strictEqual(stdout, "");
  strictEqual(stderr.split("\n").length, 2, stderr);
  return stderr;
}

Deno.test("a server that nobody runs is named with advice", async () => {
  await using place = await Playground.empty();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const words = await complaint(place, `http://me:secret@127.0.0.1:${port}/x.git`);
  match(words, /^dgrid: reading the refs: .*127\.0\.0\.1.*; check the address and the network/);
  strictEqual(words.includes("secret"), false);
});

for (
  const [status, advice] of [[401, /check the credentials/], [404, /check the address/]] as const
) {
  Deno.test(`a server that answers ${status} is reported with advice`, async () => {
    await using place = await Playground.empty();
    const headers = { "www-authenticate": 'Basic realm="x"' };
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response("no", { status, headers }),
    );
    match(await complaint(place, `http://127.0.0.1:${server.addr.port}/x.git`), advice);
  });
}

Deno.test("a folder that is no repository is reported with advice", async () => {
  await using place = await Playground.empty();
  match(
    await complaint(place, "/none"),
    /check the address, or make a repository with: dgrid init/,
  );
});

Deno.test("a repository without a grid is reported with advice", async () => {
  await using place = await Playground.empty();
  const repo = await bareRepository(place.folder);
  match(
    await complaint(place, repo),
    /there is no refs\/heads\/main; set one up with: dgrid init$/m,
  );
});

Deno.test("settings that break a rule are named, with file, field, value and rule", async () => {
  await using place = await Playground.withGrid();
  await place.commit({ "dgrid.json": '{"version": 1, "lease_seconds": 1}' });
  match(
    await complaint(place, place.repo),
    /^dgrid: reading dgrid\.json: lease_seconds: 1: must be an integer from 5 to 86400; mend/,
  );
});

Deno.test("a stack trace is shown only to who asks for debug", async () => {
  await using place = await Playground.empty();
  const { stderr } = await place.run(["status", "--log-level", "debug", "--repo=/none"]);
  match(stderr, /^GitError: .*\n +at /m);
});

Deno.test("a missing git is one clear line", async () => {
  await using place = await Playground.empty();
  const empty = join(place.folder, "bin");
  await Deno.mkdir(empty);
  const { code, stderr } = await place.run(["status"], { env: { PATH: empty } });
  strictEqual(code, 1);
  match(stderr, /^dgrid: starting git: it is not installed.*\n$/);
});
