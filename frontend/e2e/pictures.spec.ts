import type { Locator, Page } from "@playwright/test";

import { linkIn } from "../test/mail-server";
import { VirtualAuthenticator } from "./authenticator";
import { expect, inWindows, openMenu, say, scripted, submitSignIn, test, todo } from "./test";

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

test.describe("in a small window", () => {
  test.use({ viewport: { width: 360, height: 640 }, colorScheme: "light" });

  test("a strip of the journey @pictures", async ({ page, context, own }) => {
    const user = { name: "Ada", email: "ada.l@example.com", password: "correct horse battery" };
    const frames: Frame[] = [];
    const take = async (caption: string, of: Page, place?: Locator) => {
      await place?.evaluate((element) => element.scrollIntoView());
      frames.push({ caption, picture: await of.screenshot() });
    };
    const list = (of: Page) => of.getByRole("region", { name: "Your todos" });
    await page.clock.setFixedTime(NOW);
    await page.goto("/");
    await scripted(page);
    await page.getByRole("button", { name: "Sign up" }).click();
    await page.getByLabel("Name").fill(user.name);
    await page.getByLabel("Email").fill(user.email);
    await page.getByLabel("Password").fill(user.password);
    await take("Sign up", page);
    const mail = own!.mail!.next();
    await page.getByRole("button", { name: "Create account" }).click();
    const token = linkIn(await mail, own!.url, "verify-email").hash.slice(1);
    await expect(await page.request.get("/api/auth/verify-email", { params: { token } })).toBeOK();
    await page.getByRole("button", { name: "Back to sign-in" }).click();
    await submitSignIn(page, user);

    await say(page, "add buy milk");
    await say(page, "add water the plants");
    await expect(todo(page, "water the plants")).toBeVisible();
    await take("Add by chat", page);

    const other = await context.newPage();
    await other.goto("/");
    await other.getByRole("button", { name: "Edit buy milk" }).click();
    const editor = other.getByRole("dialog", { name: "Edit todo" });
    await editor.getByLabel("Title").fill("buy oat milk");
    await editor.getByLabel("Due date").fill("2026-11-27");
    await editor.getByLabel("Time").fill("17:00");
    await editor.getByLabel("Priority").selectOption("High");
    await take("Edit in a second tab", other);
    await editor.getByRole("button", { name: "Save" }).click();
    await expect(editor).toBeHidden();
    await other.close();
    await expect(todo(page, "buy oat milk")).toBeVisible();
    await take("The first tab follows", page, list(page));

    await todo(page, "buy oat milk").check();
    await expect(page.getByRole("button", { name: "Clear done…" })).toBeVisible();
    await take("Complete", page, list(page));
    await page.getByRole("button", { name: "Delete buy oat milk" }).click();
    await expect(page.getByRole("button", { name: "Undo" })).toBeVisible();
    await take("Delete", page, list(page));
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(todo(page, "buy oat milk")).toBeChecked();
    await take("Undo", page, list(page));
    await page.evaluate(() => window.scrollTo(0, 0));
    await openMenu(page);
    await take("Sign out", page);
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByLabel("Password")).toBeVisible();
    await takeStrip(await context.newPage(), frames, "journey");
  });
});

interface Frame {
  caption: string;
  picture: Buffer;
}

/** Puts pictures side by side into one, each under what it shows. */
async function takeStrip(page: Page, frames: Frame[], name: string): Promise<void> {
  const figures = frames.map(
    ({ caption, picture }, index) =>
      `<figure><figcaption>${index + 1}. ${caption}</figcaption><img src="data:image/png;base64,${picture.toString("base64")}"></figure>`,
  );
  await page.setContent(`<!doctype html><style>
    body { margin: 0; padding: 16px; display: flex; gap: 16px; width: max-content; font: 600 20px sans-serif }
    figure { margin: 0 } figcaption { margin-bottom: 8px } img { display: block; outline: 1px solid #dfe2ec }
  </style>${figures.join("")}`);
  await page.locator("body").screenshot({ path: `${FOLDER}/${name}.png` });
}

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
