// What is weighed and compared: suspects, and the differences between objects, clusters and moments.
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { fakeHub } from "../test/hub";
import { show } from "../test/page";
import { empty, failing, many } from "../test/scenarios";

const app2 = "/r/zone1/apps/deployments/shop/app2";

describe("suspects", () => {
  it("stand on the page of an object that is not well, with why and how much", async () => {
    const asked = fakeHub(many);
    show(app2);
    const panel = await screen.findByRole("region", { name: "What may have broken it" });
    const first = (await within(panel).findAllByRole("listitem"))[0];
    expect(first?.textContent).toContain("image app2: 1.0 -> 2.0");
    expect(within(panel).getByText("42 s before it broke").parentElement?.textContent).toContain("+35");
    expect(within(panel).getByText("it changed many times that hour").parentElement?.textContent).toContain("−14");
    expect(asked.find((a) => a.operation === "Suspects")?.variables).toMatchObject({ window: 86_400, first: 3 });
  });

  it("are asked for what the page is about, or for all that is unhealthy", async () => {
    const asked = fakeHub(many);
    const page = show("/changes");
    await userEvent.click(await screen.findByRole("button", { name: "Suspects" }));
    await waitFor(() => expect(page.address()).toContain("suspects=now"));
    await waitFor(() => expect(asked.find((a) => a.operation === "Suspects")?.variables.query).toBe("is:unhealthy"));
    await userEvent.selectOptions(screen.getByRole("combobox", { name: /How far back suspects/ }), "6h");
    await waitFor(() =>
      expect(asked.findLast((a) => a.operation === "Suspects")?.variables).toMatchObject({ window: 21_600 }),
    );
  });

  it("are asked for what led up to a change", async () => {
    const asked = fakeHub(many);
    show("/changes");
    await userEvent.click(await screen.findByRole("button", { name: "What led up to the change of Deployment app2" }));
    await waitFor(() =>
      expect(asked.find((a) => a.operation === "Suspects")?.variables.query).toBe(
        "cluster:zone1 kind:deployments.apps name:app2 ns:shop",
      ),
    );
    await userEvent.click(screen.getByRole("button", { name: "Close the suspects" }));
    await waitFor(() => expect(screen.queryByRole("region", { name: "Suspects" })).toBeNull());
  });

  it("none, and failing ones, say so", async () => {
    fakeHub(empty);
    show("/changes?suspects=now&q=app:app2");
    expect(await screen.findByText(/No change of the 1 hour before/)).toBeTruthy();
    fakeHub(failing);
    show("/changes?suspects=now&q=app:app3");
    expect((await screen.findAllByText("The database does not answer at the moment.")).length).toBeGreaterThan(0);
  });
});

describe("differences", () => {
  it("to the same object in another cluster are a click away", async () => {
    fakeHub(many);
    const page = show(`${app2}?tab=diff`);
    const elsewhere = await screen.findByRole("region", { name: "The same in other clusters" });
    await within(elsewhere).findByText("3 differences");
    await within(elsewhere).findByText("same");
    await userEvent.click(within(elsewhere).getByRole("button", { name: /^zone2/ }));
    await waitFor(() => expect(page.address()).toContain("to=zone2:shop/deployments.apps/app2"));
    const fields = await screen.findByRole("region", { name: "Fields that differ" });
    expect(within(fields).getByRole("rowheader", { name: "spec.replicas" })).toBeTruthy();
    expect(within(fields).getByText("not there")).toBeTruthy();
  });

  it("to an earlier version run from then to now", async () => {
    const asked = fakeHub(many);
    show(`${app2}?tab=diff`);
    const earlier = await screen.findByRole("region", { name: "Its earlier versions" });
    await userEvent.click(await within(earlier).findByRole("button", { name: /Changed replicas/ }));
    await waitFor(() => {
      const v = asked.findLast((a) => a.operation === "Diff")?.variables;
      expect(v?.fromAt).toBeTruthy();
      expect(v?.toAt).toBeNull();
      expect(v?.from).toBe(v?.to);
    });
  });

  it("show what was left out as noise when it is asked for", async () => {
    const asked = fakeHub(many);
    show(`${app2}?tab=diff&to=zone2:shop/deployments.apps/app2`);
    fireEvent.click(await screen.findByRole("checkbox", { name: "noise too (14)" }));
    await waitFor(() => expect(asked.findLast((a) => a.operation === "Diff")?.variables.noise).toBe(true));
    await userEvent.click(screen.getByRole("button", { name: "YAML" }));
    expect(await screen.findByRole("region", { name: "Difference as YAML" })).toBeTruthy();
  });
});

describe("a history", () => {
  it("of what is broken marks its own suspects and has those of others between", async () => {
    fakeHub(many);
    show(`${app2}?tab=history`);
    const versions = await screen.findByRole("region", { name: "Versions" });
    expect(await within(versions).findByRole("link", { name: "ConfigMap feature-flags" })).toBeTruthy();
    expect(within(versions).getAllByText(/Suspect, 48 of 100: app2 uses it/).length).toBe(1);
    fireEvent.click(within(versions).getByRole("checkbox", { name: "suspects" }));
    await waitFor(() => expect(within(versions).queryByText(/Suspect, 48/)).toBeNull());
  });
});
