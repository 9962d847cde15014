import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { InvalidInput } from "../../lib/protocol/problem.ts";
import { CoalescedBell } from "../../lib/wake/coalesced_bell.ts";
import { listenAddressText, parseListenAddress } from "../../lib/wake/listen_address.ts";
import { wakeSecretIn } from "../../lib/wake/wake_secret.ts";
import { VirtualClock } from "../support/memory_grid.ts";

const ADDRESSES: [text: string, hostname: string, port: number][] = [
  ["127.0.0.1:8787", "127.0.0.1", 8787],
  ["[::1]:8787", "::1", 8787],
  ["[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1],
  ["0.0.0.0:80", "0.0.0.0", 80],
  ["build-7.example.com:65535", "build-7.example.com", 65_535],
  ["localhost:0", "localhost", 0],
];

for (const [text, hostname, port] of ADDRESSES) {
  Deno.test(`parseListenAddress() reads ${text}, and listenAddressText() writes it`, () => {
    deepStrictEqual(parseListenAddress(text), { hostname, port });
    strictEqual(listenAddressText({ hostname, port }), text);
  });
}

for (
  const text of [
    "",
    ":8787",
    "8787",
    "127.0.0.1",
    "::1:8787",
    "[::1]",
    "a:65536",
    "a:-1",
    "a:8x",
    "a b:1",
  ]
) {
  Deno.test(`parseListenAddress() refuses "${text}"`, () => {
    strictEqual(parseListenAddress(text), undefined);
  });
}

Deno.test("wakeSecretIn() reads a secret of at least 16 characters, and shows none", () => {
  strictEqual(wakeSecretIn({}), undefined);
  strictEqual(wakeSecretIn({ DGRID_WAKE_SECRET: "" }), undefined);
  strictEqual(wakeSecretIn({ DGRID_WAKE_SECRET: "0123456789abcdef" }), "0123456789abcdef");
  throws(
    () => wakeSecretIn({ DGRID_WAKE_SECRET: "0123456789abcde" }),
    new InvalidInput(
      "reading DGRID_WAKE_SECRET: 15 characters: must be at least 16; make one with: openssl rand -hex 32",
    ),
  );
});

Deno.test("CoalescedBell passes the first ring on at once, and those that follow as one", async () => {
  const clock = new VirtualClock();
  const passed: number[] = [];
  using bell = new CoalescedBell(() => passed.push(clock.elapsedMs()), 100, clock);
  for (let ring = 0; ring < 5; ring++) bell.ring();
  deepStrictEqual(passed, [0]);
  await clock.wait(250);
  deepStrictEqual(passed, [0, 100]);
  bell.ring();
  bell.ring();
  deepStrictEqual(passed, [0, 100, 250]);
  await clock.wait(250);
  deepStrictEqual(passed, [0, 100, 250, 350]);
});

Deno.test("CoalescedBell passes nothing on once it is disposed of", async () => {
  const clock = new VirtualClock();
  let passed = 0;
  const bell = new CoalescedBell(() => passed++, 100, clock);
  bell.ring();
  bell.ring();
  bell[Symbol.dispose]();
  bell.ring();
  await clock.wait(500);
  strictEqual(passed, 1);
});
