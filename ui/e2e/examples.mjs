// The examples of the language in the page: each shows what GraphQL answers. Needs FORETOP_E2E_URL, FORETOP_E2E_TOKEN
// and FORETOP_E2E_QUERIES, a JSON array.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { SearchPage } from "./pages/search.mjs";

const { FORETOP_E2E_URL: base, FORETOP_E2E_TOKEN: token, FORETOP_E2E_QUERIES: queries } = process.env;
if (!base || !token || !queries)
  throw new Error("Name the hub by FORETOP_E2E_URL and FORETOP_E2E_TOKEN, and the queries by FORETOP_E2E_QUERIES.");
const results = join(dirname(fileURLToPath(import.meta.url)), "../../test-results/page");
mkdirSync(results, { recursive: true });

let browser;
let page;

before(async () => {
  browser = await launch();
  const context = await browser.newContext({ baseURL: base, viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(20_000);
  page = await context.newPage();
  await page.goto(`/login#token=${token}`);
  await page.waitForURL(/\/search/);
});

after(async () => {
  await browser?.close();
});

async function truth(query) {
  const response = await fetch(`${base}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({
      query: "query($q: String!) { search(query: $q, first: 5) { total nodes { ref } groups { count } } }",
      variables: { q: query },
    }),
  });
  const { data, errors } = await response.json();
  return errors ? { refused: errors[0].message } : data.search;
}

/** Where the page leads for a ref. */
function address(ref) {
  const [, cluster, namespace, kind, name] = /^([^:]+):([^/]+)\/([^/]+)\/(.+)$/.exec(ref);
  const [resource, ...group] = kind.split(".");
  return `/r/${[cluster, group.join(".") || "core", resource, namespace, name].map(encodeURIComponent).join("/")}`;
}

async function shown(search, want) {
  const total = await search.total();
  const links = [];
  if (want.groups.length === 0) {
    for (const link of await search.rows().locator("a[href^='/r/']").all())
      links.push((await link.getAttribute("href")).split("?")[0]);
  }
  return { total, first: links.slice(0, want.nodes.length) };
}

for (const query of JSON.parse(queries)) {
  test(query, async () => {
    const search = new SearchPage(page);
    // The fleet lives: what differs for a moment has to agree in the end.
    for (let tries = 0; ; tries++) {
      const want = await truth(query);
      await search.open(query);
      if (!want.refused) await page.locator("section[aria-label=Results][aria-busy=false]").waitFor();
      try {
        if (want.refused) {
          await page.getByText(want.refused).first().waitFor();
          return;
        }
        if (want.total === 0) {
          await page
            .getByText(/^(No results|Nothing|0 results)/i)
            .first()
            .waitFor();
          return;
        }
        const got = await shown(search, want);
        assert.deepEqual(got, {
          total: want.total,
          first: want.groups.length ? [] : want.nodes.map((node) => address(node.ref)),
        });
        return;
      } catch (error) {
        if (tries < 4) continue;
        await page.screenshot({ path: join(results, `failed example ${query.replaceAll(/[^a-z0-9]+/gi, "-")}.png`) });
        throw error;
      }
    }
  });
}
