import type { Page, Request } from "@playwright/test";

import type { TodoPage, TodoRead as Todo } from "../src/lib/api-schema";
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

test("thousands that are done are cleared together, read or not, and come back as they were", async ({
  page,
  context,
  user,
  own,
}) => {
  test.skip(!own, "nobody types thousands of todos");
  await own!.addTodos(user.email, 3_000, 2_100);
  await page.reload();
  const other = await context.newPage();
  await other.goto("/");
  await expect(todo(other, "task 1")).not.toHaveCount(0);
  const clearings: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "DELETE") clearings.push(request.url());
  });

  await page.getByRole("button", { name: "Clear done…" }).click();
  const before = await everyTodo(page);
  await page.getByRole("dialog").getByRole("button", { name: "Clear done" }).click();
  await expect(page.getByText("Deleted 2100 todos.")).toBeVisible();
  expect(clearings).toHaveLength(3);
  for (const each of [page, other]) {
    await expect(each.getByRole("checkbox").first()).toHaveAccessibleName("2101 task 2101");
    await expect(each.getByRole("button", { name: "Clear done…" })).toBeHidden();
  }
  expect(await everyTodo(page)).toEqual(before.slice(2_100));

  await page.getByRole("button", { name: "Undo" }).click();
  for (const each of [page, other]) {
    await expect(each.getByRole("checkbox", { name: "1 task 1", exact: true })).toBeChecked();
  }
  await expect(page.getByRole("button", { name: "Undo" })).toBeHidden();
  expect(await everyTodo(page)).toEqual(before);
});

/** What the user's todos are, all but how often they were changed. */
async function everyTodo(page: Page): Promise<Todo[]> {
  const found: Todo[] = [];
  for (let cursor = ""; ;) {
    const params = { limit: 500, ...(cursor && { cursor }) };
    const answer = await page.request.get("/api/todos", { params });
    const { todos, next_cursor } = (await answer.json()) as TodoPage;
    found.push(...todos.map((todo) => ({ ...todo, version: 0 })));
    if (!next_cursor) return found;
    cursor = next_cursor;
  }
}
