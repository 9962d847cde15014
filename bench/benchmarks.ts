/**
 * All benchmarks, in the order in which they run.
 *
 * @module
 */
import type { Benchmark } from "./benchmark.ts";
import { contention } from "./contention.ts";
import { latency } from "./latency.ts";
import { settle } from "./settle.ts";
import { submit } from "./submit.ts";
import { throughput } from "./throughput.ts";

export const BENCHMARKS: readonly Benchmark[] = [throughput, contention, latency, submit, settle];
