// The palette: from any page to anything.
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { fakeHub } from "../test/hub";
import { show } from "../test/page";
import { many } from "../test/scenarios";

const app2 = "/r/zone1/apps/deployments/shop/app2";

async function open(typed = ""): Promise<HTMLElement> {
  fireEvent.keyDown(document.body, { key: "k", ctrlKey: true });
  const box = await screen.findByRole("combobox", { name: "Go to anything" });
  if (typed !== "") fireEvent.change(box, { target: { value: typed } });
  return box;
}

function options(): string[] {
  return screen.getAllByRole("option").map((o) => o.textContent ?? "");
}

describe("the palette", () => {
  it("opens on any page and offers what can be done there", async () => {
    fakeHub(many);
    show(app2);
    await screen.findByRole("heading", { name: "app2" });
    await open();
    await waitFor(() => expect(options().some((o) => o.startsWith("Restart Deployment app2"))).toBe(true));
    expect(screen.getByRole("group", { name: "Pages" })).toBeTruthy();
    expect(screen.getByRole("group", { name: "Saved searches" })).toBeTruthy();
  });

  it("finds objects by words and opens one by Enter", async () => {
    const asked = fakeHub(many);
    const page = show("/clusters");
    await screen.findByRole("heading", { name: "Clusters" });
    const box = await open("app2:2.0 zone1");
    const objects = await screen.findByRole("group", { name: "Objects" });
    expect(within(objects).getAllByRole("option").length).toBeGreaterThan(0);
    expect(asked.findLast((a) => a.operation === "Search")?.variables).toMatchObject({ first: 8 });
    fireEvent.change(box, { target: { value: "app2" } });
    await waitFor(() => expect(asked.findLast((a) => a.operation === "Search")?.variables.query).toBe("app2"));
    await waitFor(() => expect(options()[0]).toContain("app1"));
    fireEvent.keyDown(box, { key: "ArrowDown" });
    expect(box.getAttribute("aria-activedescendant")).toBe(screen.getAllByRole("option")[1]?.id);
    fireEvent.keyDown(box, { key: "Enter" });
    await waitFor(() => expect(page.address()).toBe(app2));
    expect(screen.queryByRole("combobox", { name: "Go to anything" })).toBeNull();
  });

  it("runs what is written in the language", async () => {
    fakeHub(many);
    const page = show("/clusters");
    await screen.findByRole("heading", { name: "Clusters" });
    const box = await open("ns:shop status:!Ready");
    await screen.findByRole("group", { name: "Query" });
    fireEvent.keyDown(box, { key: "Enter" });
    await waitFor(() => expect(page.address()).toBe("/search?q=ns:shop+status:!Ready"));
  });

  it("> is for commands, # for saved searches, @ for clusters", async () => {
    fakeHub(many);
    const page = show("/search?q=ns:shop");
    await screen.findByText("1,201 results");
    const box = await open(">theme");
    await waitFor(() => expect(options()).toEqual(["Light theme", "Dark theme", "Theme of the system"]));
    fireEvent.change(box, { target: { value: "#crash" } });
    await waitFor(() => expect(options().length).toBe(1));
    fireEvent.change(box, { target: { value: "@zone2" } });
    await waitFor(() => expect(options()).toEqual(["zone2only this cluster"]));
    fireEvent.keyDown(box, { key: "Enter" });
    await waitFor(() => expect(page.address()).toBe("/search?q=ns:shop+cluster:zone2"));
  });
});
