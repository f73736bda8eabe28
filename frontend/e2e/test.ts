import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type APIRequestContext, type Page } from "@playwright/test";

import { linkIn } from "../test/mail-server";
import { Application } from "./application";

export { expect };

/** Somebody who has signed up. */
export interface User {
  name: string;
  email: string;
  password: string;
}

interface Fixtures {
  /** The address of `user`. */
  email: string;
  /** Who the pages of this test belong to, signed up and signed in. */
  user: User;
  /** What went wrong in the pages of this test without showing; there must be nothing at its end. */
  faults: string[];
}

interface WorkerFixtures {
  /** Whether the application has a mail server, and so confirms addresses. */
  sendsMail: boolean;
  /** The application that E2E_URL names has none: it is not the tests' to stop. */
  own: Application | undefined;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  sendsMail: [false, { option: true, scope: "worker" }],

  own: [
    async ({ sendsMail }, provide) => {
      if (process.env.E2E_URL) return provide(undefined);
      const application = await Application.start({ sendsMail });
      await provide(application);
      await application.stop();
    },
    { scope: "worker", timeout: 600_000 },
  ],

  baseURL: async ({ own }, provide) => provide(own?.url ?? process.env.E2E_URL),

  // Sign-ups from one address are limited, and our own front end believes what its tests say of theirs.
  extraHTTPHeaders: async ({ own }, provide) =>
    provide(own ? { "x-forwarded-for": `198.51.100.${++addresses % 250}` } : {}),

  faults: [
    async ({ context }, provide) => {
      const faults: string[] = [];
      context.on("weberror", (error) => faults.push(error.error().message));
      context.on("console", (message) => {
        // A failed request is told of in the page, and tested there.
        if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
          faults.push(message.text());
        }
      });
      await provide(faults);
      expect(faults).toEqual([]);
    },
    { auto: true },
  ],

  email: async ({}, provide) => provide(newUser().email),

  user: async ({ page, own, email }, provide) => {
    const user = { ...newUser(), email };
    const mail = own?.mail?.next();
    await expect(async () => {
      const answer = await page.request.post("/api/auth/sign-up/email", { data: user });
      expect(answer.status(), await answer.text()).toBe(200);
    }, "the application may let nobody sign up for a minute").toPass();
    if (mail) {
      const token = linkIn(await mail, own!.url, "verify-email").hash.slice(1);
      expect(await page.request.get("/api/auth/verify-email", { params: { token } })).toBeOK();
      await signIn(page.request, user);
    }
    await page.goto("/");
    await provide(user);
  },
});

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 740 };

/** The windows that people have. */
const LOOKS = {
  "wide, light": { viewport: WIDE, colorScheme: "light" },
  "narrow, dark": { viewport: NARROW, colorScheme: "dark" },
  "wide, dark": { viewport: WIDE, colorScheme: "dark" },
  "narrow, light": { viewport: NARROW, colorScheme: "light" },
} as const;

/** Has tests run once in each of these windows. No project of Playwright's for each: one would start the application anew. */
export function inWindows(names: (keyof typeof LOOKS)[], declare: () => void): void {
  for (const name of names) {
    test.describe(name, () => {
      test.use(LOOKS[name]);
      declare();
    });
  }
}

/** Both widths, and both colours. */
export const BOTH: (keyof typeof LOOKS)[] = ["wide, light", "narrow, dark"];

export const ALL = Object.keys(LOOKS) as (keyof typeof LOOKS)[];

let addresses = 0;

export function newUser(): User {
  return {
    name: "Ada",
    email: `ada-${crypto.randomUUID()}@example.com`,
    password: "correct horse battery",
  };
}

/** Signs somebody in without a page. */
export async function signIn(request: APIRequestContext, { email, password }: User): Promise<void> {
  expect(await request.post("/api/auth/sign-in/email", { data: { email, password } })).toBeOK();
}

/** The page is there before its script: waits until what is pressed is heard. */
export async function scripted(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    Object.keys(document.querySelector("main") ?? {}).some((name) => name.startsWith("__react")),
  );
}

/** Fills the form in and sends it. */
export async function submitSignIn(page: Page, { email, password }: User): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page
    .locator("form")
    .getByRole("button", { name: /^(Sign in|Create account)$/ })
    .click();
}

/** Waits until the conversation is there: nothing is sent before. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("log")).toHaveAttribute("aria-busy", "false");
}

/** What the page says went wrong. */
export function alerts(page: Page) {
  return page.getByRole("main").getByRole("alert");
}

/** Says something, and waits for the answer. */
export async function say(page: Page, message: string): Promise<void> {
  const log = page.getByRole("log");
  await settled(page);
  const answers = await log.getByText("Assistant:").count();
  await page.getByLabel("Message").fill(message);
  await page.getByLabel("Message").press("Enter");
  await expect(log.getByText("Assistant:")).toHaveCount(answers + 1);
}

export function todo(page: Page, title: string) {
  return page.getByRole("checkbox", { name: title });
}

export async function openMenu(page: Page): Promise<void> {
  await page.getByRole("button", { name: /account$/ }).click();
}

/** What is on the screen is for everybody: nothing that axe calls serious, and nothing to be scrolled to sideways. */
export async function expectForEverybody(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(" ")} ${failureSummary}`).join("; ")}`,
    );
  expect(grave).toEqual([]);
  const beyond = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  expect(beyond, "pixels by which the page is wider than its window").toBeLessThanOrEqual(0);
}
