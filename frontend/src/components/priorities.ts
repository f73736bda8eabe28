import type { Priority } from "@/lib/api";

/** What each priority is called. */
export const PRIORITIES: Record<Priority, string> = { low: "Low", normal: "Normal", high: "High" };
