// What people do to the fleet: from forms that begin with what is, over plans, to runs and the audit.
import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import * as audit from "../test/auditing";
import { detail } from "../test/fixtures";
import { fakeHub, type Asked } from "../test/hub";
import { show } from "../test/page";
import { empty, failing, failure, many } from "../test/scenarios";

const app2 = "/r/zone1/apps/deployments/shop/app2";
const ref = "zone1:shop/deployments.apps/app2";

/** The form of a verb on app2. */
async function form(verb: string): Promise<HTMLElement> {
  await screen.findByRole("button", { name: "Actions" });
  fireEvent.keyDown(document.body, { key: "a" });
  fireEvent.click(await screen.findByRole("menuitem", { name: new RegExp(`^${verb}`) }));
  const dialog = await screen.findByRole("dialog");
  await within(dialog).findByRole("button", { name: "Plan for app2" });
  return dialog;
}

function type(field: HTMLElement, value: string): void {
  fireEvent.change(field, { target: { value } });
}

async function planned(dialog: HTMLElement, asked: Asked[]): Promise<unknown> {
  fireEvent.click(within(dialog).getByRole("button", { name: "Plan for app2" }));
  await waitFor(() => expect(asked.some((a) => a.operation === "PlanAction")).toBe(true));
  return asked.find((a) => a.operation === "PlanAction")?.variables.input;
}

describe("a form", () => {
  it("of images has those that run, and sends only what is changed", async () => {
    const asked = fakeHub(many);
    show(app2);
    const dialog = await form("Set image");
    const field = within(dialog).getByRole("textbox", { name: "Image of app" });
    expect(field.getAttribute("value")).toBe("registry.example/shop/app2:2.0");
    type(field, "registry.example/shop/app2:2.1");
    expect(await planned(dialog, asked)).toEqual({
      verb: "SET_IMAGE",
      refs: [ref],
      parameters: { set: [{ name: "app", value: "registry.example/shop/app2:2.1" }] },
      reason: "",
    });
  });

  it("of the environment leaves alone what comes from elsewhere, adds and removes", async () => {
    const asked = fakeHub(many);
    show(app2);
    const dialog = await form("Set environment");
    expect(within(dialog).getByPlaceholderText("key token of Secret app2")).toBeTruthy();
    fireEvent.click(within(dialog).getByRole("button", { name: "Remove LEVEL" }));
    fireEvent.click(within(dialog).getByRole("button", { name: "Another variable" }));
    type(within(dialog).getByRole("textbox", { name: "Variable of row 3" }), "COLOUR");
    type(within(dialog).getByRole("textbox", { name: "Value of COLOUR" }), "green");
    expect(await planned(dialog, asked)).toMatchObject({
      parameters: { set: [{ name: "COLOUR", value: "green" }], remove: ["LEVEL"] },
    });
  });

  it("says who would take the change back before anything is planned", async () => {
    fakeHub(many);
    show(app2);
    const dialog = await form("Set environment");
    expect(await within(dialog).findByText(/Argo CD takes it back within about 5 s/)).toBeTruthy();
    expect(within(dialog).getByText(/Change it in Git/)).toBeTruthy();
  });

  it("in which nothing is changed asks nothing of the hub", async () => {
    const asked = fakeHub(many);
    show(app2);
    const dialog = await form("Set resources");
    fireEvent.click(within(dialog).getByRole("button", { name: "Plan for app2" }));
    expect(await within(dialog).findByText("Nothing is changed yet.")).toBeTruthy();
    expect(asked.some((a) => a.operation === "PlanAction")).toBe(false);
  });

  it("of a roll-back offers the revisions that the cluster keeps, and versions of history", async () => {
    const asked = fakeHub(many);
    show(app2);
    const dialog = await form("Roll back");
    const revisions = await within(dialog).findByRole("region", { name: "Revisions" });
    expect(asked.find((a) => a.operation === "Revisions")?.variables).toEqual({
      query: "cluster:zone1 ns:shop kind:replicasets.apps owner:deployments.apps/app2",
    });
    const radios = within(revisions).getAllByRole("radio");
    expect(radios.map((r) => r.hasAttribute("disabled"))).toEqual([true, false, false]);
    fireEvent.click(radios[1] as HTMLElement);
    expect(await planned(dialog, asked)).toMatchObject({ verb: "ROLL_BACK", parameters: { revision: 3 } });
  });

  it("shows a refusal with what to do", async () => {
    fakeHub({
      ...many,
      PlanAction: () =>
        failure("BAD_REQUEST", "DB_PASSWORD looks like a secret.", { fix: "Put it into a Secret and refer to it." }),
    });
    show(app2);
    const dialog = await form("Delete");
    fireEvent.click(within(dialog).getByRole("button", { name: "Plan for app2" }));
    expect(await within(dialog).findByText("Put it into a Secret and refer to it.")).toBeTruthy();
  });
});

