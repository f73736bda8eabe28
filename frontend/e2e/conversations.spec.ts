import { BOTH, expect, expectForEverybody, inWindows, say, test } from "./test";

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
