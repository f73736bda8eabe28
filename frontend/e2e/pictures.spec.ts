import type { Page } from "@playwright/test";

import { expect, inWindows, say, test, todo } from "./test";

/** Where the pages of the docs have them. */
const FOLDER = "../docs/images";

/** When it is in the pictures. */
const NOW = new Date("2026-11-26T10:00:00+01:00");

inWindows(["wide, light"], () => {
  test("pictures of the journey @pictures", async ({ page, user }) => {
    await page.clock.setFixedTime(NOW);
    await page.reload();
    await say(page, "add buy milk");
    await say(page, "add water the plants");
    await page.getByRole("button", { name: "New conversation" }).click();
    await addWithDates(page);
    await say(page, "add call Grandma");
    await expect(todo(page, "call Grandma"), user.name).toBeVisible();
    await todo(page, "buy milk").check();
    await page.screenshot({ path: `${FOLDER}/chat.png` });

    await page.getByLabel("Order").selectOption("Due first");
    await page.getByRole("button", { name: "Edit send the invoice" }).click();
    await expect(page.getByRole("dialog", { name: "Edit todo" })).toBeVisible();
    await page.screenshot({ path: `${FOLDER}/due-dates.png` });
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Conversations" }).click();
    await expect(page.getByRole("dialog").getByRole("listitem")).toHaveCount(2);
    await page.screenshot({ path: `${FOLDER}/history.png` });
  });
});

inWindows(["wide, dark", "narrow, light", "narrow, dark"], () => {
  test("a picture of the chat @pictures", async ({ page, user, viewport, colorScheme }) => {
    await page.clock.setFixedTime(NOW);
    await addWithDates(page);
    await page.reload();
    await say(page, "add buy milk");
    await expect(todo(page, "buy milk"), user.name).toBeVisible();
    const name = `chat-${viewport!.width}${colorScheme === "dark" ? "-dark" : ""}`;
    await page.screenshot({ path: `${FOLDER}/${name}.png` });
  });
});

async function addWithDates(page: Page): Promise<void> {
  const todos = [
    { title: "send the invoice", due_at: "2026-11-27T17:00:00+01:00", priority: "high" },
    { title: "return the library books", due_at: "2026-11-24T23:59:00+01:00" },
  ];
  // By the page itself: nothing is changed for another origin.
  await page.evaluate(async (todos) => {
    for (const todo of todos) {
      await fetch("/api/todos", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(todo),
      });
    }
  }, todos);
}