describe("the history", () => {
  it("takes one change back", async () => {
    const asked = fakeHub(many);
    show(`${app2}?tab=history&v=300`);
    await userEvent.click(await screen.findByRole("button", { name: "Revert this change" }));
    const dialog = await screen.findByRole("dialog");
    expect(await within(dialog).findByText("Changed image of app")).toBeTruthy();
    expect(await planned(dialog, asked)).toMatchObject({ verb: "REVERT", parameters: { version: "300" } });
  });

  it("goes back to a version, but not to the one that is", async () => {
    const asked = fakeHub(many);
    show(`${app2}?tab=history&v=300`);
    await screen.findByRole("button", { name: "Revert this change" });
    expect(screen.queryByRole("button", { name: "Back to this version" })).toBeNull();
    await userEvent.click(screen.getByText("Changed replicas"));
    await userEvent.click(await screen.findByRole("button", { name: "Back to this version" }));
    expect(await planned(await screen.findByRole("dialog"), asked)).toMatchObject({
      verb: "ROLL_BACK",
      parameters: { version: "200" },
    });
  });
});

describe("a selection", () => {
  it("of all that match is the query, with its pace", async () => {
    const asked = fakeHub(many);
    show("/search?q=ns:shop");
    await screen.findByText("1,201 results");
    fireEvent.click(screen.getByRole("checkbox", { name: "Select every loaded row" }));
    fireEvent.click(await screen.findByRole("button", { name: "Select all 1,201 that match" }));
    expect(await screen.findByText("All 1,201 results that match")).toBeTruthy();
    fireEvent.keyDown(document.body, { key: "r" });
    const dialog = await screen.findByRole("dialog");
    type(await within(dialog).findByLabelText("Targets in a wave"), "50");
    fireEvent.click(within(dialog).getByRole("checkbox", { name: "A wave never spans clusters" }));
    fireEvent.click(within(dialog).getByRole("button", { name: "Plan for all results" }));
    await waitFor(() =>
      expect(asked.find((a) => a.operation === "PlanAction")?.variables.input).toEqual({
        verb: "RESTART",
        query: "ns:shop",
        waves: { size: 50, byCluster: true },
        reason: "",
      }),
    );
  });
});

