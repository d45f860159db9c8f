// The page on a real hub, in a real browser. Needs FORETOP_E2E_URL and FORETOP_E2E_TOKEN.
//   FORETOP_E2E_TARGET  a query for exactly one Deployment that may be scaled; default app3 of zone3 of the demo
//   FORETOP_E2E_IMAGES  a folder for the pictures of the documentation; default none are taken
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, settle, violations } from "./browser.mjs";
import { ActionDialog } from "./pages/action.mjs";
import { Frame } from "./pages/frame.mjs";
import { ResourcePage } from "./pages/resource.mjs";
import { SearchPage } from "./pages/search.mjs";

const base = process.env.FORETOP_E2E_URL;
const token = process.env.FORETOP_E2E_TOKEN;
if (!base || !token)
  throw new Error("Name the hub by FORETOP_E2E_URL and its token by FORETOP_E2E_TOKEN; make demo-up starts one.");
const target = process.env.FORETOP_E2E_TARGET ?? "cluster:zone3 ns:shop kind:deploy name:app3";
const images = process.env.FORETOP_E2E_IMAGES;
const results = join(dirname(fileURLToPath(import.meta.url)), "../../test-results/page");
mkdirSync(results, { recursive: true });
if (images) mkdirSync(images, { recursive: true });

let browser;
let context;
let page;
const broken = [];

before(async () => {
  browser = await launch();
  context = await browser.newContext({ baseURL: base, viewport: { width: 1440, height: 860 }, colorScheme: "light" });
  context.setDefaultTimeout(15_000);
  page = await context.newPage();
  page.on("pageerror", (error) => broken.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && /Content Security Policy|Uncaught/.test(message.text()))
      broken.push(message.text());
  });
});

after(async () => {
  await browser?.close();
});

/** A fact, with a picture of the page when it does not hold. */
function fact(name, run) {
  test(name, async () => {
    try {
      await run();
    } catch (error) {
      await page
        .screenshot({ path: join(results, `failed ${name.replaceAll(/[^a-z0-9]+/gi, "-")}.png`) })
        .catch(() => {});
      throw error;
    }
  });
}

async function picture(name) {
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(results, `${name}.png`) });
  if (images) await page.screenshot({ path: join(images, `${name}.png`) });
}

fact("without a session every page leads to the login, which says where the token is", async () => {
  await page.goto("/search");
  await page.waitForURL(/\/login/);
  await page.getByText("admin.token").waitFor();
});

