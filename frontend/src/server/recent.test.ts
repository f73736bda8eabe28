import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { Recent } from "./recent";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("what is kept for a while", () => {
  test("is there until its time is over, however often it is looked at", () => {
    const recent = new Recent<string>(1_000, 10);
    recent.set("a", "kept");
    vi.advanceTimersByTime(999);
    expect(recent.get("a")).toBe("kept");
    vi.advanceTimersByTime(1);
    expect(recent.get("a")).toBeUndefined();
  });

  test("makes room, oldest first", () => {
    const recent = new Recent<string>(1_000, 2);
    for (const key of ["a", "b", "a", "c"]) recent.set(key, key);
    expect(["a", "b", "c"].map((key) => recent.get(key))).toEqual(["a", undefined, "c"]);
  });

  test("can be taken away", () => {
    const recent = new Recent<string>(1_000, 2);
    recent.set("a", "kept");
    recent.delete("a");
    expect(recent.get("a")).toBeUndefined();
  });
});
