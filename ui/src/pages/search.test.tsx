// The parts of the page Search beside its rows: facets, time, what was deleted, saved searches, files.
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { set } from "../components/settings";
import { before, row, searchResult } from "../test/fixtures";
import { fakeHub } from "../test/hub";
import { show } from "../test/page";
import { empty, failure, many } from "../test/scenarios";

beforeEach(() => set({ facets: [], folded: [] }));

describe("facets", () => {
  it("are asked without what does not change the counts", async () => {
    const asked = fakeHub(many);
    show("/search?q=ns:shop+sort:age-asc+limit:5");
    await screen.findByRole("region", { name: "Namespace" });
    expect(asked.find((a) => a.operation === "Facets")?.variables.query).toBe("ns:shop");
  });

  it("list the top values and find the others on the hub", async () => {
    const asked = fakeHub(many);
    const page = show("/search?q=ns:shop");
    const apps = await screen.findByRole("region", { name: "Application" });
    await userEvent.click(await within(apps).findByRole("button", { name: "Top 20 of 312" }));
    expect(within(apps).getAllByRole("listitem").length).toBe(20);
    fireEvent.change(within(apps).getByLabelText("Find in Application"), { target: { value: "app25" } });
    await userEvent.click(await within(apps).findByLabelText("Exclude app250"));
    await waitFor(() => expect(page.address()).toBe("/search?q=ns:shop+-app:app250"));
    expect(
      asked.some((a) => a.operation === "SearchComplete" && String(a.variables.query).startsWith("ns:shop app:app25")),
    ).toBe(true);
  });

  it("find among the listed without asking when all are listed", async () => {
    fakeHub(many);
    show("/search");
    const kinds = await screen.findByRole("region", { name: "Kind" });
    await userEvent.click(await within(kinds).findByRole("button", { name: "2 more" }));
    await userEvent.type(within(kinds).getByRole("searchbox"), "map");
    expect(
      within(kinds)
        .getAllByRole("listitem")
        .map((li) => li.textContent),
    ).toEqual(["ConfigMap77"]);
  });

  it("are added by the key of a label, and stay", async () => {
    fakeHub(many);
    const page = show("/search");
    await userEvent.click(await screen.findByRole("button", { name: "More filters" }));
    const labels = await screen.findByRole("region", { name: "Labels of the results" });
    await userEvent.click(within(labels).getByRole("button", { name: /^team/ }));
    const team = await screen.findByRole("region", { name: "team" });
    await userEvent.click(await within(team).findByRole("button", { name: /^payments/ }));
    await waitFor(() => expect(page.address()).toBe("/search?q=label.team:payments"));
    await userEvent.click(within(team).getByRole("button", { name: "clear" }));
    await waitFor(() => expect(page.address()).toBe("/search"));
    await userEvent.click(within(team).getByRole("button", { name: "Do not show team" }));
    await waitFor(() => expect(screen.queryByRole("region", { name: "team" })).toBeNull());
  });

  it("a field that the hub cannot count by fails alone", async () => {
    fakeHub({
      ...many,
      Facets: (v) =>
        (v.facets as string[]).includes("zone")
          ? failure("QL_BAD_VALUE", "Results cannot be counted by zone.")
          : (many.Facets?.(v) ?? { data: null }),
    });
    show("/search?q=zone:a");
    expect(
      await within(await screen.findByRole("region", { name: "Zone" })).findByText(/cannot be counted/),
    ).toBeTruthy();
    expect(await within(screen.getByRole("region", { name: "Kind" })).findByText("Pod")).toBeTruthy();
  });

  it("a folded one is not asked for", async () => {
    const asked = fakeHub(many);
    show("/search");
    const apps = await screen.findByRole("region", { name: "Application" });
    await userEvent.click(within(apps).getByRole("button", { name: "Application" }));
    await waitFor(() =>
      expect(asked.findLast((a) => a.operation === "Facets")?.variables.facets).toEqual([
        "cluster",
        "kind",
        "ns",
        "status",
        "image",
      ]),
    );
  });
});