fact("a wrong token is refused in a sentence", async () => {
  await page.getByLabel("Token").fill("not-the-token");
  await page.keyboard.press("Enter");
  await page
    .getByRole("alert")
    .getByText(/not this hub's/)
    .waitFor();
});

fact("the printed login URL leads to the search, and the token is in no address after", async () => {
  await page.goto("about:blank");
  await page.goto(`/login#token=${token}`);
  await page.waitForURL(/\/search/);
  assert.ok(!page.url().includes(token));
  await page.getByText(/^[\d,]+ results?$/).waitFor();
});

fact("a query typed behind the slash key runs by Enter and finds its objects", async () => {
  await new Frame(page).search("kind:deploy ns:shop");
  await page.waitForURL(/q=kind:deploy/);
  const search = new SearchPage(page);
  await search.answered();
  assert.ok((await search.total()) > 0);
  for (const text of await search.rows().allInnerTexts()) assert.match(text, /Deployment/);
  await picture("search");
});

fact("the bar completes fields and values from the index", async () => {
  await page.keyboard.press("/");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("clus");
  const list = page.locator(".cm-tooltip-autocomplete");
  await list.getByText("cluster", { exact: true }).first().waitFor();
  await page.keyboard.press("Tab");
  await list.getByText("zone1").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
});

fact("a mistake is underlined and mended by a click", async () => {
  await new SearchPage(page).open("nmae:app2");
  await page.getByText(/There is no field/).waitFor();
  await page.locator(".cm-lintRange-error").waitFor();
  await page.getByRole("alert").getByRole("button", { name: "name:app2", exact: true }).click();
  await page.waitForURL(/q=name:app2/);
  await new SearchPage(page).rows().first().waitFor();
});

fact("a click on a facet edits the query, and the count it showed is the total", async () => {
  const search = new SearchPage(page);
  await search.open("ns:shop kind:pod");
  await search.answered();
  const button = search
    .facet("Cluster")
    .getByRole("button", { name: /^zone2/ })
    .first();
  const shown = Number((await button.innerText()).replaceAll(/zone2|\D/g, ""));
  await button.click();
  await page.waitForURL(/cluster:zone2/);
  await settle(page);
  assert.equal(await search.total(), shown);
  await search.exclude("Application", "app1");
  await page.waitForURL(/-app:app1/);
});

fact("what is found is counted by what it has in common, and a group leads to its objects", async () => {
  const search = new SearchPage(page);
  await search.open("ns:shop kind:deploy");
  await search.answered();
  await page.getByRole("combobox", { name: "View" }).selectOption("cluster");
  await page.waitForURL(/group:cluster/);
  const groups = page.getByRole("region", { name: "Groups" });
  const row = groups.getByRole("row").filter({ hasText: "zone2" });
  const shown = Number(await row.getByRole("cell").first().innerText());
  await row.getByRole("button", { name: "zone2" }).click();
  await page.waitForURL(/q=ns:shop\+kind:deploy\+cluster:zone2$/);
  await search.answered();
  assert.equal(await search.total(), shown);
});

fact("the slider asks for the fleet as it was, and now is a click away", async () => {
  const search = new SearchPage(page);
  await search.open("ns:shop");
  await search.answered();
  const slider = page.getByRole("slider", { name: "Moment of the search" });
  await slider.focus();
  await page.keyboard.press("ArrowLeft");
  await page.waitForURL(/at:20/);
  await page.getByRole("button", { name: "Back to now" }).click();
  await page.waitForURL(/q=ns:shop$/);
});

fact("a label of the results becomes a filter", async () => {
  const search = new SearchPage(page);
  await search.open("ns:shop kind:deploy");
  await search.answered();
  await page.getByRole("button", { name: "More filters" }).click();
  await page.getByRole("searchbox", { name: "Field or key of a label" }).fill("part-of");
  await page
    .getByRole("region", { name: "Labels of the results" })
    .getByRole("button", { name: /part-of/ })
    .click();
  await search.include("app.kubernetes.io/part-of", "shop");
  await page.waitForURL(/label.app.kubernetes.io\/part-of:shop/);
  await search.answered();
  await page.getByRole("button", { name: "Do not show app.kubernetes.io/part-of" }).click();
});

fact("a search gets a name, runs from the palette, and is deleted", async () => {
  const name = `page's own test ${Date.now()}`;
  const search = new SearchPage(page);
  await search.open("ns:shop kind:svc");
  await search.answered();
  await page.getByRole("button", { name: "Saved", exact: true }).click();
  await page.getByRole("button", { name: "Save this search" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("button", { name, exact: true }).waitFor();
  await page.goto("/clusters");
  await page.getByRole("heading", { name: "Clusters" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Go to anything" }).fill(`#${name}`);
  await page.getByRole("option", { name: new RegExp(name) }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=ns:shop\+kind:svc$/);
  await page.getByRole("button", { name, exact: true }).click();
  await page.getByRole("button", { name: `Delete ${name}` }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("button", { name: `Delete ${name}` }).waitFor({ state: "detached" });
});

fact("the palette finds an object by words and opens it", async () => {
  await page.goto("/actions");
  await page.getByRole("heading", { name: "Actions" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Go to anything" }).fill("gateway");
  const first = page.getByRole("group", { name: "Objects" }).getByRole("option").first();
  await first.filter({ hasText: "gateway" }).waitFor();
  await picture("palette");
  await first.click();
  await page.waitForURL(/\/r\/.*gateway/);
});

fact("everything that is found is a file of as many rows", async () => {
  const search = new SearchPage(page);
  await search.open("ns:shop kind:deploy");
  await search.answered();
  const total = await search.total();
  await page.getByRole("button", { name: "Export" }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: /^CSV/ }).click()]);
  assert.match(file.suggestedFilename(), /^foretop-resources-.*\.csv$/);
  const lines = (await readFile(await file.path(), "utf8")).trim().split("\n");
  assert.equal(lines.length, total + 1);
});

fact("an object opens by keyboard and says how it is in a sentence", async () => {
  const search = new SearchPage(page);
  await search.open(target);
  await search.answered();
  assert.equal(await search.total(), 1, `${target} must find exactly one Deployment`);
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/r\//);
  await page.getByText(/ready\. Last change/).waitFor();
});

fact("its manifest, events and tree are a key away", async () => {
  await page.keyboard.press("2");
  await page.locator(".cm-content[aria-readonly]").getByText("apiVersion").waitFor();
  await page.keyboard.press("5");
  await page.waitForURL(/tab=events/);
  await page.keyboard.press("6");
  await page.getByText("ReplicaSet").first().waitFor();
});

fact("what it needs is a picture that arrow keys walk, and a list", async () => {
  await page.keyboard.press("7");
  const graph = page.getByRole("group", { name: "Graph of relations" });
  await graph
    .getByRole("link", { name: /ReplicaSet/ })
    .first()
    .waitFor();
  await page.getByText("Blast radius:").waitFor();
  await graph.locator("[tabindex='0']").focus();
  await page.keyboard.press("ArrowRight");
  assert.notEqual(await graph.locator("a:focus").getAttribute("aria-current"), "page");
  await picture("relations");
  await page.getByRole("button", { name: "List", exact: true }).click();
  await page.getByRole("region", { name: "Owns" }).getByText("ReplicaSet").first().waitFor();
});

fact("it is compared with itself in another cluster", async () => {
  await page.keyboard.press("4");
  const elsewhere = page.getByRole("region", { name: "The same in other clusters" });
  await elsewhere.getByRole("button").first().click();
  await page.waitForURL(/to=/);
  await page
    .getByText(/^(They are the same|\d+ differences?$)/)
    .first()
    .waitFor();
});

let scaled;

fact("it is scaled: planned with a dry run, confirmed, run, and progress is live", async () => {
  const search = new SearchPage(page);
  await search.open(target);
  await search.answered();
  const [, replicas] = /(\d+)\/(\d+)/.exec(await search.rows().first().innerText())?.slice(1) ?? [];
  scaled = Number(replicas);
  await page.keyboard.press("x");
  await page.getByText("1 selected in 1 cluster").waitFor();
  await page.keyboard.press("s");
  const dialog = new ActionDialog(page);
  await dialog.plan({ replicas: scaled + 1, reason: "the page's own test" });
  await dialog.dialog
    .getByText(`replicas: ${scaled + 1}`)
    .first()
    .waitFor();
  await picture("action");
  await dialog.run();
  assert.equal(await dialog.finished(), "Succeeded");
});

fact("undo plans the way back and runs it", async () => {
  const dialog = new ActionDialog(page);
  await dialog.undo();
  await dialog.dialog.getByText(`replicas: ${scaled}`).first().waitFor();
  await dialog.run();
  assert.equal(await dialog.finished(), "Succeeded");
  await page.keyboard.press("Escape");
});

fact("its history shows both changes with who made them, and the difference", async () => {
  const search = new SearchPage(page);
  await search.open(target);
  await search.answered();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const resource = new ResourcePage(page);
  await resource.tab("History");
  const changes = resource.versions().filter({ hasText: "replicas" });
  await changes.nth(1).waitFor();
  await changes.first().getByRole("button").first().click();
  await resource.difference.getByText(`replicas: ${scaled}`).first().waitFor();
  const rollout = resource.versions().filter({ hasText: /image of/ });
  if ((await rollout.count()) > 0) {
    await rollout.first().getByRole("button").first().click();
    await resource.difference
      .getByText(/image:/)
      .first()
      .waitFor();
  }
  await picture("history");
  await resource
    .versions()
    .nth(1)
    .getByRole("button", { name: /^Compare/ })
    .click();
  await page.getByRole("region", { name: "Difference" }).locator(".cm-editor").first().waitFor();
});

fact("it can be seen as it was at a past moment, and nothing acts on the past", async () => {
  const url = new URL(page.url());
  await page.goto(`${url.pathname}?at=${new Date(Date.now() - 5_000).toISOString()}`);
  await page.getByText(/As of/).waitFor();
  assert.equal(await page.getByRole("button", { name: "Scale" }).count(), 0);
});

fact("changes list what the action did", async () => {
  await page.goto("/changes?q=kind:deploy&from=now-15m");
  await page
    .getByText(/replicas/)
    .first()
    .waitFor();
});

fact("a list follows the cluster without a reload", async () => {
  const search = new SearchPage(page);
  await search.open(target);
  await search.answered();
  const asked = await page.evaluate(
    async ({ query, replicas }) => {
      const ask = async (text, variables) => {
        const response = await fetch("/graphql", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ query: text, variables }),
        });
        return (await response.json()).data;
      };
      const { planAction } = await ask("mutation($i: ActionInput!) { planAction(input: $i) { id confirmPhrase } }", {
        i: { verb: "SCALE", query, replicas, reason: "the page's own test" },
      });
      await ask("mutation($id: ID!, $c: String) { runAction(id: $id, confirm: $c) { id } }", {
        id: planAction.id,
        c: planAction.confirmPhrase,
      });
      return planAction.id;
    },
    { query: target, replicas: scaled + 2 },
  );
  await search.row(`/${scaled + 2}`).waitFor({ timeout: 20_000 });
  await page.goto(`/actions/${asked}`);
  await page.getByText("Succeeded", { exact: true }).waitFor({ timeout: 90_000 });
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Planned", { exact: true }).waitFor();
  await page.locator("form button[type=submit]").click();
  await page.getByText("Succeeded", { exact: true }).waitFor({ timeout: 90_000 });
});

const views = {
  search: "/search?q=ns:shop",
  groups: "/search?q=kind:pod+group:cluster,ns",
  past: "/search?q=ns:shop+at:-1m",
  changes: "/changes?from=now-6h",
  suspects: "/changes?from=now-6h&suspects=now&window=1d&q=app:app2",
  clusters: "/clusters?cluster=zone1",
  actions: "/actions",
};

for (const theme of ["Dark", "Light"]) {
  fact(`axe finds nothing on any page in ${theme.toLowerCase()}`, async () => {
    await page.goto("/search");
    await new Frame(page).theme(theme);
    const found = [];
    const look = async (name) => {
      await settle(page);
      await page.screenshot({ path: join(results, `${name}-${theme.toLowerCase()}.png`) });
      found.push(...(await violations(page)).map((v) => `${name}: ${v}`));
    };
    for (const [name, path] of Object.entries(views)) {
      await page.goto(path);
      await look(name);
    }
    await new SearchPage(page).open(target);
    await new SearchPage(page).rows().first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    const resource = new ResourcePage(page);
    for (const tab of ["Overview", "YAML", "History", "Diff", "Events", "Tree", "Relations"]) {
      await resource.tab(tab);
      await look(`resource-${tab.toLowerCase()}`);
    }
    assert.deepEqual(found, []);
  });
}

fact("a narrow window shows everything without scrolling sideways", async () => {
  await page.setViewportSize({ width: 400, height: 800 });
  for (const path of Object.values(views)) {
    await page.goto(path);
    await settle(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400, path);
  }
});

fact("a cluster that is opened leaves the others in sight, and kubectl's commands are told", async () => {
  await page.setViewportSize({ width: 1280, height: 760 });
  await page.goto("/clusters?cluster=zone1");
  const table = page.getByRole("region", { name: "Clusters" });
  await page.getByRole("region", { name: "Cluster zone1" }).waitFor();
  const hidden = await table.evaluate((region) => region.scrollHeight - region.clientHeight);
  assert.ok(hidden <= 0, `${hidden} pixels of the table are cut off`);
  await page.getByRole("button", { name: "Use with kubectl" }).click();
  await page.getByText(`foretop kubeconfig --write --server ${new URL(page.url()).origin}`).waitFor();
  await page.keyboard.press("Escape");
});

fact("logging out ends the session", async () => {
  await page.setViewportSize({ width: 1440, height: 860 });
  await page.goto("/search");
  await page.getByRole("button", { name: /Theme/ }).click();
  await page.getByRole("menuitem", { name: /Log out/ }).click();
  await page.waitForURL(/\/login/);
  await page.goto("/clusters");
  await page.waitForURL(/\/login/);
});

fact("no script failed and no policy was broken on the way", () => {
  assert.deepEqual(broken, []);
});
