// What people do to the fleet on the page, on a real hub, in a real browser; the workloads are its own and are gone
// after. Needs FORETOP_E2E_URL and FORETOP_E2E_TOKEN of a hub with clusters zone1 and zone2.
//   FORETOP_E2E_IMAGES  a folder for the pictures of the documentation; default none are taken
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, settle, violations } from "./browser.mjs";
import { ActionDialog } from "./pages/action.mjs";

const { FORETOP_E2E_URL: base, FORETOP_E2E_TOKEN: token, FORETOP_E2E_IMAGES: images } = process.env;
if (!base || !token) throw new Error("Name the hub by FORETOP_E2E_URL and its token by FORETOP_E2E_TOKEN.");
const results = join(dirname(fileURLToPath(import.meta.url)), "../../test-results/page");
mkdirSync(results, { recursive: true });
if (images) mkdirSync(images, { recursive: true });

const name = `page-${Date.now().toString(36)}`;
const manifest = `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: default, labels: {app: ${name}}}
spec:
  replicas: 2
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers:
      - {name: app, image: "registry.example/shop/page:1.0", env: [{name: LEVEL, value: info}]}
      - {name: side, image: "registry.example/shop/side:1.0"}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: ${name}, namespace: default, labels: {app: ${name}}}
spec:
  schedule: "0 3 1 1 *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - {name: main, image: "registry.example/shop/page:1.0"}
`;
const deployment = (cluster) => `/r/${cluster}/apps/deployments/default/${name}`;

let browser;
let page;
let dialog;
const wrong = [];

before(async () => {
  browser = await launch();
  const context = await browser.newContext({ baseURL: base, viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(20_000);
  page = await context.newPage();
  page.on("pageerror", (error) => wrong.push(error.message));
  dialog = new ActionDialog(page);
  await page.goto(`/login#token=${token}`);
  await page.waitForURL(/\/search/);
});

after(async () => {
  await browser?.close();
});

function fact(title, run) {
  test(title, async () => {
    try {
      await run();
    } catch (error) {
      await page
        .screenshot({ path: join(results, `failed ${title.replaceAll(/[^a-z0-9]+/gi, "-")}.png`) })
        .catch(() => {});
      throw error;
    }
  });
}

async function picture(title, documented = false) {
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(results, `${title}.png`) });
  if (images && documented) await page.screenshot({ path: join(images, `${title}.png`) });
}