describe("time", () => {
  it("is now; the slider asks for the fleet as it was", async () => {
    fakeHub(many);
    const page = show("/search?q=ns:shop");
    const slider = await screen.findByRole("slider", { name: "Moment of the search" });
    expect(slider.getAttribute("aria-valuetext")).toBe("now");
    fireEvent.change(slider, { target: { value: "60" } });
    await waitFor(() => expect(page.address()).toMatch(/^\/search\?q=ns:shop\+at:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/));
    await userEvent.click(screen.getByRole("button", { name: "Back to now" }));
    await waitFor(() => expect(page.address()).toBe("/search?q=ns:shop"));
  });

  it("goes to where something changed", async () => {
    fakeHub(many);
    const page = show("/search");
    const back = await screen.findByRole("button", { name: /before the last changes/ });
    await waitFor(() => expect(back.hasAttribute("disabled")).toBe(false));
    await userEvent.click(back);
    await waitFor(() => expect(page.address()).toMatch(/at:/));
  });

  it("counts changes of what the query is about, whenever it is asked", async () => {
    const asked = fakeHub(many);
    show("/search?q=ns:shop+at:-2h+deleted:any+sort:name");
    await screen.findByRole("button", { name: "Back to now" });
    const { query, from, to, parts } = asked.find((a) => a.operation === "ChangeDensity")?.variables ?? {};
    expect(query).toBe("ns:shop");
    expect(parts).toBe(120);
    expect(Date.parse(String(to)) - Date.parse(String(from))).toBe(6 * 3_600_000);
  });
});

describe("a row", () => {
  it("of the past leads to the object as it was then", async () => {
    fakeHub(many);
    show("/search?q=ns:shop+at:2026-11-21T12:30:00Z");
    const [first] = await screen.findAllByRole("link", { name: "app1" });
    expect(first?.getAttribute("href")).toBe("/r/zone1/apps/deployments/shop/app1?at=2026-11-21T12:30:00.000Z");
  });

  it("of what is gone leads to its history and says when it went", async () => {
    fakeHub({
      ...many,
      Search: () => ({
        data: searchResult([row({ name: "gone", deletedAt: before(120) })]),
      }),
    });
    show("/search?q=deleted:true");
    const link = await screen.findByRole("link", { name: "gone" });
    expect(link.getAttribute("href")).toBe("/r/zone1/apps/deployments/shop/gone?tab=history");
    expect(screen.getByRole("columnheader", { name: "Deleted" })).toBeTruthy();
    expect(screen.queryByRole("columnheader", { name: "Age" })).toBeNull();
  });
});

describe("what was deleted", () => {
  it("is a choice that edits the query", async () => {
    fakeHub(many);
    const page = show("/search?q=ns:shop");
    await userEvent.selectOptions(await screen.findByRole("combobox", { name: /deleted/ }), "true");
    await waitFor(() => expect(page.address()).toBe("/search?q=ns:shop+deleted:true"));
  });

  it("may be a time in the query", async () => {
    fakeHub(many);
    const page = show("/search?q=deleted<1h");
    const choice = await screen.findByRole("combobox", { name: /deleted/ });
    expect(choice).toHaveProperty("value", "<1h");
    await userEvent.selectOptions(choice, "");
    await waitFor(() => expect(page.address()).toBe("/search"));
  });
});

