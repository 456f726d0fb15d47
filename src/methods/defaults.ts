/** @file The method where nobody names one. */
import type { CompressionMethod, Signal } from "../core/index.js";
import { mmTok } from "./mmtok.js";
import { recoverable } from "./recoverable/index.js";

/**
 * The method for a table or model with these signals: `mmtok` where they allow it but not `recoverable` (towers without a class
 * token), else `recoverable`.
 */
export function defaultMethod(signals: readonly Signal[]): CompressionMethod {
  const serves = ({ needs }: CompressionMethod) => needs.every((signal) => signals.includes(signal));
  return serves(mmTok) && !serves(recoverable) ? mmTok : recoverable;
}
