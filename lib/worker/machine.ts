import type { NodeRecord } from "../protocol/node_record.ts";

/** What this machine is; needs the grants for `hostname`, `cpus` and `systemMemoryInfo`. */
export function describeMachine(): NodeRecord["machine"] {
  return {
    hostname: Deno.hostname(),
    os: Deno.build.os,
    arch: Deno.build.arch,
    cpus: navigator.hardwareConcurrency,
    memory_mb: Math.floor(Deno.systemMemoryInfo().total / 2 ** 20),
  };
}
