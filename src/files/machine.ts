/** @file What numbers were measured on; they mean nothing without it. */
import { cpus, totalmem } from "node:os";

export interface Machine {
  /** Day of the measurement, in UTC. */
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly node: string;
  readonly platform: string;
}

/** This machine, today. */
export function thisMachine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}
