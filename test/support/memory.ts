/** How much memory this process took at its peak. */
import { readFileSync } from "node:fs";

/**
 * Peak of resident memory in bytes. Linux counts a process's `maxRSS` from that of the one that started it; the peak of its own
 * memory is in /proc.
 */
export function peakMemory(): number {
  let kibibytes: string | undefined;
  try {
    kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
  } catch {
    // Not Linux.
  }
  return (kibibytes === undefined ? process.resourceUsage().maxRSS : Number(kibibytes)) * 1024;
}
