import { type Locator, type Page } from "@playwright/test";

import { expect, newUser, settled, test, todo } from "./test";

test("everything is done without a mouse", async ({ page }) => {
  const user = newUser();
  const { keyboard } = page;
  await page.goto("/");
  await expect(async () => {
    await tabTo(page, page.getByRole("button", { name: "Sign up" }));
    await keyboard.press("Enter");
    await expect(page.getByLabel("Name")).toBeVisible({ timeout: 1_000 });
  }).toPass();
  for (const [label, value] of [
    ["Name", user.name],
    ["Email", user.email],
    ["Password", user.password],
  ] as const) {
    await tabTo(page, page.getByLabel(label));
    await keyboard.type(value);
  }
  await keyboard.press("Enter");

  // Where one begins to type.
  await expect(page.getByLabel("Message")).toBeFocused();
  await settled(page);
  await keyboard.type("add buy milk");
  await keyboard.press("Enter");
  await expect(todo(page, "buy milk")).toBeVisible();
  await expect(page.getByLabel("Message")).toBeFocused();

  await tabTo(page, page.getByLabel("New todo"));
  await keyboard.type("walk the dog");
  await keyboard.press("Enter");
  await expect(todo(page, "walk the dog")).toBeVisible();
  await expect(page.getByLabel("New todo")).toBeFocused();

  await tabTo(page, todo(page, "buy milk"));
  await keyboard.press("Space");
  await expect(todo(page, "buy milk")).toBeChecked();
  await expect(todo(page, "buy milk")).toBeFocused();

  const edit = page.getByRole("button", { name: "Edit walk the dog" });
  await tabTo(page, edit);
  await keyboard.press("Enter");
  await expect(page.getByLabel("Title")).toBeFocused();
  await keyboard.press("Escape");
  await expect(edit).toBeFocused();
  await keyboard.press("Enter");
  await expect(page.getByLabel("Title")).toBeFocused();
  await keyboard.press("ControlOrMeta+A");
  await keyboard.type("walk the cat");
  await keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByRole("button", { name: "Edit walk the cat" })).toBeFocused();

  await tabTo(page, page.getByRole("button", { name: "Delete walk the cat" }));
  await keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Delete buy milk" })).toBeFocused();
  await expect(page.getByRole("button", { name: "Undo" })).toBeVisible();
  await tabTo(page, page.getByRole("button", { name: "Undo" }), "Shift+Tab");
  await keyboard.press("Enter");
  await expect(todo(page, "walk the cat")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Your todos" })).toBeFocused();

  await page.getByRole("combobox", { name: "Show" }).selectOption("Open");
  await page.getByLabel("New todo").fill("sweep");
  await keyboard.press("Enter");
  await expect(todo(page, "sweep")).toBeVisible();
  await tabTo(page, todo(page, "walk the cat"));
  await keyboard.press("Space");
  await expect(todo(page, "walk the cat")).toBeHidden();
  await expect(todo(page, "sweep"), "the next that is open").toBeFocused();
  await page.getByRole("combobox", { name: "Show" }).selectOption("Done");
  await tabTo(page, todo(page, "walk the cat"));
  await keyboard.press("Space");
  await page.getByRole("combobox", { name: "Show" }).selectOption("All");

  await tabTo(page, page.getByRole("button", { name: "Clear done…" }));
  await keyboard.press("Enter");
  await tabTo(page, page.getByRole("dialog").getByRole("button", { name: "Clear done" }));
  await keyboard.press("Enter");
  await expect(page.getByText("Deleted 1 todo.")).toBeVisible();
  await expect(todo(page, "buy milk")).toBeHidden();
  await expect(page.getByRole("heading", { name: "Your todos" })).toBeFocused();
  await tabTo(page, page.getByRole("button", { name: "Undo" }));
  await keyboard.press("Enter");
  await expect(todo(page, "buy milk")).toBeChecked();
  await expect(page.getByRole("heading", { name: "Your todos" })).toBeFocused();

  await tabTo(page, page.getByRole("button", { name: "Conversations" }), "Shift+Tab");
  await keyboard.press("Enter");
  await tabTo(page, page.getByRole("dialog").getByRole("button", { name: /^add buy milk/ }));
  await keyboard.press("Enter");
  await expect(page.getByLabel("Message")).toBeFocused();

  await tabTo(page, page.getByRole("button", { name: /account$/ }), "Shift+Tab");
  await keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Sign out" }));
  await keyboard.press("Enter");
  await expect(page.getByLabel("Password")).toBeVisible();
});

/** Goes from control to control until it is reached, and sees that the focus is shown on the way. */
async function tabTo(page: Page, target: Locator, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  await expect(target).toBeVisible();
  for (let pressed = 0; pressed < 60; pressed++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${String(target)} is not reached by ${key}`);
}
