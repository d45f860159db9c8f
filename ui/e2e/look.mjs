// Shows every page in every state without a hub: pictures in test-results/look, and what axe says of each.
// node e2e/look.mjs [PART-OF-NAME]
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createServer, preview } from "vite";
import { launch, settle, violations } from "./browser.mjs";

const ui = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(ui, "../test-results/look");
mkdirSync(out, { recursive: true });

const loader = await createServer({
  root: ui,
  configFile: join(ui, "vite.config.ts"),
  server: { middlewareMode: true, ws: false, hmr: false },
  appType: "custom",
  logLevel: "error",
});
const scenarios = await loader.ssrLoadModule("/src/test/scenarios.ts");
const { now } = await loader.ssrLoadModule("/src/test/fixtures.ts");
await loader.close();

const server = await preview({
  root: ui,
  configFile: join(ui, "vite.config.ts"),
  preview: { port: 0, host: "127.0.0.1" },
  logLevel: "error",
});
const base = `http://127.0.0.1:${server.httpServer.address().port}`;

const app2 = "/r/zone1/apps/deployments/shop/app2";
const views = [
  ["search", "/search?q=ns:shop+-kind:pod", ["many", "partial", "empty", "failing", "offline", "loading"]],
  ["overview", app2, ["many", "empty", "failing"]],
  ["overview-at", `${app2}?at=2026-11-21T12:30:00Z`, ["many"]],
  ["yaml", `${app2}?tab=yaml`, ["many"]],
  ["history", `${app2}?tab=history&v=300`, ["many", "empty"]],
  ["compare", `${app2}?tab=history&v=300&with=100`, ["many"]],
  ["events", `${app2}?tab=events`, ["many"]],
  ["diff", `${app2}?tab=diff&to=zone2:shop/deployments.apps/app2`, ["many"]],
  ["diff-none", `${app2}?tab=diff`, ["many"]],
  ["tree", `${app2}?tab=tree`, ["many"]],
  ["relations", `${app2}?tab=relations`, ["many", "empty", "failing"]],
  ["relations-list", `${app2}?tab=relations&as=list`, ["many"]],
  [
    "relations-focus",
    `/r/zone1/core/pods/shop/app2-6f7d8c9b5-x2k4p?tab=relations`,
    ["many"],
    async (page) => {
      await page.locator("[data-ref][tabindex='0']").focus();
      await page.keyboard.press("ArrowRight");
    },
  ],
  ["changes", "/changes", ["many", "empty", "failing"]],
  ["suspects", "/changes?suspects=now&q=app:app2", ["many", "empty"]],
  ["deleted", "/search?q=deleted:any", ["deleted"]],
  ["groups", "/search?q=kind:pod+group:cluster", ["many"]],
  ["groups-two", "/search?q=kind:pod+group:cluster,ns", ["many"]],
  ["search-at", "/search?q=ns:shop+at:-20m", ["many"]],
  [
    "facet-picker",
    "/search",
    ["many"],
    async (page) => {
      if (await page.getByRole("button", { name: "Filters", exact: true }).isVisible())
        await page.getByRole("button", { name: "Filters", exact: true }).click();
      await page.getByRole("button", { name: "More filters" }).click();
      await page.getByRole("region", { name: "Labels of the results" }).waitFor();
    },
  ],
  [
    "saved",
    "/search?q=ns:shop",
    ["many", "empty"],
    async (page) => page.getByRole("button", { name: "Saved", exact: true }).click(),
  ],
  [
    "save",
    "/search?q=ns:shop",
    ["many"],
    async (page) => {
      await page.getByRole("button", { name: "Saved", exact: true }).click();
      await page.getByRole("button", { name: "Save this search" }).click();
    },
  ],
  ["export", "/search?q=ns:shop", ["many"], async (page) => page.getByRole("button", { name: "Export" }).click()],
  ["clusters", "/clusters?cluster=zone3", ["many", "empty", "failing"]],
  ["actions", "/actions", ["many", "empty"]],
  ["plan", "/actions/a1", ["many", "failing", "empty"]],
  ["planning", "/actions/a6", ["many"]],
  ["run", "/actions/a5", ["many"]],
  ["run-waves", "/actions/a7", ["many"]],
  ["run-failed", "/actions/a4?state=FAILED", ["many"]],
  ["plan-expired", "/actions/a3", ["many"]],
  ["apply", "/apply?clusters=zone1,zone2", ["many", "empty", "failing"]],
  ["apply-plan", "/apply?from=zone1:shop/deployments.apps/app2&plan=a1", ["many"]],
  ["menu-of-actions", app2, ["many"], async (page) => page.keyboard.press("a")],
  ...["Roll back", "Set image", "Set environment", "Set resources", "Label", "Delete", "Restart by eviction"].map(
    (verb) => [
      `form ${verb}`,
      app2,
      ["many"],
      async (page) => {
        await page.keyboard.press("a");
        await page.getByRole("menuitem", { name: verb, exact: true }).click();
        await page.getByRole("button", { name: /^Plan/ }).waitFor();
      },
    ],
  ),
  ["done", "/actions/a2", ["many"]],
  ["login", "/login", ["many"]],
  [
    "select",
    "/search",
    ["many"],
    async (page) => {
      await page.locator("[role=row][data-index='0'] label").click();
      await page.locator("[role=row][data-index='1'] label").click();
    },
  ],
  [
    "dialog",
    "/search",
    ["many"],
    async (page) => {
      await page.locator("[role=row][data-index='0'] label").click();
      await page.getByRole("button", { name: "Scale", exact: true }).click();
    },
  ],
  [
    "dialog-plan",
    "/search",
    ["many"],
    async (page) => {
      await page.locator("[role=row][data-index='0'] label").click();
      await page.getByRole("button", { name: "Scale", exact: true }).click();
      await page.getByRole("button", { name: /^Plan/ }).click();
      await page.getByRole("button", { name: /^Scale 2 objects/ }).waitFor();
    },
  ],
  [
    "complete",
    "/search",
    ["many"],
    async (page) => {
      await page.locator(".cm-content").click();
      await page.keyboard.type("st");
      await page.locator(".cm-tooltip-autocomplete").waitFor();
    },
  ],
  [
    "coverage",
    "/search",
    ["partial"],
    async (page) => page.getByTitle("Which clusters this answer speaks for").click(),
  ],
  [
    "palette",
    "/search?q=ns:shop",
    ["many", "empty", "failing"],
    async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Go to anything" }).waitFor();
    },
  ],
  [
    "palette-typed",
    app2,
    ["many", "empty"],
    async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Go to anything" }).fill("app");
      await page.waitForTimeout(400);
    },
  ],
  ["keys", "/search", ["many"], async (page) => page.keyboard.press("?")],
  ["syntax", "/search", ["many"], async (page) => page.getByRole("button", { name: "Query syntax" }).click()],
  ["menu", "/search", ["many"], async (page) => page.getByRole("button", { name: /Theme/ }).click()],
];
const sizes = { wide: { width: 1360, height: 800 }, phone: { width: 400, height: 800 } };

