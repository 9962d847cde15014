import { deepStrictEqual as same, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { join } from "@std/path";
import type { Saying } from "../../lib/ledger/draft.ts";
import { notRun } from "../../lib/protocol/result.ts";
import { FolderShelf, outboxFolder } from "../../lib/worker/shelf.ts";
import { temporaryFolder } from "../support/git_server.ts";
import { noteWarnings } from "../support/warnings.ts";
import { makeTask } from "../support/memory_grid.ts";
import { diskTest } from "../support/small_disk.ts";

const AT = "2026-01-01T00:00:00.000Z";

function report(task_id: string, attempt = 1, stdout = "hello"): Saying {
  return {
    event: {
      kind: "report",
      task_id,
      node_id: "n1",
      attempt,
      claimed_at: AT,
      at: AT,
      outcome: "success",
      retries: 0,
      retry_at: AT,
    },
    execution: {
      ...notRun("success", "fine"),
      stdout,
      exit_code: 0,
      output: { a: [1, null] },
      started_at: AT,
      image: "x",
    },
    task: makeTask(task_id, { not_before: AT, labels: { a: "b" } }),
  };
}

function handBack(task_id: string): Saying {
  return {
    event: { kind: "hand_back", task_id, node_id: "n1", attempt: 1, claimed_at: AT, at: AT },
  };
}

/** An empty folder for a shelf, and what is warned of meanwhile. */
interface Place extends AsyncDisposable {
  folder: string;
  warnings: string[];
  /** The shelf of a further life. */
  shelf(): FolderShelf;
  names(): Promise<string[]>;
}

async function openPlace(): Promise<Place> {
  const { path, [Symbol.asyncDispose]: remove } = await temporaryFolder();
  const folder = join(path, "home", "outbox", "n1");
  const { warnings, [Symbol.asyncDispose]: forget } = await noteWarnings();
  return {
    folder,
    warnings,
    shelf: () => new FolderShelf(folder, "n1"),
    names: async () => (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort(),
    [Symbol.asyncDispose]: async () => {
      await forget();
      await remove();
    },
  };
}

/** The one file of a shelf. */
async function onlyFile({ folder, names }: Place): Promise<string> {
  const [name, ...more] = await names();
  same(more, []);
  return join(folder, name);
}

Deno.test("FolderShelf.load() gives what an earlier life has kept, with all that is in it", async () => {
  await using place = await openPlace();
  const sayings = [report("a"), handBack("b")];
  await place.shelf().keep(sayings);
  same(await place.shelf().load(), sayings);
  same(place.warnings, []);
});

Deno.test("FolderShelf.load() gives nothing, where nothing was ever kept", async () => {
  await using place = await openPlace();
  same(await place.shelf().load(), []);
  same(place.warnings, []);
});

Deno.test("FolderShelf.keep() keeps only ends of attempts, and each attempt once", async () => {
  await using place = await openPlace();
  const shelf = place.shelf();
  const claim: Saying = { event: { kind: "claim", task_id: "a", node_id: "n1", at: AT } };
  await shelf.keep([claim]);
  await rejects(place.names(), Deno.errors.NotFound);
  await shelf.keep([claim, report("a", 1, "old"), report("a", 2), report("A")]);
  await shelf.keep([report("a", 1, "new")]);
  const loaded = await place.shelf().load();
  const told = loaded.map(({ event, execution }) => `${event.task_id} ${execution?.stdout}`);
  same(told.sort(), ["A hello", "a hello", "a new"]);
});

Deno.test("FolderShelf.keep() writes files that only this user can read", async () => {
  await using place = await openPlace();
  await place.shelf().keep([report("a")]);
  equal((await Deno.stat(await onlyFile(place))).mode! & 0o777, 0o600);
  equal((await Deno.stat(place.folder)).mode! & 0o777, 0o700);
});

Deno.test("FolderShelf.drop() takes away what was delivered, and nothing else", async () => {
  await using place = await openPlace();
  const shelf = place.shelf();
  await shelf.keep([report("a"), report("b")]);
  await shelf.drop([report("a"), report("a"), handBack("never")]);
  same(await place.shelf().load(), [report("b")]);
});

const DAMAGES: [what: string, why: RegExp, damage: (path: string) => Promise<void>][] = [
  ["is empty", /must be JSON/, (path) => Deno.truncate(path, 0)],
  ["is cut off", /must be JSON/, (path) => Deno.truncate(path, 100)],
  ["is no text", /must be valid UTF-8/, (path) => Deno.writeFile(path, new Uint8Array([0xff]))],
  ["is of another kind", /event\.kind/, (path) => edit(path, '"report"', '"claim"')],
  ["is of another version", /version/, (path) => edit(path, '"version": 1', '"version": 2')],
  ["has an unknown field", /extra: 1: unknown field/, (path) => edit(path, "{", '{"extra": 1,')],
  ["has another outcome", /event\.outcome/, (path) => edit(path, '"success"', '"handed_back"')],
  ["has no execution of ours", /execution\.stdout/, (path) => edit(path, '"hello"', "7")],
  ["has a task that is none", /timeout_seconds/, (path) => edit(path, "300", "0")],
  ["is another node's", /not this node's/, (path) => edit(path, '"n1"', '"n2"')],
  [
    "is another attempt's",
    /under its own name/,
    (path) => edit(path, '"attempt": 1', '"attempt": 2'),
  ],
  ["is a link", /it is no file/, async (path) => {
    await Deno.rename(path, `${path}.unreadable.1`);
    await Deno.symlink(`${path}.unreadable.1`, path);
    await Deno.rename(`${path}.unreadable.1`, join(path, "../../elsewhere"));
  }],
  ["is a folder", /it is no file/, async (path) => {
    await Deno.remove(path);
    await Deno.mkdir(path);
  }],
  ["is too large", /it has more than 25165824 bytes/, (path) => Deno.truncate(path, 2 ** 31)],
];

async function edit(path: string, from: string, to: string): Promise<void> {
  const text = await Deno.readTextFile(path);
  ok(text.includes(from));
  await Deno.writeTextFile(path, text.replace(from, to));
}

for (const [what, why, damage] of DAMAGES) {
  Deno.test(`FolderShelf.load() sets a file aside that ${what}, and gives the others`, async () => {
    await using place = await openPlace();
    await place.shelf().keep([report("a")]);
    const path = await onlyFile(place);
    await damage(path);
    await place.shelf().keep([report("z")]);
    same(await place.shelf().load(), [report("z")]);
    equal(place.warnings.length, 1);
    match(place.warnings[0], why);
    ok(await Deno.lstat(`${path}.unreadable`), "it is not deleted");
    same(await place.shelf().load(), [report("z")]);
    equal(place.warnings.length, 1, "it is told once");
  });
}

Deno.test("FolderShelf.load() sets aside what was half written when its writer was killed", async () => {
  await using place = await openPlace();
  await place.shelf().keep([report("a")]);
  const path = await onlyFile(place);
  await Deno.copyFile(path, `${path}.tmp`);
  await Deno.truncate(`${path}.tmp`, 50);
  same(await place.shelf().load(), [report("a")]);
  equal(place.warnings.length, 1);
  const names = await place.names();
  same(names.map((name) => name.replace(/^.*\.json/, "")), ["", ".tmp.unreadable"]);
});

Deno.test("FolderShelf.load() takes what was written whole when its writer was killed", async () => {
  await using place = await openPlace();
  await place.shelf().keep([report("a", 1, "new")]);
  const path = await onlyFile(place);
  await Deno.rename(path, `${path}.tmp`);
  same(await place.shelf().load(), [report("a", 1, "new")]);
  equal(await onlyFile(place), path);
  await Deno.rename(path, `${path}.tmp`);
  await place.shelf().keep([report("b")]);
  await Deno.copyFile(`${path}.tmp`, path);
  equal((await place.shelf().load()).length, 2, "an attempt that is there twice is given once");
  same(place.warnings, []);
});

Deno.test("FolderShelf.load() throws, when the folder cannot be read", async () => {
  await using place = await openPlace();
  await Deno.mkdir(join(place.folder, ".."), { recursive: true });
  await Deno.writeTextFile(place.folder, "");
  await rejects(place.shelf().load(), {
    message: /^reading what could not be delivered: Not a dir/,
  });
  await rejects(place.shelf().keep([report("a")]), Deno.errors.AlreadyExists);
});

Deno.test("FolderShelf.load() leaves to a later life what does not fit into memory", async () => {
  await using place = await openPlace();
  await place.shelf().keep(["a", "b", "c"].map((id) => report(id, 1, "x".repeat(1_000))));
  const small = new FolderShelf(place.folder, "n1", 5_000);
  const first = await small.load();
  same(first.map(({ event }) => event.task_id), ["a", "b"]);
  match(place.warnings[0], /the rest is delivered later$/);
  await small.drop(first);
  same((await small.load()).map(({ event }) => event.task_id), ["c"]);
});

diskTest(
  "FolderShelf.keep() throws disk_full on a full disk, and keeps what it had",
  256,
  async (disk) => {
    const shelf = () => new FolderShelf(join(disk.path, "outbox", "n1"), "n1");
    await shelf().keep([report("a")]);
    await disk.fill();
    const full = { name: "GitError", trouble: "disk_full" };
    await rejects(shelf().keep([report("a", 1, "x".repeat(100_000))]), full);
    await rejects(shelf().keep([report("b", 1, "x".repeat(100_000))]), full);
    const left = await Array.fromAsync(Deno.readDir(join(disk.path, "outbox", "n1")));
    equal(left.length, 1, "nothing half written is left");
    same(await shelf().load(), [report("a")]);
    await disk.clear();
    await shelf().keep([report("b")]);
    same(await shelf().load(), [report("a"), report("b")]);
  },
);

Deno.test("outboxFolder() is another for each repository, branch and node, whatever the password", () => {
  const place = (url: string, branch = "main", nodeId = "n1") =>
    outboxFolder("/home", { url, branch, nodeId });
  const own = place("https://me:old@example.com/x.git");
  match(own, /^\/home\/outbox\/[0-9a-f]{16}\/n1$/);
  equal(place("https://new@example.com/x.git"), own);
  for (
    const other of [
      place("https://example.com/y.git"),
      place("https://example.com/x.git", "dev"),
      place("https://example.com/x.git", "main", "n2"),
    ]
  ) notEqual(other, own);
});
