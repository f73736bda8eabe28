import type { Page } from "@playwright/test";

import { VirtualAuthenticator } from "./authenticator";
import { alerts, BOTH, expect, expectForEverybody, inWindows, openMenu, scripted, test } from "./test";

inWindows(BOTH, () => {
  test("add a passkey, sign in by it, remove it, and be refused", async ({ page, user }) => {
    const authenticator = await VirtualAuthenticator.plugInto(page);
    const dialog = await openPasskeys(page);
    await expect(dialog.getByLabel("Name")).toHaveValue(/Chrome on/);
    await expectForEverybody(page);

    await authenticator.setUserVerified(false);
    await dialog.getByRole("button", { name: "Add a passkey" }).click();
    await expect(dialog.getByRole("alert")).toContainText("Nothing was done: it was cancelled");
    await expectForEverybody(page);
    await authenticator.setUserVerified(true);
    await dialog.getByLabel("Name").fill("My laptop");
    await dialog.getByRole("button", { name: "Add a passkey" }).click();
    const kept = dialog.getByRole("listitem").filter({ hasText: "My laptop" });
    await expect(kept).toContainText("on one device");
    await expect(dialog.getByText("The passkey is added.")).toBeVisible();
    await expectForEverybody(page);
    await dialog.getByRole("button", { name: "Add a passkey" }).click();
    await expect(dialog.getByRole("alert")).toContainText(
      "There is a passkey for your account here already.",
    );
    await dialog.getByRole("button", { name: "Close" }).click();

    await signOut(page);
    await expectForEverybody(page);
    await signInByPasskey(page);
    await openMenu(page);
    await expect(page.getByText(user.email)).toBeVisible();
    await page.keyboard.press("Escape");
    await page.reload();
    await expect(page.getByText("Nothing to do.")).toBeVisible();

    await openPasskeys(page);
    await kept.getByRole("button", { name: /^Remove My laptop/ }).click();
    await expect(dialog.getByText("The passkey is removed here.")).toBeVisible();
    await expect(kept).toBeHidden();
    await expectForEverybody(page);
    await dialog.getByRole("button", { name: "Close" }).click();

    await signOut(page);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await expect(alerts(page)).toContainText("This passkey was removed from your account.");
    await expectForEverybody(page);
  });
});

test("a passkey works at the address that it was made for", async ({ page, own }) => {
  test.skip(!own, "another address of that application is not known");
  const { port } = new URL(own!.url);
  await VirtualAuthenticator.plugInto(page);
  for (const [host, told] of [
    ["todo.localhost", "Passkeys work at localhost alone. Open this page there."],
    ["127.0.0.1", "Passkeys need a page whose address is a name and not a number."],
  ]) {
    await page.goto(`http://${host}:${port}/`);
    await scripted(page);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await expect(alerts(page)).toContainText(told!);
  }
});

async function openPasskeys(page: Page) {
  await openMenu(page);
  await page.getByRole("button", { name: "Passkeys…" }).click();
  const dialog = page.getByRole("dialog", { name: "Your passkeys" });
  await expect(dialog.getByText("Looking…")).toBeHidden();
  return dialog;
}

async function signOut(page: Page): Promise<void> {
  await openMenu(page);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByLabel("Password")).toBeVisible();
}

async function signInByPasskey(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await expect(page.getByText("Nothing to do.")).toBeVisible();
}
