import type { BrowserContext, Locator } from "@playwright/test";

import type { Application } from "./application";
import {
  BOTH,
  expect,
  expectForEverybody,
  inWindows,
  say,
  submitSignIn,
  test,
  todo,
  type User,
} from "./test";

inWindows(BOTH, () => {
  test("a session that expires takes nothing that was typed", async ({ page, context, user, own }) => {
    await say(page, "add buy milk");
    await page.getByLabel("Message").fill("add all that I thought of meanwhile");
    await endSession(context, user, own);
    await enterWhereItStillIs(page.getByLabel("Message"));

    await expect(page.getByText("Your session has expired.")).toBeVisible();
    await expectForEverybody(page);
    await submitSignIn(page, user);
    await expect(todo(page, "buy milk")).toBeVisible();
    // Where the list was the first to hear that the session is over, what was said stands beside the field.
    const message = page.getByLabel("Message");
    const again = page.getByText("Not answered: “add all that I thought of meanwhile”");
    await expect(async () => {
      expect(await message.inputValue()).toBe(
        (await again.isVisible()) ? "" : "add all that I thought of meanwhile",
      );
    }).toPass();
    if (await again.isVisible()) await page.getByRole("button", { name: "Send again" }).click();
    else await message.press("Enter");
    await expect(todo(page, "all that I thought of meanwhile")).toBeVisible();
  });
});

test("nor what was typed beside the chat", async ({ page, context, user, own }) => {
  await page.getByLabel("New todo").fill("what only I know");
  await endSession(context, user, own);
  await enterWhereItStillIs(page.getByLabel("New todo"));
  await submitSignIn(page, user);
  await expect(page.getByLabel("New todo")).toHaveValue("what only I know");
});

test("nobody who comes after a user reads what they typed", async ({ page, user }) => {
  await page.getByLabel("Message").fill("a secret");
  await page.getByLabel("New todo").fill("another");
  await page.getByRole("button", { name: /account$/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await submitSignIn(page, user);
  await expect(page.getByLabel("Message")).toHaveValue("");
  await expect(page.getByLabel("New todo")).toHaveValue("");
});

/** Ends it in the database, with the cookie that vouches for it for a minute; where that is not ours, it has no cookies any more. */
async function endSession(context: BrowserContext, user: User, own: Application | undefined) {
  await own?.endSessions(user.email);
  await context.clearCookies(own && { name: /session_data/ });
}

/** Sends what was typed, unless the list, which is live, has heard that the session is over and the page is another by now. */
async function enterWhereItStillIs(field: Locator) {
  if (await field.isVisible()) await field.press("Enter", { timeout: 5_000 }).catch(() => undefined);
}