async function ask(query, variables) {
  const response = await fetch(`${base}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  return data;
}

/** The object as the hub has it, once it is as the check wants it. */
async function object(ref, holds) {
  for (let tries = 0; ; tries++) {
    const { resource } = await ask("query($r: ID!) { resource(ref: $r) { object verbs labels } }", { r: ref });
    if (holds(resource)) return resource;
    if (tries > 80) assert.fail(`${ref} is ${JSON.stringify(resource?.object?.spec ?? null)}`);
    await new Promise((done) => setTimeout(done, 250));
  }
}

const ref = (cluster, resource = "deployments.apps") => `${cluster}:default/${resource}/${name}`;
const container = (o, i) => o?.object.spec.template.spec.containers[i];

/** Opens the form of a verb on the object that is shown. */
async function form(verb) {
  await page.getByRole("heading", { level: 1, name }).waitFor();
  await page.getByRole("button", { name: "Actions", exact: true }).click();
  await page.getByRole("menuitem", { name: verb, exact: true }).click();
  await dialog.dialog.getByRole("button", { name: /^Plan for/ }).waitFor();
}

/** Plans what the form holds and runs it to its end. */
async function runs() {
  await dialog.plan({ reason: "the page's own test" });
  await dialog.run();
  assert.equal(await dialog.finished(), "Succeeded");
}

async function close() {
  await page.keyboard.press("Escape");
  await dialog.dialog.waitFor({ state: "detached" });
}

fact("a manifest is applied in two clusters, in one of them otherwise", async () => {
  await page.goto("/apply?clusters=zone1,zone2");
  await page.getByRole("textbox", { name: "Manifest" }).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(manifest);
  await page.getByRole("button", { name: "An override" }).click();
  await page.getByRole("textbox", { name: "Clusters" }).fill("zone2");
  await page.getByRole("textbox", { name: "Registry of images" }).fill("mirror.example");
  await page.getByRole("textbox", { name: "Replicas" }).fill("1");
  await page.getByLabel("Reason, for the record").fill("the page's own test");
  await page.keyboard.press("Enter");
  const plan = page.getByRole("region", { name: "Plan" });
  await plan.getByText("Planned", { exact: true }).waitFor({ timeout: 30_000 });
  await page.getByRole("heading", { name: "Apply a manifest" }).scrollIntoViewIfNeeded();
  await picture("apply", true);
  const phrase = plan.locator("form strong");
  if ((await phrase.count()) > 0) await plan.locator("form input").fill(await phrase.innerText());
  await plan.locator("form button[type=submit]").click();
  await plan.getByText("Succeeded", { exact: true }).waitFor({ timeout: 90_000 });
  await object(ref("zone1"), (o) => o?.object.spec.replicas === 2);
  const two = await object(ref("zone2"), (o) => o?.object.spec.replicas === 1);
  assert.equal(container(two, 0).image, "mirror.example/shop/page:1.0");
});

fact("images are set from a form that has what is now, and undone", async () => {
  await page.goto(deployment("zone1"));
  await form("Set image");
  const field = dialog.dialog.getByRole("textbox", { name: "Image of app" });
  assert.equal(await field.inputValue(), "registry.example/shop/page:1.0");
  await field.fill("registry.example/shop/page:2.0");
  await runs();
  const now = await object(ref("zone1"), (o) => container(o, 0).image.endsWith(":2.0"));
  assert.ok(container(now, 1).image.endsWith("side:1.0"), "the other container is left alone");
  await dialog.undo();
  await dialog.run();
  assert.equal(await dialog.finished(), "Succeeded");
  await object(ref("zone1"), (o) => container(o, 0).image.endsWith(":1.0"));
  await close();
});

fact("a variable is changed and another added", async () => {
  await form("Set environment");
  await dialog.dialog.getByRole("combobox", { name: "Container" }).selectOption("app");
  await dialog.dialog.getByRole("textbox", { name: "Value of LEVEL" }).fill("debug");
  await dialog.dialog.getByRole("button", { name: "Another variable" }).click();
  await dialog.dialog.getByRole("textbox", { name: "Variable of row 2" }).fill("COLOUR");
  await dialog.dialog.getByRole("textbox", { name: "Value of COLOUR" }).fill("green");
  await runs();
  const now = await object(ref("zone1"), (o) => container(o, 0).env.length === 2);
  assert.deepEqual(container(now, 0).env, [
    { name: "LEVEL", value: "debug" },
    { name: "COLOUR", value: "green" },
  ]);
  assert.equal(container(now, 1).env, undefined);
  await close();
});

fact("requests and limits are set", async () => {
  await form("Set resources");
  await dialog.dialog.getByRole("combobox", { name: "Container" }).selectOption("app");
  await dialog.dialog.getByRole("textbox", { name: "Request of cpu" }).fill("20m");
  await dialog.dialog.getByRole("textbox", { name: "Limit of memory" }).fill("64Mi");
  await runs();
  const now = await object(ref("zone1"), (o) => container(o, 0).resources.limits !== undefined);
  assert.deepEqual(container(now, 0).resources, { limits: { memory: "64Mi" }, requests: { cpu: "20m" } });
  await close();
});

fact("a label is added, and what is not edited is not sent", async () => {
  await form("Label");
  await dialog.dialog.getByRole("button", { name: "Another label" }).click();
  await dialog.dialog.getByRole("textbox", { name: /^Key of row/ }).fill("team");
  await dialog.dialog.getByRole("textbox", { name: "Value of team" }).fill("page");
  await runs();
  const now = await object(ref("zone1"), (o) => o.labels.team === "page");
  assert.equal(now.labels.app, name);
  await close();
});

fact("it is paused and resumed, and only what fits is offered", async () => {
  await form("Pause");
  await runs();
  await close();
  await object(ref("zone1"), (o) => o.object.spec.paused === true);
  await page.reload();
  await form("Resume");
  await runs();
  await close();
  await object(ref("zone1"), (o) => o.object.spec.paused !== true);
});

fact("one change is reverted from the history", async () => {
  await page.goto(`${deployment("zone1")}?tab=history`);
  const versions = page.getByRole("region", { name: "Versions" });
  await versions
    .getByRole("listitem")
    .filter({ hasText: /label team/ })
    .first()
    .getByRole("button")
    .first()
    .click();
  await page.getByRole("button", { name: "Revert this change" }).click();
  await dialog.dialog.getByText(/The change that is taken back/).waitFor();
  await runs();
  await close();
  const now = await object(ref("zone1"), (o) => o.labels.team === undefined);
  assert.equal(container(now, 0).env.length, 2, "what was changed before stays");
});

fact("it is rolled back to a revision that its cluster keeps", async () => {
  await page.goto(deployment("zone1"));
  await form("Roll back");
  const revisions = dialog.dialog.getByRole("region", { name: "Revisions" });
  await revisions.getByText("registry.example/shop/page:2.0").waitFor();
  await picture("roll-back");
  await revisions.locator("label").filter({ hasText: "page:2.0" }).getByRole("radio").check();
  await runs();
  await close();
  await object(ref("zone1"), (o) => container(o, 0).image.endsWith(":2.0"));
});

fact("both are restarted in waves, and the run says which wave it is in", async () => {
  await page.goto(`/search?q=kind:deploy+name:${name}`);
  await page.getByText("2 results", { exact: true }).waitFor();
  await page.getByRole("checkbox", { name: "Select every loaded row" }).check();
  await page.getByText("2 selected in 2 clusters").waitFor();
  await page.keyboard.press("r");
  await dialog.dialog.getByText("How fast, and past whom").click();
  await dialog.dialog.getByRole("textbox", { name: "Targets in a wave" }).fill("1");
  await dialog.dialog.getByRole("textbox", { name: "Seconds between waves" }).fill("2");
  await dialog.plan({ reason: "the page's own test" });
  await dialog.dialog.getByText(/2 waves/).waitFor();
  await dialog.run();
  await dialog.dialog.getByText(/Wave \d of 2/).waitFor();
  assert.equal(await dialog.finished(), "Succeeded");
  await dialog.dialog.getByRole("link", { name: /can be shared/ }).click();
  await page.waitForURL(/\/actions\/a-/);
  await page.getByRole("button", { name: /^Done 2/ }).click();
  await page.waitForURL(/state=DONE/);
  await picture("run");
});

fact("a node is cordoned and uncordoned", async () => {
  await page.goto("/search?q=kind:node+cluster:zone2+sort:name");
  await page.getByRole("grid").getByRole("link").first().click();
  await page.waitForURL(/\/r\/zone2\/core\/nodes/);
  await page.getByRole("button", { name: "Cordon", exact: true }).click();
  await runs();
  await close();
  await page.getByRole("button", { name: "Actions", exact: true }).click();
  await page.getByRole("menuitem", { name: "Uncordon", exact: true }).click();
  await runs();
  await close();
});

fact("a CronJob is run now", async () => {
  await page.goto(`/r/zone1/batch/cronjobs/default/${name}`);
  await page.getByRole("button", { name: "Run now", exact: true }).click();
  await runs();
  await close();
  await page.goto(`/search?q=kind:job+cluster:zone1+ns:default+owner:cronjob/${name}`);
  await page.getByText("1 result", { exact: true }).waitFor();
});

fact("what is refused says why and what to do", async () => {
  await page.goto(deployment("zone2"));
  await form("Set environment");
  await dialog.dialog.getByRole("button", { name: "Another variable" }).click();
  await dialog.dialog
    .getByRole("textbox", { name: /^Variable of row/ })
    .last()
    .fill("DB_PASSWORD");
  await dialog.dialog.getByRole("textbox", { name: "Value of DB_PASSWORD" }).fill("hunter2");
  await dialog.dialog.getByRole("button", { name: /^Plan for/ }).click();
  await dialog.dialog
    .getByText(/Secret/)
    .last()
    .waitFor();
  await dialog.dialog.getByRole("alert").waitFor();
  await close();
});

fact("what was done stands in the audit, row by row, and the chain is whole", async () => {
  await page.goto(`/audit?q=name:${name}+phase:result`);
  const rows = page.getByRole("region", { name: "Rows of the audit" }).getByRole("listitem");
  await rows.first().waitFor();
  await rows.first().getByRole("button", { name: /^Row / }).click();
  await rows.first().getByText("the page's own test").waitFor();
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByText(/^Whole:/).waitFor();
  await picture("audit");
});

fact("they are deleted by typing what it reaches, and undo makes them anew", async () => {
  await page.goto(deployment("zone2"));
  await form("Delete");
  await dialog.plan({ reason: "the page's own test" });
  assert.equal(await dialog.dialog.locator("form strong").count(), 1, "a deletion asks for its phrase");
  await dialog.run();
  assert.equal(await dialog.finished(), "Succeeded");
  await object(ref("zone2"), (o) => o === null || o.object.metadata.deletionTimestamp !== undefined);
  await dialog.undo();
  await dialog.run();
  assert.equal(await dialog.finished(), "Succeeded");
  await object(ref("zone2"), (o) => o?.object.spec.replicas === 1);
  await page.goto(`/search?q=kind:deploy,cronjob+name:${name}`);
  await page.getByText("4 results", { exact: true }).waitFor();
  await page.getByRole("checkbox", { name: "Select every loaded row" }).check();
  await page.getByText("4 selected in 2 clusters").waitFor();
  await page.keyboard.press("a");
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await runs();
});

for (const theme of ["light", "dark"]) {
  fact(`axe finds nothing where people act, in ${theme}`, async () => {
    await page.emulateMedia({ colorScheme: theme });
    const found = [];
    const look = async (title) => {
      await settle(page);
      await page.screenshot({ path: join(results, `${title}-${theme}.png`) });
      found.push(...(await violations(page)).map((v) => `${title}: ${v}`));
    };
    await page.goto("/apply?clusters=zone1");
    await page.locator(".cm-editor [aria-label=Manifest]").waitFor();
    await look("act-apply");
    await page.goto("/audit");
    await page.getByRole("button", { name: /^Row / }).first().click();
    await look("act-audit");
    await page.goto("/actions");
    await look("act-actions");
    await page.getByRole("main").getByRole("listitem").getByRole("link").first().click();
    await page.waitForURL(/\/actions\/a-/);
    await look("act-action");
    await page.goto("/search?q=kind:deploy+ns:shop+cluster:zone1");
    await page.getByRole("grid").getByRole("link").first().click();
    for (const verb of ["Set environment", "Set resources", "Roll back", "Delete"]) {
      await page.getByRole("button", { name: "Actions", exact: true }).click();
      await page.getByRole("menuitem", { name: verb, exact: true }).click();
      await dialog.dialog.getByRole("button", { name: /^Plan for/ }).waitFor();
      await look(`act-${verb.toLowerCase().replaceAll(" ", "-")}`);
      await close();
    }
    assert.deepEqual(found, []);
  });
}

test("nothing went wrong in the page meanwhile", () => assert.deepEqual(wrong, []));
