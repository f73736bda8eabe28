import type { Page } from "@playwright/test";

import { linkIn } from "../test/mail-server";
import {
  alerts,
  ALL,
  BOTH,
  expect,
  expectForEverybody,
  inWindows,
  newUser,
  scripted,
  signIn,
  submitSignIn,
  test,
  type User,
} from "./test";

test.use({ sendsMail: true });

test.beforeEach(({ own }) => test.skip(!own, "the mails of that application are not ours to read"));

inWindows(ALL, () => {
  test("sign up, confirm the address by the link of a mail, sign in", async ({ page, own }) => {
    const user = newUser();
    const mail = own!.mail!;
    const first = mail.next();
    await signUp(page, user);
    await expect(page.getByRole("heading", { name: "Confirm your address" })).toBeFocused();
    await expect(page.getByRole("main")).toContainText(`We have sent a mail to ${user.email}.`);
    await expectForEverybody(page);
    expect((await first).to).toEqual([user.email]);

    await page.getByRole("button", { name: "Back to sign-in" }).click();
    await expect(page.getByRole("heading", { name: "Welcome back" })).toBeFocused();
    await submitSignIn(page, user);
    await expect(page.getByText("Before you can sign in"), "nobody signs in before").toBeVisible();
    await expectForEverybody(page);
    const second = mail.next();
    await page.getByRole("button", { name: "Send a new mail" }).click();
    await expect(page.getByRole("status")).toContainText("The mail is on its way.");
    await expectForEverybody(page);
    expect((await second).to).toEqual([user.email]);

    await follow(page, linkIn(await second, own!.url, "verify-email"));
    await expectForEverybody(page);
    await page.getByRole("button", { name: "Confirm" }).click();
    await expect(page.getByRole("heading", { name: "Your address is confirmed" })).toBeFocused();
    await expectForEverybody(page);
    await page.getByRole("link", { name: "Sign in" }).click();
    await scripted(page);
    await submitSignIn(page, user);
    await expect(page.getByText("Nothing to do.")).toBeVisible();
  });

  test("a forgotten password is set anew by the link of a mail", async ({ page, user, browser, own }) => {
    const elsewhere = await browser.newContext();
    const there = await elsewhere.newPage();
    await signIn(there.request, user);
    await there.goto("/");
    await expect(there.getByText("Nothing to do.")).toBeVisible();
    await page.context().clearCookies();

    await page.goto("/");
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await expect(page.getByRole("heading", { name: "Forgot your password?" })).toBeVisible();
    await expectForEverybody(page);
    const mail = own!.mail!.next();
    const nobody = await askForLink(page, newUser());
    await page.goto("/forgot-password");
    expect(await askForLink(page, user), "nothing tells who has an account").toBe(nobody);
    await expectForEverybody(page);
    expect((await mail).to, "who has none gets no mail").toEqual([user.email]);

    const link = linkIn(await mail, own!.url, "reset-password");
    const changed = { ...user, password: "battery staple, correct" };
    await follow(page, link);
    await expectForEverybody(page);
    await setPassword(page, changed);
    await expect(page.getByRole("heading", { name: "Your password is set" })).toBeFocused();
    await expectForEverybody(page);

    await there.reload();
    await expect(there.getByLabel("Password"), "every session has ended").toBeVisible();
    await elsewhere.close();

    await page.getByRole("link", { name: "Sign in" }).click();
    await scripted(page);
    await submitSignIn(page, user);
    await expect(alerts(page), "the old password").toBeVisible();
    await expectForEverybody(page);
    await submitSignIn(page, changed);
    await expect(page.getByText("Nothing to do.")).toBeVisible();

    await follow(page, link);
    await setPassword(page, user);
    await expect(alerts(page)).toContainText("This link was used already");
    await expectForEverybody(page);
    await page.getByRole("link", { name: "Ask for another link" }).click();
    await expect(page.getByRole("heading", { name: "Forgot your password?" })).toBeVisible();
  });
});

inWindows(BOTH, () => {
  test("a link that is too old says how to come by another", async ({ page, own }) => {
    await follow(page, new URL("/verify-email#from-last-week", own!.url));
    await page.getByRole("button", { name: "Confirm" }).click();
    await expect(alerts(page)).toContainText(
      "This link is too old. Sign in, and you can have another one sent.",
    );
    await expectForEverybody(page);
  });

  test("the mail server goes away and comes back", async ({ page, own }) => {
    const user = newUser();
    await own!.withoutMail(async () => {
      await signUp(page, user);
      await expect(alerts(page)).toContainText("Mail cannot be sent right now, so nothing was changed.");
      await expectForEverybody(page);
    });
    const mail = own!.mail!.next();
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page.getByRole("heading", { name: "Confirm your address" })).toBeFocused();
    expect((await mail).to).toEqual([user.email]);
  });
});

async function signUp(page: Page, user: User): Promise<void> {
  await page.goto("/");
  await scripted(page);
  await expectForEverybody(page);
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.getByLabel("Name").fill(user.name);
  await submitSignIn(page, user);
}

/** Opens the link of a mail. */
async function follow(page: Page, link: URL): Promise<void> {
  await page.goto(link.href);
  await scripted(page);
}

/** Asks for a link to a new password, and gives what the page then says, but the address. */
async function askForLink(page: Page, { email }: User): Promise<string> {
  await scripted(page);
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: "Send the link" }).click();
  await expect(page.getByRole("heading", { name: "Look into your mail" })).toBeFocused();
  return (await page.getByRole("main").innerText()).replace(email, "…");
}

async function setPassword(page: Page, { password }: User): Promise<void> {
  await page.getByLabel("New password").fill(password);
  await page.getByRole("button", { name: "Set password" }).click();
}
