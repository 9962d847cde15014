import { deepStrictEqual as same, equal } from "node:assert/strict";
import { REF_PREFIX_RULE } from "../../lib/protocol/layout.ts";
import {
  checkAgainstSettings,
  decodeSettings,
  DEFAULT_SETTINGS,
} from "../../lib/protocol/settings.ts";
import { checkTask } from "../../lib/protocol/task.ts";
import { bytesOf, complaintOf, valueOf } from "./example.ts";

Deno.test("decodeSettings() fills in the defaults, which hold without a file too", () => {
  const defaults = {
    version: 1 as const,
    lease_seconds: 300,
    max_attempts: 3,
    max_timeout_seconds: 86_400,
    output_limit_bytes: 10_240,
    default_image: "python:3.11-alpine",
    ref_prefix: "refs/dgrid",
    wake: [],
  };
  same(valueOf(decodeSettings(bytesOf({ version: 1 }))), defaults);
  same(DEFAULT_SETTINGS, defaults);
});

Deno.test("decodeSettings() reads every field, at the end of its range", () => {
  const settings = {
    version: 1,
    lease_seconds: 5,
    max_attempts: 100,
    max_timeout_seconds: 1,
    output_limit_bytes: 1_048_576,
    default_image: "busybox",
    ref_prefix: `refs/${"x".repeat(95)}`,
    wake: Array(32).fill(`https://w.example.com/${"x".repeat(2026)}`),
  };
  same(valueOf(decodeSettings(bytesOf(settings))), settings);
});

const WAKE_RULE = "an http or https URL without a user, of at most 2048 characters";

const BAD: [changed: Record<string, unknown>, complaint: string][] = [
  [{ version: 2 }, "version: 2: must be 1, the only version there is"],
  [{ version: undefined }, "version: must be 1, the only version there is"],
  [{ lease_seconds: 4 }, "lease_seconds: 4: must be an integer from 5 to 86400"],
  [{ max_attempts: 0 }, "max_attempts: 0: must be an integer from 1 to 100"],
  [{ max_attempts: 101 }, "max_attempts: 101: must be an integer from 1 to 100"],
  [{ max_timeout_seconds: 0 }, "max_timeout_seconds: 0: must be an integer from 1 to 86400"],
  [
    { output_limit_bytes: 1_048_577 },
    "output_limit_bytes: 1048577: must be an integer from 1 to 1048576",
  ],
  [{ default_image: "" }, 'default_image: "": must not be empty'],
  [{ default_image: 1 }, "default_image: 1: must be a string"],
  [{ ref_prefix: 1 }, "ref_prefix: 1: must be a string"],
  [{ ref_prefix: "dgrid" }, `ref_prefix: "dgrid": must be ${REF_PREFIX_RULE}`],
  [{ wake: "http://w" }, 'wake: "http://w": must be an array'],
  [{ wake: [1] }, "wake.0: 1: must be a string"],
  [{ wake: ["w.example.com:80"] }, `wake.0: "w.example.com:80": must be ${WAKE_RULE}`],
  [{ wake: ["/wake"] }, `wake.0: "/wake": must be ${WAKE_RULE}`],
  [{ wake: ["file:///wake"] }, `wake.0: "file:///wake": must be ${WAKE_RULE}`],
  [{ wake: ["http://me@w"] }, `wake.0: "http://me@w": must be ${WAKE_RULE}`],
  [{ wake: ["http://:p@w"] }, `wake.0: "http://:p@w": must be ${WAKE_RULE}`],
  [
    { wake: [`http://${"w".repeat(2042)}`] },
    `wake.0: "http://${"w".repeat(49)}...: must be ${WAKE_RULE}`,
  ],
  [
    { wake: Array(33).fill("http://w") },
    'wake: ["http://w","http://w","http://w","http://w","http://w","...: must have at most 32 addresses',
  ],
  [{ policy: "open" }, 'policy: "open": unknown field'],
];

for (const [changed, complaint] of BAD) {
  Deno.test(`decodeSettings() refuses ${JSON.stringify(changed)}`, () => {
    equal(complaintOf(decodeSettings(bytesOf({ version: 1, ...changed }))), complaint);
  });
}

Deno.test("decodeSettings() refuses what is no object", () => {
  equal(complaintOf(decodeSettings(bytesOf("[]"))), "must be an object");
});

Deno.test("checkAgainstSettings() refuses a task that asks for more time than the ceiling", () => {
  const settings = { ...DEFAULT_SETTINGS, max_timeout_seconds: 60 };
  const task = (timeout_seconds: number) =>
    valueOf(checkTask({ task_id: "t", script: "x", timeout_seconds }));
  same(checkAgainstSettings(task(60), settings), { ok: true, value: task(60) });
  equal(
    complaintOf(checkAgainstSettings(task(61), settings)),
    "timeout_seconds: 61: must be at most 60, the grid's max_timeout_seconds",
  );
});