describe("an action", () => {
  it("that is being planned says how far the dry run is", async () => {
    fakeHub(many);
    show("/actions/a6");
    expect(await screen.findByText(/1 of 4 dry-run on their clusters/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: /^Restart \d/ })).toBeNull();
  });

  it("of many targets draws those in sight, in the state that the address names", async () => {
    fakeHub(many);
    const page = show("/actions/a7?state=FAILED");
    const list = await screen.findByRole("list", { name: "Targets of the run" });
    expect(within(list).getAllByRole("listitem")).toHaveLength(2);
    expect(screen.getByText(/Wave 1 of 3/)).toBeTruthy();
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Cluster" }), "zone2");
    await waitFor(() => expect(page.address()).toContain("cluster=zone2"));
    expect(await screen.findByText("No target is like that.")).toBeTruthy();
  });

  it("that failed in part is tried again for what failed", async () => {
    const asked = fakeHub(many);
    const page = show("/actions/a4");
    await userEvent.click(await screen.findByRole("button", { name: "Retry what failed" }));
    await waitFor(() => expect(page.address()).toBe("/actions/a8"));
    expect(asked.find((a) => a.operation === "RetryAction")?.variables).toEqual({ id: "a4" });
  });

  it("that is too old is planned again as it was asked", async () => {
    const asked = fakeHub(many);
    show("/actions/a3");
    await userEvent.click(await screen.findByRole("button", { name: "Plan it again" }));
    await waitFor(() =>
      expect(asked.find((a) => a.operation === "PlanAction")?.variables.input).toMatchObject({
        verb: "SCALE",
        replicas: 3,
        reason: "INC-4711",
        refs: [ref, "zone2:shop/deployments.apps/app2", "zone3:shop/deployments.apps/app2"],
      }),
    );
  });

  it("of four eyes cannot be run before another person approved it", async () => {
    fakeHub(many);
    show("/actions/a10");
    const approve = await screen.findByRole("button", { name: "Approve" });
    expect(screen.queryByRole("button", { name: /^Delete 1 object/ })).toBeNull();
    await userEvent.click(approve);
    expect(await screen.findByText(/Approved by maria/)).toBeTruthy();
    expect(screen.getByRole("button", { name: /^Delete 1 object/ })).toBeTruthy();
  });
});

describe("the list of actions", () => {
  it("is narrowed by the hub, as the address says", async () => {
    const asked = fakeHub(many);
    const page = show("/actions");
    await userEvent.selectOptions(await screen.findByRole("combobox", { name: "State" }), "FAILED");
    await waitFor(() => expect(page.address()).toBe("/actions?q=state:failed"));
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Verb" }), "SET_IMAGE");
    await waitFor(() =>
      expect(asked.findLast((a) => a.operation === "Actions" && a.variables.first === 50)?.variables.query).toBe(
        "state:failed verb:set_image",
      ),
    );
  });

  it("that holds none like that leads back to all", async () => {
    fakeHub(empty);
    const page = show("/actions?q=state:failed");
    await userEvent.click(await screen.findByRole("button", { name: "All actions" }));
    await waitFor(() => expect(page.address()).toBe("/actions"));
  });
});

describe("a manifest", () => {
  it("is planned for the chosen clusters, otherwise in some", async () => {
    const asked = fakeHub(many);
    const page = show("/apply?clusters=zone1");
    await userEvent.click(await screen.findByRole("checkbox", { name: /^zone2/ }));
    await waitFor(() => expect(page.address()).toBe("/apply?clusters=zone1,zone2"));
    fireEvent.click(screen.getByRole("button", { name: "An override" }));
    type(screen.getByRole("textbox", { name: "Clusters" }), "zone2");
    type(screen.getByRole("textbox", { name: "Replicas" }), "1");
    fireEvent.click(screen.getByRole("button", { name: "Plan for 2 clusters" }));
    await waitFor(() =>
      expect(asked.find((a) => a.operation === "PlanAction")?.variables.input).toMatchObject({
        verb: "APPLY",
        parameters: {
          manifest: expect.stringContaining("kind: Deployment"),
          clusters: ["zone1", "zone2"],
          overrides: [{ clusters: ["zone2"], replicas: 1 }],
        },
      }),
    );
    await waitFor(() => expect(page.address()).toContain("plan=a1"));
  });

  it("of an object begins without what servers write, in its cluster", async () => {
    const asked = fakeHub(many);
    show(`/apply?from=${ref}`);
    await userEvent.click(await screen.findByRole("button", { name: "Plan for 1 cluster" }));
    const input = await waitFor(() => {
      const found = asked.find((a) => a.operation === "PlanAction")?.variables.input;
      expect(found).toBeTruthy();
      return found as { parameters: { manifest: string; clusters: string[] } };
    });
    expect(input.parameters.clusters).toEqual(["zone1"]);
    expect(input.parameters.manifest).toContain("replicas: 5");
    expect(input.parameters.manifest).not.toMatch(/resourceVersion|uid|managedFields|status/);
  });

  it("with what stands for a secret is not sent", async () => {
    const asked = fakeHub({
      ...many,
      ResourceDetail: () => ({ data: detail({ yaml: "kind: Secret\ndata:\n  a: '[redacted]'\n" }) }),
    });
    show(`/apply?from=${ref}`);
    expect(await screen.findByText(/Some of its values are secret/)).toBeTruthy();
    await userEvent.click(await screen.findByRole("button", { name: "Plan for 1 cluster" }));
    expect(await screen.findByText(/stands for a secret value that the hub does not have/)).toBeTruthy();
    expect(asked.some((a) => a.operation === "PlanAction")).toBe(false);
  });

  it("that is being written outlives a reload, one that nobody edited does not", async () => {
    const key = "deployment";
    const draft = { key, first: "a: 1", manifest: "a: 2", overrides: [] };
    sessionStorage.setItem("foretop.apply", JSON.stringify(draft));
    fakeHub(many);
    show(`/apply?template=${key}`);
    await userEvent.click(await screen.findByRole("button", { name: "Begin again" }));
    await waitFor(() => expect(screen.queryByRole("button", { name: "Begin again" })).toBeNull());
    cleanup();
    sessionStorage.setItem("foretop.apply", JSON.stringify({ ...draft, manifest: "a: 1" }));
    show(`/apply?template=${key}`);
    await screen.findByRole("button", { name: "Plan for 0 clusters" });
    expect(screen.queryByRole("button", { name: "Begin again" })).toBeNull();
  });

  it("in no cluster is not sent", async () => {
    const asked = fakeHub(many);
    show("/apply");
    await userEvent.click(await screen.findByRole("button", { name: "Plan for 0 clusters" }));
    expect(await screen.findByText("Choose a cluster.")).toBeTruthy();
    expect(asked.some((a) => a.operation === "PlanAction")).toBe(false);
  });
});

