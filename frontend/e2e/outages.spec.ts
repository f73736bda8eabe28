import { alerts, BOTH, expect, expectForEverybody, inWindows, say, settled, test, todo } from "./test";

test.beforeEach(({ own }) => test.skip(!own, "the application is not ours to stop"));

test("the backend goes away and comes back", async ({ page, user: _, own }) => {
  await say(page, "add buy milk");
  await expect(todo(page, "buy milk")).toBeVisible();
  await own!.stopBackend();
  try {
    await todo(page, "buy milk").click();
    await expect(alerts(page)).toBeVisible();
    await expect(todo(page, "buy milk"), "what was not done is taken back").not.toBeChecked();
    await page.getByLabel("Message").fill("add walk the dog");
    await page.getByLabel("Message").press("Enter");
    await expect(page.getByLabel("Message"), "what was not heard is given back").toHaveValue(
      "add walk the dog",
    );
    await expectForEverybody(page);
    // Who comes now is told too, and stays signed in.
    await page.reload();
    await expect(alerts(page).first()).toBeVisible();
    await expectForEverybody(page);
  } finally {
    await own!.startBackend();
  }
  await page.getByRole("button", { name: "Try again" }).last().click();
  await expect(todo(page, "buy milk")).toBeVisible();
  await page.reload();
  await settled(page);
  await expect(page.getByLabel("Message")).toHaveValue("add walk the dog");
  await page.getByLabel("Message").press("Enter");
  await expect(todo(page, "walk the dog")).toHaveCount(1);
});

test("what is done is neither cleared nor brought back without the backend, and both are asked for again", async ({
  page,
  user: _,
  own,
}) => {
  await say(page, "add buy milk");
  await todo(page, "buy milk").check();
  await page.getByRole("button", { name: "Clear done…" }).click();
  const question = page.getByRole("dialog");
  const confirm = question.getByRole("button", { name: "Clear done" });
  await own!.stopBackend();
  try {
    await confirm.click();
    await expect(question.getByRole("alert")).toContainText("Clearing failed.");
    await expectForEverybody(page);
  } finally {
    await own!.startBackend();
  }
  await expect(todo(page, "buy milk"), "nothing is lost").toBeChecked();
  // The backend does it, and nobody hears of it.
  await page.route("**/api/todos?completed=true", async (route) => {
    await route.fetch();
    await route.abort();
  });
  await confirm.click();
  await expect(question.getByRole("alert")).toContainText("Clearing failed. The server cannot be reached.");
  await expect(page.getByText("Nothing to do.")).toBeVisible();
  await page.unrouteAll();
  await question.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("button", { name: "Clear done…" })).toBeFocused();
  await page.keyboard.press("Enter");
  await confirm.click();
  await expect(page.getByText("Deleted 1 todo.")).toBeVisible();

  const undo = page.getByRole("button", { name: "Undo" });
  await own!.stopBackend();
  try {
    await undo.click();
    await expect(alerts(page).filter({ hasText: "Undo failed." })).toBeVisible();
    await expect(undo).toBeFocused();
    await expectForEverybody(page);
  } finally {
    await own!.startBackend();
  }
  await undo.click();
  await expect(todo(page, "buy milk")).toBeChecked();
  await expect(undo).toBeHidden();
  await expect(page.getByRole("heading", { name: "Your todos" })).toBeFocused();
});

inWindows(BOTH, () => modelGoesAway("fails"));
modelGoesAway("hangs");

function modelGoesAway(mood: "fails" | "hangs") {
  test(`the model ${mood}, and the next time answers`, async ({ page, user: _, own }) => {
    own!.model.mood = mood;
    try {
      await settled(page);
      await page.getByLabel("Message").fill("add buy milk");
      await page.getByLabel("Message").press("Enter");
      await expect(alerts(page)).toContainText("assistant");
      await expect(page.getByLabel("Message")).toHaveValue("add buy milk");
      await expectForEverybody(page);
      // The list does not need it.
      await page.getByLabel("New todo").fill("call Ada");
      await page.getByLabel("New todo").press("Enter");
      await expect(todo(page, "call Ada")).toBeVisible();
    } finally {
      own!.model.mood = "answers";
    }
    await page.getByLabel("Message").press("Enter");
    await expect(todo(page, "buy milk")).toHaveCount(1);
    await expect(alerts(page)).toBeHidden();
  });
}

inWindows(BOTH, () => {
  test("the model fails after it acted, and what was done is not done twice", async ({
    page,
    user: _,
    own,
  }) => {
    const log = page.getByRole("log");
    const done = log.getByRole("list", { name: "Done to your list" });
    own!.model.mood = "fails after acting";
    try {
      await settled(page);
      await page.getByLabel("Message").fill("add buy milk");
      await page.getByLabel("Message").press("Enter");
      await expect(alerts(page)).toContainText("assistant");
    } finally {
      own!.model.mood = "answers";
    }
    await expect(page.getByLabel("Message")).toHaveValue("");
    await expect(done).toContainText("Added 1: buy milk");
    await expect(log).toContainText("Not answered.");
    await expectForEverybody(page);
    await page.reload();
    await settled(page);
    await expect(done).toContainText("Added 1: buy milk");
    await page.getByRole("button", { name: "Send again" }).click();
    await expect(log).toContainText("Done already, and not to be done again: Added 1: buy milk.");
    await expect(log).toContainText("I have heard you.");
    await expect(alerts(page)).toBeHidden();
    await expect(todo(page, "buy milk")).toHaveCount(1);
  });
});