describe("saved searches", () => {
  it("run by a click, each on its page", async () => {
    fakeHub(many);
    const page = show("/search");
    await userEvent.click(await screen.findByRole("button", { name: "Saved" }));
    await userEvent.click(await screen.findByRole("button", { name: /^rollouts/ }));
    await waitFor(() => expect(page.address()).toBe("/changes?q=kind:deploy+changed.field:spec.template"));
  });

  it("the one that is shown gives its name", async () => {
    fakeHub(many);
    show("/search?q=ns:shop+status:!Ready");
    expect(await screen.findByRole("button", { name: "broken in shop" })).toBeTruthy();
  });

  it("get a name and are shared", async () => {
    const asked = fakeHub(many);
    show("/search?q=ns:pay");
    await userEvent.click(await screen.findByRole("button", { name: "Saved" }));
    await userEvent.click(await screen.findByRole("button", { name: "Save this search" }));
    await userEvent.type(await screen.findByRole("textbox", { name: "Name" }), "payments");
    await userEvent.click(screen.getByRole("checkbox", { name: /Everybody/ }));
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() =>
      expect(asked.find((a) => a.operation === "SaveSearch")?.variables.input).toEqual({
        name: "payments",
        description: "",
        query: "ns:pay",
        page: "resources",
        shared: true,
      }),
    );
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  it("a name that is taken is said where it is typed", async () => {
    fakeHub({ ...many, SaveSearch: () => failure("CONFLICT", "You have a search with that name.") });
    show("/search?q=ns:pay");
    await userEvent.click(await screen.findByRole("button", { name: "Saved" }));
    await userEvent.click(await screen.findByRole("button", { name: "Save this search" }));
    await userEvent.type(await screen.findByRole("textbox", { name: "Name" }), "payments");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("You have a search with that name.")).toBeTruthy();
  });

  it("are deleted after a second click, and only one's own", async () => {
    const asked = fakeHub(many);
    show("/search");
    await userEvent.click(await screen.findByRole("button", { name: "Saved" }));
    await userEvent.click(await screen.findByRole("button", { name: "Delete crash loops" }));
    expect(screen.queryByRole("button", { name: "Delete rollouts" })).toBeNull();
    expect(asked.some((a) => a.operation === "DeleteSavedSearch")).toBe(false);
    await userEvent.click(screen.getByRole("button", { name: "Delete" }));
    await waitFor(() => expect(asked.find((a) => a.operation === "DeleteSavedSearch")?.variables.id).toBe("s2"));
  });

  it("none yet says what they are for", async () => {
    fakeHub(empty);
    show("/search");
    await userEvent.click(await screen.findByRole("button", { name: "Saved" }));
    expect(await screen.findByText(/No search has a name yet/)).toBeTruthy();
  });
});

describe("files", () => {
  it("are links to the hub's stream of everything found", async () => {
    fakeHub(many);
    show("/search?q=ns:shop+status:!Ready");
    await screen.findByText("1,201 results");
    await userEvent.click(screen.getByRole("button", { name: "Export" }));
    const csv = await screen.findByRole("link", { name: /^CSV/ });
    expect(csv.getAttribute("href")).toBe("/api/v1/export?query=ns:shop+status:!Ready&format=csv");
    expect(screen.getByText("1,201 results as a file")).toBeTruthy();
  });
});

describe("groups", () => {
  it("are counted by the hub and lead to their objects", async () => {
    fakeHub(many);
    const page = show("/search?q=kind:pod");
    await userEvent.selectOptions(await screen.findByRole("combobox", { name: "View" }), "cluster");
    await waitFor(() => expect(page.address()).toBe("/search?q=kind:pod+group:cluster"));
    const groups = await screen.findByRole("region", { name: "Groups" });
    expect(within(groups).getByRole("rowheader", { name: "zone1" })).toBeTruthy();
    await userEvent.click(within(groups).getByRole("button", { name: "31" }));
    await waitFor(() => expect(page.address()).toBe("/search?q=kind:pod+cluster:zone1+ready:false"));
    expect(await screen.findByRole("grid", { name: "Search results" })).toBeTruthy();
  });

  it("by several fields name them, and what has none", async () => {
    fakeHub(many);
    const page = show("/search?q=group:cluster,label.team");
    const groups = await screen.findByRole("region", { name: "Groups" });
    expect(
      within(groups)
        .getAllByRole("columnheader")
        .map((h) => h.textContent),
    ).toEqual(["Cluster", "team", "Objects", "Ready", "Not ready"]);
    expect(within(groups).getByText("none")).toBeTruthy();
    expect(within(groups).getAllByRole("rowheader").length).toBe(100);
    await userEvent.click(within(groups).getByRole("button", { name: "Show more of 140 groups" }));
    expect(within(groups).getAllByRole("rowheader").length).toBe(140);
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "View" }), "");
    await waitFor(() => expect(page.address()).toBe("/search"));
  });
});
