// Each page in each state, and what people do on it. The hub is a scenario; everything else is the real page.
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { fakeHub, noHub } from "../test/hub";
import { show } from "../test/page";
import { empty, failing, failure, many, partial } from "../test/scenarios";

const app2 = "/r/zone1/apps/deployments/shop/app2";

describe("search", () => {
  it("shows a skeleton, then results with status in words", async () => {
    fakeHub(many);
    show("/search?q=ns:shop");
    expect(await screen.findByText("1,201 results")).toBeTruthy();
    const grid = screen.getByRole("grid", { name: "Search results" });
    expect(grid.getAttribute("aria-rowcount")).toBe("1202");
    expect((await within(grid).findAllByText("ImagePullBackOff")).length).toBeGreaterThan(0);
    expect(within(grid).getAllByText("2/5").length).toBeGreaterThan(0);
  });

  it("asks the hub for what the address says, with facets", async () => {
    const asked = fakeHub(many);
    show("/search?q=app:app2+status:!Ready");
    await screen.findByText("1,201 results");
    const search = asked.find((a) => a.operation === "Search");
    expect(search?.variables).toMatchObject({ query: "app:app2 status:!Ready", after: null });
    expect(asked.find((a) => a.operation === "Facets")?.variables).toMatchObject({
      query: "app:app2 status:!Ready",
      facets: ["cluster", "kind", "ns", "status", "app", "image"],
    });
  });

  it("edits the query by a click on a facet", async () => {
    fakeHub(many);
    const page = show("/search?q=ns:shop");
    const namespaces = await screen.findByRole("region", { name: "Namespace" });
    await userEvent.click(await within(namespaces).findByRole("button", { name: /^pay/ }));
    await waitFor(() => expect(page.address()).toBe("/search?q=ns:shop,pay"));
    await userEvent.click(
      within(screen.getByRole("region", { name: "Kind" })).getByRole("button", { name: "Exclude Pod" }),
    );
    await waitFor(() => expect(page.address()).toBe("/search?q=ns:shop,pay+-kind:Pod"));
  });

  it("knows a kind by any of its names", async () => {
    fakeHub(many);
    const page = show("/search?q=kind:deploy");
    const facet = await screen.findByRole("region", { name: "Kind" });
    await waitFor(() =>
      expect(
        within(facet)
          .getByRole("button", { name: /^Deployment/ })
          .getAttribute("aria-pressed"),
      ).toBe("true"),
    );
    await userEvent.click(within(facet).getByRole("button", { name: /^Deployment/ }));
    await waitFor(() => expect(page.address()).toBe("/search"));
  });

  it("sorts by a click on a column", async () => {
    fakeHub(many);
    const page = show("/search");
    await userEvent.click(await screen.findByRole("button", { name: "Age" }));
    await waitFor(() => expect(page.address()).toBe("/search?q=sort:age-asc"));
    expect(screen.getByRole("columnheader", { name: "Age" }).getAttribute("aria-sort")).toBe("ascending");
  });

  it("says which clusters an answer speaks for", async () => {
    fakeHub(partial);
    show("/search");
    await userEvent.click(await screen.findByRole("button", { name: /3 of 4 clusters · 1 stale · 1 not in step/ }));
    const list = await screen.findByRole("dialog", { name: "Coverage" });
    expect(within(list).getByText(/Not heard from since 12:39/)).toBeTruthy();
    expect(within(list).getByText("Pending")).toBeTruthy();
  });

  it("offers three examples when nothing matches", async () => {
    fakeHub(empty);
    const page = show("/search?q=nosuchthing");
    expect(await screen.findByText("Nothing matches")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "app:app2 status:!Ready" }));
    await waitFor(() => expect(page.address()).toBe("/search?q=app:app2+status:!Ready"));
  });

  it("turns a mistake in the query into a click", async () => {
    fakeHub(failing);
    const page = show("/search?q=nginx:1.27");
    expect(await screen.findByText('There is no field "nginx".')).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: 'image:"nginx:1.27"' }));
    await waitFor(() => expect(page.address()).toContain("image:%22nginx:1.27%22"));
  });

  it("says that the hub is away, and tries again", async () => {
    noHub();
    show("/search");
    expect((await screen.findAllByText("The hub does not answer.")).length).toBeGreaterThan(0);
    fakeHub(many);
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("1,201 results")).toBeTruthy();
  });

  it("goes to the login when the hub asks for a token, and remembers where from", async () => {
    fakeHub(many, 401);
    const page = show("/search?q=ns:shop");
    expect(await screen.findByText("admin.token")).toBeTruthy();
    expect(page.address()).toContain("/login?next=");
  });
});