describe("the audit", () => {
  it("shows who did what, and all of a row behind a click", async () => {
    fakeHub(many);
    show("/audit");
    expect((await screen.findAllByText("maria")).length).toBe(1);
    await userEvent.click(screen.getByRole("button", { name: "Row 43" }));
    const detail = await screen.findByLabelText("Detail of row 43");
    expect(detail.textContent).toContain('"replicas": 3');
    expect(screen.getByText(/signed up to row 40/)).toBeTruthy();
  });

  it("is narrowed by a click on a value, and the file is of the same", async () => {
    const asked = fakeHub(many);
    const page = show("/audit");
    await userEvent.click(await screen.findByRole("button", { name: "maria" }));
    await waitFor(() => expect(page.address()).toBe("/audit?q=actor:maria"));
    await waitFor(() => expect(asked.findLast((a) => a.operation === "Audit")?.variables.query).toBe("actor:maria"));
    expect(screen.getByRole("link", { name: "NDJSON" }).getAttribute("href")).toBe(
      "/api/v1/export/audit?query=actor:maria",
    );
  });

  it("that is whole says so, and one that is not names what", async () => {
    fakeHub(many);
    show("/audit");
    await userEvent.click(await screen.findByRole("button", { name: "Verify" }));
    expect(await screen.findByText(/44 rows and 3 signed checkpoints are as they were written/)).toBeTruthy();
    fakeHub({ ...many, AuditVerification: () => ({ data: audit.tampered }) });
    await userEvent.click(screen.getByRole("button", { name: "Verify" }));
    expect(await screen.findByText(/Row 17 was changed/)).toBeTruthy();
  });

  it("empty and broken ones say so", async () => {
    fakeHub(empty);
    show("/audit");
    expect(await screen.findByText("Nothing was done yet")).toBeTruthy();
    fakeHub(failing);
    show("/audit?q=x");
    expect((await screen.findAllByText("The database does not answer at the moment.")).length).toBeGreaterThan(0);
  });
});

describe("protection", () => {
  it("is chosen for a cluster", async () => {
    const asked = fakeHub(many);
    show("/clusters?cluster=zone1");
    await userEvent.selectOptions(await screen.findByRole("combobox", { name: "Protection of zone1" }), "FOUR_EYES");
    await waitFor(() =>
      expect(asked.find((a) => a.operation === "ProtectCluster")?.variables).toEqual({
        name: "zone1",
        level: "FOUR_EYES",
      }),
    );
  });
});
