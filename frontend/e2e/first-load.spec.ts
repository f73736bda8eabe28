import { measureFirstLoad } from "../scripts/first-load.mjs";
import { expect, test } from "./test";

test("the page asks for no other script than those whose size the build checks", async ({ page, own }) => {
  test.skip(!own, "the build here is not of what runs there");
  await page.goto("/", { waitUntil: "networkidle" });
  const asked = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .map(({ name }) => new URL(name).pathname)
      .filter((path) => path.endsWith(".js")),
  );
  const { files } = await measureFirstLoad(process.cwd());
  expect(asked.sort()).toEqual(files.map((file) => `/_next/${file}`).sort());
});
