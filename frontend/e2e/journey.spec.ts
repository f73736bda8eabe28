import {
  ALL,
  expect,
  expectForEverybody,
  inWindows,
  newUser,
  openMenu,
  say,
  submitSignIn,
  test,
  todo,
} from "./test";

inWindows(ALL, () => {
  test("sign up, add by chat, edit in a second tab, complete, undo, sign out", async ({ page, context }) => {
    const user = newUser();
    await page.goto("/");
    await expectForEverybody(page);
    // The page is there before its script.
    await expect(async () => {
      await page.getByRole("button", { name: "Sign up" }).click();
      await expect(page.getByLabel("Name")).toBeVisible({ timeout: 1_000 });
    }).toPass();
    await expectForEverybody(page);
    await page.getByLabel("Name").fill(user.name);
    await submitSignIn(page, user);
    await expect(page.getByText("Nothing to do.")).toBeVisible();

    await say(page, "add buy milk");
    await expect(todo(page, "buy milk")).toBeVisible();
    await say(page, "add water the plants");
    await expect(todo(page, "water the plants")).toBeVisible();
    await expectForEverybody(page);

    const other = await context.newPage();
    await other.goto("/");
    await other.getByRole("button", { name: "Edit buy milk" }).click();
    const editor = other.getByRole("dialog", { name: "Edit todo" });
    await expect(editor).toBeVisible();
    await expectForEverybody(other);
    await editor.getByLabel("Title").fill("buy oat milk");
    await editor.getByLabel("Due date").fill("2030-05-17");
    await editor.getByLabel("Time").fill("17:00");
    await editor.getByLabel("Priority").selectOption("High");
    await editor.getByRole("button", { name: "Save" }).click();
    await expect(editor).toBeHidden();

    // Nobody touched the first tab.
    const milk = page.getByRole("listitem").filter({ hasText: "buy oat milk" });
    await expect(milk).toContainText("Due 17 May 2030, 17:00");
    await expect(milk).toContainText("High priority");

    await todo(page, "buy oat milk").check();
    await expect(todo(other, "buy oat milk")).toBeChecked();
    await expectForEverybody(page);

    await page.getByRole("button", { name: "Clear done…" }).click();
    const question = page.getByRole("dialog", { name: "Clear what is done?" });
    await expectForEverybody(page);
    await question.getByRole("button", { name: "Clear done" }).click();
    await expect(page.getByText("Deleted 1 todo.")).toBeVisible();
    await expect(todo(other, "buy oat milk")).toBeHidden();
    await expect(page.getByRole("button", { name: "Clear done…" })).toBeHidden();
    await expectForEverybody(page);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(milk).toContainText("Due 17 May 2030, 17:00");
    await expect(milk).toContainText("High priority");
    await expect(todo(page, "buy oat milk")).toBeChecked();
    await expect(todo(other, "buy oat milk")).toBeChecked();
    await expect(page.getByRole("button", { name: "Undo" })).toBeHidden();
    await other.close();

    await page.getByRole("button", { name: "Delete buy oat milk" }).click();
    await expect(todo(page, "buy oat milk")).toBeHidden();
    await expectForEverybody(page);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(todo(page, "buy oat milk")).toBeChecked();
    await page.reload();
    await expect(todo(page, "buy oat milk")).toBeChecked();
    await expect(todo(page, "water the plants")).not.toBeChecked();

    await openMenu(page);
    await expect(page.getByText(user.email)).toBeVisible();
    await expectForEverybody(page);
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByLabel("Password")).toBeVisible();
    await page.reload();
    await expect(page.getByLabel("Password")).toBeVisible();
  });
});
