import { alerts, BOTH, expect, expectForEverybody, inWindows, say, settled, test, todo } from "./test";

inWindows(BOTH, () => {
  test("conversations are there after a reload, and gone when they are deleted", async ({
    page,
    user: _,
  }) => {
    const log = page.getByRole("log");
    await say(page, "add buy milk");
    await page.reload();
    await expect(log).toContainText("add buy milk");

    await page.getByRole("button", { name: "New conversation" }).click();
    await expect(log).not.toContainText("add buy milk");
    await say(page, "add walk the dog");
    await page.reload();
    await expect(log, "the one that was used last").toContainText("add walk the dog");

    const list = page.getByRole("dialog", { name: "Conversations" });
    await page.getByRole("button", { name: "Conversations" }).click();
    await expect(list.getByRole("listitem")).toHaveCount(2);
    await expectForEverybody(page);
    await list.getByRole("button", { name: /^add buy milk/ }).click();
    await expect(list).toBeHidden();
    await expect(log).toContainText("add buy milk");
    await expect(log).not.toContainText("add walk the dog");

    await page.getByRole("button", { name: "Conversations" }).click();
    await list.getByRole("button", { name: "Delete add buy milk…" }).click();
    const question = page.getByRole("dialog", { name: "Delete this conversation?" });
    await expect(question).toBeVisible();
    await expectForEverybody(page);
    await question.getByRole("button", { name: "Delete conversation" }).click();
    await expect(list.getByRole("listitem")).toHaveCount(1);
    await list.getByRole("button", { name: "Close" }).click();
    await expect(log).not.toContainText("add buy milk");
  });
});

test("Enter is pressed once for a message, and for a conversation that is open", async ({
  page,
  user: _,
}) => {
  const message = page.getByLabel("Message");
  const log = page.getByRole("log");
  await say(page, "add buy milk");
  let open = () => {};
  const held = new Promise<void>((resolve) => (open = resolve));
  await page.route("**/api/conversations/*", async (route) => {
    await held;
    await route.continue();
  });
  await page.reload();
  await message.press("Enter");
  await message.fill("add walk the dog");
  await message.press("Enter");
  await message.press("Enter");
  await expect(message, "nothing is sent before").toHaveValue("add walk the dog");
  open();
  await settled(page);
  await expect(message).toHaveValue("add walk the dog");
  await message.press("Enter");
  await message.press("Enter");
  await expect(todo(page, "walk the dog")).toHaveCount(1);
  await settled(page);
  await expect(log.getByText("add walk the dog")).toHaveCount(1);
  await expect(log, "the conversation that was opened").toContainText("add buy milk");

  await message.fill("add call Grandma");
  await page.getByRole("button", { name: "New conversation" }).focus();
  await page.keyboard.down("Enter");
  await expect(message).toBeFocused();
  // The key is still held, and says so.
  await page.keyboard.down("Enter");
  await page.keyboard.up("Enter");
  await expect(message, "what was begun stays").toHaveValue("add call Grandma");
  await message.press("Enter");
  await expect(todo(page, "call Grandma")).toHaveCount(1);
});

test("an answer is shown as it is made, with what was done beside it, and stops at a press", async ({
  page,
  user: _,
  own,
}) => {
  test.skip(!own, "the model is not ours");
  const log = page.getByRole("log");
  await settled(page);
  own!.model.mood = "falters";
  try {
    await page.getByLabel("Message").fill("add buy milk");
    await page.getByLabel("Message").press("Enter");
    await expect(log.getByRole("list", { name: "Done to your list" })).toContainText("Added 1: buy milk");
    await expect(log).toContainText("It is on your list.");
    await expect(todo(page, "buy milk"), "before the answer is whole").toBeVisible();
    await page.getByRole("button", { name: "Stop" }).click();
    await expect(page.getByRole("button", { name: "Send", exact: true })).toBeVisible();
  } finally {
    own!.model.mood = "answers";
  }
  await settled(page);
  await expect(log).toContainText("It is on your list.");
  await expect(alerts(page)).toBeHidden();
  await page.reload();
  await expect(log).toContainText("It is on your list.");
  await expect(todo(page, "buy milk")).toHaveCount(1);
});
