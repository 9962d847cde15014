/**
 * All benchmarks, in the order in which they run.
 *
 * @module
 */
import type { Benchmark } from "./benchmark.ts";
import { busyGithub } from "./busy_github.ts";
import { contention } from "./contention.ts";
import { docker } from "./docker.ts";
import { firstSync } from "./first_sync.ts";
import { growth } from "./growth.ts";
import { idleHour } from "./idle_hour.ts";
import { latency } from "./latency.ts";
import { memory } from "./memory.ts";
import { sandbox } from "./sandbox.ts";
import { settle } from "./settle.ts";
import { startup } from "./startup.ts";
import { submit } from "./submit.ts";
import { throughput } from "./throughput.ts";

export const BENCHMARKS: readonly Benchmark[] = [
  throughput,
  contention,
  docker,
  sandbox,
  latency,
  submit,
  settle,
  firstSync,
  growth,
  idleHour,
  busyGithub,
  memory,
  startup,
];
