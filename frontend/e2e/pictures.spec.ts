import type { Locator, Page } from "@playwright/test";

import { linkIn } from "../test/mail-server";
import { VirtualAuthenticator } from "./authenticator";
import { expect, inWindows, openMenu, say, scripted, test, todo } from "./test";

/** Where the pages of the docs have them. */
const FOLDER = "../docs/images";

/** When it is in the pictures. */
const NOW = new Date("2026-11-26T10:00:00+01:00");

test.use({ sendsMail: true });

inWindows(["wide, light"], () => {
  test.use({ email: "ada@example.com" });

  test("pictures of the journey @pictures", async ({ page, user, own, request }) => {
    await page.clock.setFixedTime(NOW);
    await page.reload();
    await say(page, "add buy milk");
    await say(page, "add water the plants");
    await page.getByRole("button", { name: "New conversation" }).click();
    await addWithDates(page);
    await say(page, "add call Grandma");
    await todo(page, "buy milk").check();
    await expect(page.getByRole("button", { name: "Clear done…" })).toBeVisible();
    await expect(page.getByRole("listitem").filter({ hasText: "buy milk" }).last()).toHaveAttribute(
      "aria-busy",
      "false",
    );
    await page.screenshot({ path: `${FOLDER}/chat.png` });

    own!.model.mood = "falters";
    await page.getByLabel("Message").fill("add book a table for Friday");
    await page.getByLabel("Message").press("Enter");
    await expect(page.getByRole("log").getByText("Is there")).toHaveCount(2);
    await takePart(page.getByRole("region", { name: "Chat" }), "streaming", { fromBottom: 360 });
    await page.getByRole("button", { name: "Stop" }).click();
    await expect(page.getByRole("button", { name: "Send", exact: true })).toBeVisible();
    own!.model.mood = "answers";

    await page.getByLabel("Order").selectOption("Due first");
    await page.getByRole("button", { name: "Edit send the invoice" }).click();
    await expect(page.getByRole("dialog", { name: "Edit todo" })).toBeVisible();
    await page.screenshot({
      path: `${FOLDER}/due-dates.png`,
      clip: { x: 420, y: 60, width: 820, height: 600 },
    });
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Conversations" }).click();
    await expect(page.getByRole("dialog").getByRole("listitem")).toHaveCount(2);
    await page.screenshot({
      path: `${FOLDER}/history.png`,
      clip: { x: 0, y: 0, width: 820, height: 480 },
    });
    await page.keyboard.press("Escape");

    await page.getByLabel("Tag").selectOption("#home");
    await page.getByLabel("Search todos").fill("the");
    await expect(page.getByRole("listitem").filter({ hasText: "#home" })).toHaveCount(2);
    await expect(todo(page, "call Grandma")).toBeHidden();
    await takePart(page.getByRole("region", { name: "Your todos" }), "search", { fromTop: 340 });

    await openMenu(page);
    await page.screenshot({
      path: `${FOLDER}/account.png`,
      clip: { x: 900, y: 0, width: 380, height: 370 },
    });
    const elsewhere = await request.post("/api/auth/sign-in/email", {
      data: user,
      headers: { "user-agent": "Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0" },
    });
    await expect(elsewhere).toBeOK();
    await page.getByRole("button", { name: "Sessions…" }).click();
    await expect(page.getByText("Firefox on Android")).toBeVisible();
    await page.getByRole("dialog").screenshot({ path: `${FOLDER}/sessions.png` });
    await page.keyboard.press("Escape");

    await VirtualAuthenticator.plugInto(page);
    await openMenu(page);
    await page.getByRole("button", { name: "Passkeys…" }).click();
    await page.getByLabel("Name").fill("My laptop");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await expect(page.getByText("The passkey is added.")).toBeVisible();
    await page.getByRole("dialog").screenshot({ path: `${FOLDER}/passkeys.png` });
  });
});

inWindows(["wide, dark", "narrow, light", "narrow, dark"], () => {
  test("a picture of the chat @pictures", async ({ page, user, viewport, colorScheme }) => {
    await page.clock.setFixedTime(NOW);
    await addWithDates(page);
    await page.reload();
    await say(page, "add buy milk");
    await expect(todo(page, "buy milk"), user.name).toBeVisible();
    await expect(page.getByRole("button", { name: "Send", exact: true })).toBeVisible();
    const name = `chat-${viewport!.width}${colorScheme === "dark" ? "-dark" : ""}`;
    await page.screenshot({ path: `${FOLDER}/${name}.png` });
  });
});

inWindows(["narrow, light"], () => {
  test.use({ email: "grace@example.com" });

  test("pictures of a forgotten password @pictures", async ({ page, context, user, own }) => {
    await context.clearCookies();
    await page.goto("/forgot-password");
    await scripted(page);
    await page.getByLabel("Email").fill(user.email);
    const mail = own!.mail!.next();
    await page.getByRole("button", { name: "Send the link" }).click();
    await expect(page.getByRole("heading", { name: "Look into your mail" })).toBeVisible();
    const clip = { x: 0, y: 150, width: 360, height: 440 };
    await page.screenshot({ path: `${FOLDER}/forgot-password.png`, clip });
    await page.goto(linkIn(await mail, own!.url, "reset-password").href);
    await page.screenshot({ path: `${FOLDER}/reset-password.png`, clip });
  });
});

/** Takes a picture of the first or the last pixels of something. */
async function takePart(
  of: Locator,
  name: string,
  { fromTop, fromBottom }: { fromTop?: number; fromBottom?: number },
): Promise<void> {
  const box = (await of.boundingBox())!;
  const height = fromTop ?? fromBottom!;
  const y = fromTop ? box.y : box.y + box.height - height;
  await of.page().screenshot({ path: `${FOLDER}/${name}.png`, clip: { ...box, y, height } });
}

async function addWithDates(page: Page): Promise<void> {
  const todos = [
    {
      title: "send the invoice",
      due_at: "2026-11-27T17:00:00+01:00",
      priority: "high",
      tags: ["work"],
    },
    {
      title: "return the library books",
      due_at: "2026-11-24T23:59:00+01:00",
      tags: ["home", "town"],
    },
    { title: "mend the tap", tags: ["home"] },
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
