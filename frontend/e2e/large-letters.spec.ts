import { expect, expectForEverybody, openMenu, say, test, todo } from "./test";

test.use({ viewport: { width: 640, height: 400 } });

test("letters twice as large in a low window, and a todo from right to left", async ({ page, user: _ }) => {
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  await say(page, "add לקנות חלב");
  await expect(page.getByLabel("Message")).toBeInViewport({ ratio: 1 });
  await expectForEverybody(page);
  const log = (await page.getByRole("log").boundingBox())!;
  const field = (await page.getByLabel("Message").boundingBox())!;
  const list = (await page.getByRole("region", { name: "Your todos" }).boundingBox())!;
  expect(log.height, "some lines of the answer").toBeGreaterThan(100);
  expect(field.y, "the field is below the log").toBeGreaterThanOrEqual(log.y + log.height);
  expect(list.y, "the list is below the field").toBeGreaterThanOrEqual(field.y + field.height);

  await openMenu(page);
  const last = page.getByRole("button", { name: "Delete account…" });
  await last.scrollIntoViewIfNeeded();
  await expect(last, "the end of the menu").toBeInViewport({ ratio: 1 });
  await page.keyboard.press("Escape");

  const box = (await todo(page, "לקנות חלב").boundingBox())!;
  expect(Math.min(box.width, box.height), "pixels").toBeGreaterThanOrEqual(24);
  const title = page.getByRole("listitem").getByText("לקנות חלב", { exact: true });
  await expect(title, "what was done, and the list").toHaveCount(2);
  for (const each of await title.all()) await expect(each).toHaveCSS("direction", "rtl");

  await say(page, "מה נשאר");
  await expect(page.getByRole("log").getByText("מה נשאר").last()).toHaveCSS("direction", "rtl");
  const toEnd = () =>
    page
      .getByRole("log")
      .evaluate(({ scrollHeight, scrollTop, clientHeight }) => [
        scrollHeight - clientHeight,
        scrollHeight - scrollTop - clientHeight,
      ]);
  await expect(async () => {
    const [most, left] = await toEnd();
    expect(most, "pixels that the log can be scrolled by").toBeGreaterThan(50);
    expect(left, "and that it still can").toBeLessThan(24);
  }).toPass({ timeout: 60_000 });

  await page.getByRole("button", { name: "Delete לקנות חלב" }).click();
  const deleted = page.getByText("Deleted “לקנות חלב”.");
  await expect(deleted).toHaveCSS("direction", "ltr");
  await expect(deleted.getByText("לקנות חלב", { exact: true })).toHaveCSS("direction", "rtl");
  await page.getByLabel("New todo").focus();
  await expect(page.getByLabel("New todo")).toBeInViewport({ ratio: 1 });
  await expectForEverybody(page);
});