describe("acting on a selection", () => {
  it("plans, confirms and runs by keyboard and says what is left out", async () => {
    const asked = fakeHub(many);
    show("/search");
    await screen.findByText("1,201 results");
    const user = userEvent.setup();
    await user.keyboard("xjx");
    expect(await screen.findByText("2 selected in 1 cluster")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Scale" }));
    const dialog = await screen.findByRole("dialog");
    const replicas = await within(dialog).findByLabelText("Replicas");
    await waitFor(() => expect(document.activeElement).toBe(replicas));
    await user.clear(replicas);
    await user.type(replicas, "3");
    await user.tab();
    await user.keyboard("INC-4711{Enter}");
    expect(await within(dialog).findByText(/1 target will be left out/)).toBeTruthy();
    expect(within(dialog).getByText(/An autoscaler app2 sets the replicas/)).toBeTruthy();
    expect(asked.find((a) => a.operation === "PlanAction")?.variables).toEqual({
      input: {
        verb: "SCALE",
        refs: ["zone1:shop/deployments.apps/app1", "zone1:shop/deployments.apps/app2"],
        replicas: 3,
        reason: "INC-4711",
      },
    });
  });

  it("runs a plan with a phrase only when the phrase is typed", async () => {
    const asked = fakeHub(many);
    show("/actions/a1");
    const button = await screen.findByRole("button", { name: "Scale 2 objects in zone1 and zone2" });
    expect(button.hasAttribute("disabled")).toBe(true);
    await userEvent.type(screen.getByLabelText(/Type scale 2 in 2 clusters/), "scale 2 in 2 clusters{Enter}");
    await waitFor(() =>
      expect(asked.find((a) => a.operation === "RunAction")?.variables).toEqual({
        id: "a1",
        confirm: "scale 2 in 2 clusters",
      }),
    );
    expect((await screen.findAllByText(/1 of 3 done/)).length).toBeGreaterThan(0);
    expect(screen.getByRole("button", { name: /Stop/ })).toBeTruthy();
  });

  it("plans the way back of what is done", async () => {
    fakeHub(many);
    const page = show("/actions/a2");
    await userEvent.click(await screen.findByRole("button", { name: "Undo" }));
    await waitFor(() => expect(page.address()).toBe("/actions/a9"));
  });

  it("shows a refusal as a sentence", async () => {
    fakeHub({
      ...many,
      RunAction: () => failure("CONFLICT", "The plan expired a minute ago.", { fix: "Plan it anew." }),
    });
    show("/actions/a1");
    await userEvent.type(await screen.findByLabelText(/Type scale/), "scale 2 in 2 clusters{Enter}");
    expect(await screen.findByText("The plan expired a minute ago.")).toBeTruthy();
    expect(screen.getByText("Plan it anew.")).toBeTruthy();
  });
});

describe("resource", () => {
  it("says how it is in a sentence and who would revert a change", async () => {
    fakeHub(many);
    show(app2);
    expect(await screen.findByText(/2 of 5 ready: MinimumReplicasUnavailable/)).toBeTruthy();
    const chain = await screen.findByRole("region", { name: "Managed by" });
    expect(within(chain).getByText("Autoscaler app2")).toBeTruthy();
    expect(within(chain).getByText(/It sets the number of replicas.* Change its bounds\./)).toBeTruthy();
    expect(within(chain).getByText("Known by its scaleTargetRef.")).toBeTruthy();
    expect(within(chain).getByRole("link", { name: "shop" }).getAttribute("href")).toBe(
      "/r/zone1/argoproj.io/applications/argocd/shop",
    );
    expect(screen.getByRole("link", { name: "Argo CD shop" }).getAttribute("href")).toBe(
      "/search?q=managedby:argocd/shop",
    );
    expect(screen.getByText(": a direct change is taken back")).toBeTruthy();
    expect(screen.getByText("Deployment does not have minimum availability.")).toBeTruthy();
  });

  it("shows the change of a version against the one before", async () => {
    fakeHub(many);
    const page = show(`${app2}?tab=history`);
    const versions = await screen.findByRole("region", { name: "Versions" });
    expect(within(versions).queryByText("Status: Degraded")).toBeNull();
    const diff = await screen.findByRole("region", { name: "Difference against the version before" });
    expect(within(diff).getByText("- image: registry.example/shop/app2:2.0", { exact: false })).toBeTruthy();
    await userEvent.click(within(versions).getByText("Changed replicas"));
    await waitFor(() => expect(page.address()).toContain("v=200"));
  });

  it("stamps a past moment and hides what would act on the present", async () => {
    fakeHub(many);
    show(`${app2}?at=2026-11-21T12:30:00Z`);
    expect(await screen.findByText(/As of/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Restart" })).toBeNull();
  });

  it("shows owned objects under their owner", async () => {
    fakeHub(many);
    show(`${app2}?tab=tree`);
    expect(await screen.findByText("app2-6f7d8c9b5-x2k4p")).toBeTruthy();
  });

  it("shows events with how often", async () => {
    fakeHub(many);
    show(`${app2}?tab=events`);
    expect(await screen.findByText(/Failed to pull image/)).toBeTruthy();
    expect(screen.getByText(/6 times since/)).toBeTruthy();
  });

  it("that is not there leads to its past and to its name elsewhere", async () => {
    fakeHub({ ...empty, History: many.History ?? (() => ({ data: null })) });
    show(app2);
    expect(await screen.findByText("There is no app2 here now")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Show it as it was last" })).toBeTruthy();
    expect(screen.getByRole("link", { name: "Search for that name everywhere" })).toBeTruthy();
  });

  it("shows a failure with its remedy", async () => {
    fakeHub(failing);
    show(app2);
    expect(await screen.findByText("The database does not answer at the moment.")).toBeTruthy();
    expect(screen.getByRole("button", { name: "Try again" })).toBeTruthy();
  });
});

describe("changes", () => {
  it("are grouped by day with what changed and by whom", async () => {
    fakeHub(many);
    show("/changes");
    expect(await screen.findByText("image app2:1.0 -> app2:2.0")).toBeTruthy();
    expect(screen.getByText("kubectl-set")).toBeTruthy();
    expect(screen.getAllByRole("heading", { level: 2 })).toHaveLength(2);
  });

  it("offer examples when there are none", async () => {
    fakeHub(empty);
    show("/changes?from=now-15m");
    expect(await screen.findByText("Nothing changed in the last 15 min")).toBeTruthy();
  });

  it("keep the span in the address", async () => {
    const asked = fakeHub(many);
    const page = show("/changes?q=kind:deploy");
    await userEvent.click(await screen.findByRole("button", { name: "6 hours" }));
    await waitFor(() => expect(page.address()).toBe("/changes?q=kind:deploy&from=now-6h"));
    await waitFor(() => {
      const last = asked.findLast((a) => a.operation === "Changes");
      expect(Date.now() - Date.parse(String(last?.variables.from))).toBeGreaterThan(6 * 3_600_000 - 1_000);
    });
  });

  it("say when the time is none", async () => {
    fakeHub(many);
    show("/changes?from=yesterday");
    expect(await screen.findByText("That is no time")).toBeTruthy();
  });
});

describe("clusters", () => {
  it("show state, reason and kinds in trouble", async () => {
    fakeHub(many);
    show("/clusters?cluster=zone3");
    expect((await screen.findAllByText("zone3")).length).toBeGreaterThan(0);
    expect(screen.getByText("Not heard from since 12:39: connection refused.")).toBeTruthy();
    const detail = screen.getByRole("region", { name: "Cluster zone3" });
    expect(within(detail).getByText(/the collector may not list it/)).toBeTruthy();
  });

  it("are added by a command that is shown once", async () => {
    const asked = fakeHub(many);
    show("/clusters");
    await userEvent.click(await screen.findByRole("button", { name: "Add a cluster" }));
    await userEvent.type(await screen.findByLabelText("Name of the cluster"), "prod-eu-1{Enter}");
    expect(await screen.findByText(/foretop collect --hub/)).toBeTruthy();
    expect(asked.find((a) => a.operation === "AddCluster")?.variables).toEqual({ name: "prod-eu-1" });
  });

  it("say how kubectl reads the fleet, and the cluster that is open", async () => {
    fakeHub(many);
    show("/clusters?cluster=zone3");
    await userEvent.click(await screen.findByRole("button", { name: "Use with kubectl" }));
    const dialog = await screen.findByRole("dialog", { name: "Use with kubectl" });
    expect(within(dialog).getByText(`foretop kubeconfig --write --server ${window.location.origin}`)).toBeTruthy();
    expect(within(dialog).getByText(/kubectl --context foretop-zone3 get deployments/)).toBeTruthy();
  });

  it("none yet says what to do", async () => {
    fakeHub(empty);
    show("/clusters");
    expect(await screen.findByText("No cluster is attached yet")).toBeTruthy();
  });
});

describe("actions", () => {
  it("are listed with their result, and running ones stand in the tray", async () => {
    fakeHub(many);
    show("/actions");
    expect((await screen.findAllByText("Succeeded")).length).toBe(1);
    expect(await screen.findByRole("region", { name: "Running actions" })).toBeTruthy();
  });

  it("none yet leads to the search", async () => {
    fakeHub(empty);
    show("/actions");
    expect(await screen.findByText("Nothing was done yet")).toBeTruthy();
  });

  it("that do not exist say so", async () => {
    fakeHub(empty);
    show("/actions/nope");
    expect(await screen.findByText("There is no such action")).toBeTruthy();
  });
});

describe("login", () => {
  it("trades a pasted token for a session and goes where one came from", async () => {
    const asked = fakeHub(many);
    const page = show("/login?next=/clusters");
    await userEvent.type(await screen.findByLabelText("Token"), "secret{Enter}");
    await waitFor(() => expect(asked.find((a) => a.operation === "/login")?.variables).toEqual({ token: "secret" }));
    await waitFor(() => expect(page.address()).toBe("/clusters"));
  });

  it("never leads to another site", async () => {
    fakeHub(many);
    const page = show("/login?next=//evil.example");
    await userEvent.type(await screen.findByLabelText("Token"), "secret{Enter}");
    await waitFor(() => expect(page.address()).toBe("/search"));
  });
});

describe("keys", () => {
  it("lead to pages, and to the sheet that names them", async () => {
    fakeHub(many);
    const page = show("/search");
    await screen.findByText("1,201 results");
    const user = userEvent.setup();
    await user.keyboard("gc");
    await waitFor(() => expect(page.address()).toBe("/clusters"));
    await user.keyboard("gh");
    await waitFor(() => expect(page.address()).toBe("/changes"));
    await user.keyboard("?");
    expect(await screen.findByRole("dialog", { name: "Keyboard" })).toBeTruthy();
  });
});
