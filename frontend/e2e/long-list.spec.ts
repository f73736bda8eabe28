import { expect, expectForEverybody, test, todo } from "./test";

test("ten thousand todos are looked through, and only some are drawn", async ({ page, user, own }) => {
  test.skip(!own, "nobody types ten thousand todos");
  await own!.addTodos(user.email, 10_000);
  await page.reload();
  const items = page.getByRole("listitem").filter({ has: page.getByRole("checkbox") });
  await expect(todo(page, "task 1")).not.toHaveCount(0);
  expect(await items.count()).toBeLessThan(300);
  await expectForEverybody(page);

  // What is far down is reached by scrolling,
  await expect(async () => {
    await items.last().scrollIntoViewIfNeeded();
    expect(await page.getByRole("checkbox", { name: "500 task 500" }).count()).toBe(1);
  }).toPass();

  // and by looking for it.
  await page.getByLabel("Search todos").fill("task 9876");
  await expect(items).toHaveCount(1);
  await todo(page, "task 9876").check();
  await expect(todo(page, "task 9876")).toBeFocused();
  await page.getByLabel("Search todos").fill("");
  await page.getByLabel("Show").selectOption("Done");
  await expect(items).toHaveCount(1);
  await page.getByLabel("Show").selectOption("All");
  await page.getByLabel("Order").selectOption("Newest first");
  await expect(items.first()).toContainText("task 10000");
  expect(await items.count()).toBeLessThan(300);
});
