// What an object needs and what needs it, as a picture and as a list.
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeAll, describe, expect, it } from "vitest";
import { fakeHub } from "../test/hub";
import { show } from "../test/page";
import { empty, many } from "../test/scenarios";

const app2 = "/r/zone1/apps/deployments/shop/app2";

// The picture's chunk is loaded when it is first shown, which may take a while on a busy machine.
beforeAll(async () => {
  await import("./resource/RelationGraph");
});

describe("relations", () => {
  it("are boxes that arrow keys walk and Enter opens", async () => {
    fakeHub(many);
    show(`${app2}?tab=relations`);
    const graph = await screen.findByRole("group", { name: "Graph of relations" });
    const self = within(graph).getByRole("link", { name: /^Deployment\s*Degraded\s*app2\s*, shop in zone1$/ });
    expect(self.getAttribute("aria-current")).toBe("page");
    expect(self.tabIndex).toBe(0);
    self.focus();
    fireEvent.keyDown(self, { key: "ArrowRight" });
    await waitFor(() => expect(document.activeElement?.getAttribute("data-ref")).toContain("replicasets"));
    expect(document.activeElement?.getAttribute("href")).toContain(
      "/r/zone1/apps/replicasets/shop/app2-6f7d8c9b5?tab=relations",
    );
    expect(within(graph).getByRole("link", { name: /node-3.*37 neighbours not shown/ })).toBeTruthy();
    expect(
      within(graph)
        .getByRole("link", { name: /^Image/ })
        .getAttribute("href"),
    ).toBe("/search?q=image:registry.example/shop/app2:2.0");
  });

  it("say how much hangs on the object and what it needs", async () => {
    fakeHub(many);
    show(`${app2}?tab=relations`);
    const sentence = (await screen.findByText("Blast radius:")).parentElement;
    expect(sentence?.textContent).toContain("1 HorizontalPodAutoscaler");
    expect(screen.getByText("It needs:").parentElement?.textContent).toContain("3 Pods");
  });

  it("are narrowed by type and widened by steps", async () => {
    const asked = fakeHub(many);
    const page = show(`${app2}?tab=relations`);
    const types = await screen.findByRole("group", { name: "Shown relations" });
    await userEvent.click(within(types).getByRole("button", { name: "Uses" }));
    await userEvent.click(within(types).getByRole("button", { name: "Owns" }));
    await waitFor(() => expect(page.address()).toContain("types=uses.owns"));
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Steps" }), "3");
    await waitFor(() =>
      expect(asked.findLast((a) => a.operation === "Related")?.variables).toMatchObject({
        depth: 3,
        types: ["owns", "uses"],
      }),
    );
    await userEvent.click(within(types).getByRole("button", { name: "All" }));
    await waitFor(() => expect(page.address()).not.toContain("types="));
  });

  it("are a list by how they are related", async () => {
    fakeHub(many);
    const page = show(`${app2}?tab=relations`);
    await userEvent.click(await screen.findByRole("button", { name: "List" }));
    await waitFor(() => expect(page.address()).toContain("as=list"));
    expect(within(await screen.findByRole("region", { name: "Owns" })).getByText("app2-6f7d8c9b5")).toBeTruthy();
    expect(within(screen.getByRole("region", { name: "Selected by" })).getAllByRole("listitem").length).toBe(1);
    expect(
      within(screen.getByRole("region", { name: "Needed too, further away" })).getByText(/feature-flags/),
    ).toBeTruthy();
  });

  it("of what stands alone are said to be none", async () => {
    fakeHub({ ...empty, ResourceDetail: many.ResourceDetail ?? (() => ({ data: null })) });
    show(`${app2}?tab=relations`);
    expect(await screen.findByText("It stands alone")).toBeTruthy();
  });
});
