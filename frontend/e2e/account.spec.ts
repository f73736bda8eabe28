import { BOTH, expect, expectForEverybody, inWindows, openMenu, signIn, submitSignIn, test } from "./test";

inWindows(BOTH, () => {
  test("sessions are looked at and ended, the password is changed, the account is deleted", async ({
    page,
    user,
    playwright,
    baseURL,
    extraHTTPHeaders,
  }) => {
    const elsewhere = await playwright.request.newContext({ baseURL, extraHTTPHeaders });
    await signIn(elsewhere, user);
    await expect(await elsewhere.get("/api/me/sessions")).toBeOK();

    await openMenu(page);
    await page.context().setOffline(true);
    await page.getByRole("button", { name: "Sessions…" }).click();
    await expect(page.locator("[popover]").getByRole("alert")).toContainText("The server cannot be reached.");
    await page.context().setOffline(false);
    await page.getByRole("button", { name: "Sessions…" }).click();
    const sessions = page.getByRole("dialog", { name: "Where you are signed in" });
    await expect(sessions.getByRole("listitem")).toHaveCount(2);
    await expectForEverybody(page);
    await sessions.getByRole("button", { name: /^End (?!all)/ }).click();
    await expect(sessions.getByText("The session has ended.")).toBeVisible();
    await expect(sessions.getByRole("listitem")).toHaveCount(1);
    expect((await elsewhere.get("/api/me/sessions")).status()).toBe(401);
    await expectForEverybody(page);
    await sessions.getByRole("button", { name: "Close" }).click();
    await elsewhere.dispose();

    const changed = { ...user, password: "battery staple, correct" };
    await openMenu(page);
    await page.getByRole("button", { name: "Change password…" }).click();
    const password = page.getByRole("dialog", { name: "Change your password" });
    await password.getByLabel("Current password").fill("not this one");
    await password.getByLabel("New password").fill(changed.password);
    await expectForEverybody(page);
    await password.getByRole("button", { name: "Change password" }).click();
    await expect(password.getByRole("alert")).toContainText("The current password is another one.");
    await expectForEverybody(page);
    await password.getByLabel("Current password").fill(user.password);
    await password.getByRole("button", { name: "Change password" }).click();
    await expect(password).toContainText("Your password is changed.");
    await expectForEverybody(page);
    await password.getByRole("button", { name: "Close" }).click();

    await openMenu(page);
    await page.getByRole("button", { name: "Delete account…" }).click();
    const question = page.getByRole("dialog", { name: "Delete your account?" });
    await expect(question).toBeVisible();
    await expectForEverybody(page);
    await question.getByRole("button", { name: "Delete everything" }).click();
    await expect(page.getByText("Your account and your todos are deleted.")).toBeVisible();
    await submitSignIn(page, changed);
    await expect(page.getByRole("main").getByRole("alert")).toBeVisible();
    await expectForEverybody(page);
  });
});
