import type { Request } from "@playwright/test";

import { expect, expectForEverybody, test, todo } from "./test";

test("ten thousand todos are looked through, and only some are drawn", async ({ page, user, own }) => {
  test.skip(!own, "nobody types ten thousand todos");
  await own!.addTodos(user.email, 10_000);
  let asked = 0;
  const underWay = new Set<Request>();
  const isList = (request: Request) =>
    new URL(request.url()).pathname === "/api/todos" && request.method() === "GET";
  page.on("request", (request) => {
    if (!isList(request)) return;
    asked++;
    underWay.add(request);
  });
  page.on("requestfinished", (request) => void underWay.delete(request));
  page.on("requestfailed", (request) => void underWay.delete(request));
  await page.reload();
  const items = page.getByRole("listitem").filter({ has: page.getByRole("checkbox") });
  await expect(todo(page, "task 1")).not.toHaveCount(0);
  expect(await items.count()).toBeLessThan(300);
  await expectForEverybody(page);

  // What is far down is reached by scrolling.
  await expect(async () => {
    await items.last().scrollIntoViewIfNeeded();
    expect(await page.getByRole("checkbox", { name: "500 task 500" }).count()).toBe(1);
  }).toPass();

  // What changes elsewhere costs one request for the list, however much of it was read,
  await expect(async () => {
    asked = 0;
    await page.waitForTimeout(1_000);
    expect([asked, underWay.size], "asked meanwhile, and under way").toEqual([0, 0]);
  }).toPass();
  await page.evaluate(async () => {
    const body = JSON.stringify({ title: "from elsewhere" });
    await fetch("/api/todos", { method: "POST", headers: { "content-type": "application/json" }, body });
  });
  await expect(page.getByRole("status").filter({ hasText: "open" })).toHaveText("10001 open");
  expect(asked).toBe(1);

  // and what is far down is found by looking for it.
  const typed = Date.now();
  await page.getByLabel("Search todos").pressSequentially("k 9876");
  const heard = Date.now();
  await expect(items).toHaveCount(1);
  console.log(
    `six keys are typed in ${heard - typed} ms, and the list is there after ${Date.now() - typed} ms`,
  );
  await todo(page, "task 9876").check();
  await expect(todo(page, "task 9876")).toBeFocused();
  await page.getByLabel("Search todos").fill("");
  await page.getByLabel("Show").selectOption("Done");
  await expect(items).toHaveCount(1);
  await page.getByLabel("Show").selectOption("All");
  await page.getByLabel("Order").selectOption("Newest first");
  await expect(items.first()).toContainText("from elsewhere");
  expect(await items.count()).toBeLessThan(300);
});