const only = process.argv[2] ?? "";
const browser = await launch();
let bad = 0;
for (const [name, path, states, act] of views) {
  for (const state of states) {
    for (const [size, viewport] of Object.entries(sizes)) {
      for (const theme of ["light", "dark"]) {
        const title = `${name}-${state}-${size}-${theme}`;
        if (!title.includes(only)) continue;
        const context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: "reduce" });
        const page = await context.newPage();
        const wrong = [];
        page.on("pageerror", (error) => wrong.push(`page error: ${error.message}`));
        await page.clock.install({ time: now });
        await page.clock.resume();
        await page.routeWebSocket(/graphql/, (socket) => {
          socket.onMessage((message) => {
            if (JSON.parse(message).type === "connection_init") socket.send(JSON.stringify({ type: "connection_ack" }));
          });
        });
        await page.route("**/graphql", async (route) => {
          if (state === "offline") return route.abort();
          if (state === "loading") return undefined;
          const { operationName, variables } = route.request().postDataJSON();
          const answer = scenarios[state][operationName];
          if (!answer) throw new Error(`no answer for ${operationName}`);
          return route.fulfill({ json: answer(variables) });
        });
        try {
          await page.goto(base + path, { waitUntil: "load" });
          if (state === "offline") await page.waitForTimeout(2_500);
          else if (state === "loading") await page.waitForTimeout(600);
          else {
            await settle(page);
            await page.locator("h1").first().waitFor({ state: "attached" });
          }
          await act?.(page);
          await page.waitForTimeout(200);
        } catch (error) {
          wrong.push(error.message.split("\n")[0]);
        }
        await page.screenshot({ path: join(out, `${title}.png`) });
        const sideways = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        if (sideways > 0) wrong.push(`the page is ${sideways}px wider than the window`);
        wrong.push(...(await violations(page)));
        if (wrong.length > 0) {
          bad++;
          console.log(`${title}\n  ${wrong.join("\n  ")}`);
        }
        await context.close();
      }
    }
  }
}
await browser.close();
await server.close();
console.log(bad === 0 ? "nothing to say" : `${bad} views have something wrong`);
process.exit(bad === 0 ? 0 : 1);
