/** @file What numbers were measured on; they mean nothing without it. */
import { cpus, totalmem } from "node:os";

/** This machine, and the day in UTC. */
export function thisMachine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}
