import { describe, expect, test, vi } from "vitest";

import { inTurn, passwords } from "./passwords";

describe("passwords", () => {
  test("are hashed as Better Auth does", async () => {
    const hash = await passwords.hash("correct horse");
    expect(await passwords.verify({ hash, password: "correct horse" })).toBe(true);
    expect(await passwords.verify({ hash, password: "wrong" })).toBe(false);
  });

  test("are worked on one at a time, in the order in which they came, also after one has failed", async () => {
    let running = 0;
    const order: number[] = [];
    const work = (number: number) =>
      inTurn(async () => {
        expect(++running).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running--;
        order.push(number);
        if (number === 1) throw new Error("broken");
      });
    const outcomes = await Promise.allSettled([work(1), work(2), work(3)]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    expect(order).toEqual([1, 2, 3]);
  });

  test("of the 101st at once are refused, with a time to come back, and taken again later", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const first = Array.from({ length: 100 }, () => inTurn(() => held));
    await expect(inTurn(async () => undefined)).rejects.toMatchObject({
      status: "SERVICE_UNAVAILABLE",
      headers: { "Retry-After": "10" },
    });
    release();
    await Promise.all(first);
    expect(await inTurn(async () => "done")).toBe("done");
  });

  test("that waited for 15 seconds are refused when their turn comes, and nothing is done for them", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      let release = () => {};
      let slow: Promise<void> | undefined;
      await new Promise<void>((begun) => {
        slow = inTurn(() => new Promise((resolve) => ((release = resolve), begun())));
      });
      const done = vi.fn(async () => "done");
      const tooLate = expect(inTurn(done)).rejects.toMatchObject({ status: "SERVICE_UNAVAILABLE" });
      vi.advanceTimersByTime(1);
      const inTime = inTurn(async () => "in time");
      vi.advanceTimersByTime(15_000);
      release();
      await Promise.all([slow, tooLate]);
      expect(done).not.toHaveBeenCalled();
      expect(await inTime).toBe("in time");
    } finally {
      vi.useRealTimers();
    }
  });
});
