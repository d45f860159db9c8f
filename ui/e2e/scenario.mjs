// The reference scenario as a person plays it: app2 of zone1 broke by an image change, which must have happened before.
// Needs FORETOP_E2E_URL and FORETOP_E2E_TOKEN; pictures of the documentation go to FORETOP_E2E_IMAGES.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { ActionDialog } from "./pages/action.mjs";
import { Frame } from "./pages/frame.mjs";
import { ResourcePage } from "./pages/resource.mjs";
import { SearchPage } from "./pages/search.mjs";

const { FORETOP_E2E_URL: base, FORETOP_E2E_TOKEN: token, FORETOP_E2E_IMAGES: images } = process.env;
if (!base || !token) throw new Error("Name the hub by FORETOP_E2E_URL and its token by FORETOP_E2E_TOKEN.");
const results = join(dirname(fileURLToPath(import.meta.url)), "../../test-results/page");
mkdirSync(results, { recursive: true });

let browser;
let page;

before(async () => {
  browser = await launch();
  const context = await browser.newContext({
    baseURL: base,
    viewport: { width: 1280, height: 560 },
    colorScheme: "dark",
  });
  context.setDefaultTimeout(20_000);
  page = await context.newPage();
});

after(async () => {
  await browser?.close();
});

async function picture(name) {
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(results, `scenario-${name}.png`) });
  if (images) await page.screenshot({ path: join(images, `${name}.png`) });
}

function fact(name, run) {
  test(name, async () => {
    try {
      await run();
    } catch (error) {
      await page.screenshot({ path: join(results, `failed ${name.replaceAll(/[^a-z0-9]+/gi, "-")}.png`) });
      throw error;
    }
  });
}

fact("the printed URL logs in and a query typed by keyboard shows exactly what is broken", async () => {
  await page.goto(`/login#token=${token}`);
  await page.waitForURL(/\/search/);
  await new Frame(page).search("app:app2 status:!Ready");
  const search = new SearchPage(page);
  await search.answered();
  await search.row("Deployment").waitFor();
  await search.row("CrashLoopBackOff").waitFor();
  const rows = await search.rows().allInnerTexts();
  assert.equal(rows.filter((text) => text.includes("Deployment")).length, 1);
  for (const text of rows) {
    assert.match(text, /zone1/);
    assert.match(text, /app2/);
  }
  await picture("search");
});

fact("the image change is the first suspect, and the history shows who made it", async () => {
  await page.getByRole("link", { name: "app2", exact: true }).first().click();
  await page.waitForURL(/\/r\/zone1\/apps\/deployments\/shop\/app2/);
  await page
    .getByRole("region", { name: "What may have broken it" })
    .getByRole("listitem")
    .first()
    .getByText(/image app2: 1\.4\.0 -> 1\.5\.0-broken/)
    .waitFor();
  await picture("suspects");
  const resource = new ResourcePage(page);
  await resource.tab("History");
  const change = resource
    .versions()
    .filter({ hasText: /image of app2/ })
    .first();
  await change.getByText("kubectl-set").waitFor();
  await change.getByRole("button").first().click();
  await resource.difference.getByText("shop/app2:1.4.0").first().waitFor();
  await resource.difference.getByText("shop/app2:1.5.0-broken").first().waitFor();
  await picture("history");
});

fact("its events say what happened to the pod", async () => {
  await new SearchPage(page).open("app:app2 status:CrashLoopBackOff kind:pod");
  await new SearchPage(page).rows().first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await new ResourcePage(page).tab("Events");
  await page.getByText("BackOff").first().waitFor();
});

fact("a healthy zone is restarted from the result, through the plan", async () => {
  const search = new SearchPage(page);
  await search.open("app:app2 kind:deploy cluster:zone2");
  await search.answered();
  assert.equal(await search.total(), 1);
  await page.keyboard.press("x");
  await page.getByText("1 selected in 1 cluster").waitFor();
  await page
    .getByRole("button", { name: /Restart/ })
    .first()
    .click();
  const dialog = new ActionDialog(page);
  await dialog.plan({ reason: "the reference scenario" });
  await picture("action");
  await dialog.run();
  assert.equal(await dialog.finished(), "Succeeded");
});
