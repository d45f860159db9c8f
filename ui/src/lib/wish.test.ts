import { describe, expect, it } from "vitest";
import { askedWords, inputOf, paceWords } from "./again";
import { toApply } from "./manifest";
import { overridesOf } from "./override";
import { groupTargets } from "./plan";
import { revisionsOf } from "./revisions";
import { termOf, withTermOf } from "./terms";
import { fitting, offered } from "./verbs";
import { askedOf, draftOf, usualPace, wavesOf, type Sample } from "./wish";

function sample(image: string, env: object[] = [], replicas = 2): Sample {
  return {
    object: { spec: { replicas, template: { spec: { containers: [{ name: "app", image, env }] } } } },
    labels: { app: "web" },
    annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
  };
}

describe("a wish", () => {
  it("begins with what all objects have, and says where they differ", () => {
    const same = draftOf("SET_IMAGE", [sample("a:1"), sample("a:1")]);
    expect(same.settings).toMatchObject([{ name: "app", value: "a:1", was: "a:1" }]);
    const other = draftOf("SET_IMAGE", [sample("a:1"), sample("a:2")]);
    expect(other.settings).toMatchObject([{ name: "app", value: "", note: "now a:1, a:2" }]);
    expect(askedOf("SET_IMAGE", other)).toEqual({ missing: "Nothing is changed yet." });
    expect(draftOf("SCALE", [sample("a:1"), sample("a:1", [], 3)]).replicas).toBe("");
  });

  it("never offers what the last apply wrote as an annotation", () => {
    expect(draftOf("ANNOTATE", [sample("a:1")]).settings).toEqual([]);
  });

  it("may set a new variable to nothing", () => {
    const d = draftOf("SET_ENV", [sample("a:1")]);
    const one = { name: "EMPTY", value: "", was: undefined, note: "", fixed: false, removed: false };
    expect(askedOf("SET_ENV", { ...d, settings: [one] })).toEqual({
      parameters: { set: [{ name: "EMPTY", value: "" }] },
    });
  });

  it("takes a limit away by an empty field", () => {
    const d = draftOf("SET_RESOURCES", [
      {
        ...sample("a:1"),
        object: { spec: { template: { spec: { containers: [{ name: "app", resources: { limits: { cpu: 1 } } }] } } } },
      },
    ]);
    expect(d.quantities[0]).toMatchObject({ name: "cpu", limit: "1" });
    const quantities = d.quantities.map((q) => ({ ...q, limit: "" }));
    expect(askedOf("SET_RESOURCES", { ...d, quantities })).toEqual({
      parameters: { limits: [{ name: "cpu", value: "" }] },
    });
  });

  it("reads the pods of a CronJob", () => {
    const cron = {
      spec: { jobTemplate: { spec: { template: { spec: { containers: [{ name: "main", image: "x" }] } } } } },
    };
    expect(draftOf("SET_IMAGE", [{ object: cron, labels: {}, annotations: {} }]).settings).toMatchObject([
      { name: "main", value: "x" },
    ]);
  });

  it("refuses numbers that are none", () => {
    const d = draftOf("AUTOSCALE", []);
    expect(askedOf("AUTOSCALE", { ...d, min: "5", max: "3" })).toHaveProperty("missing");
    expect(askedOf("AUTOSCALE", { ...d, min: "x" })).toHaveProperty("missing");
    expect(askedOf("SCALE", { ...d, replicas: "" })).toHaveProperty("missing");
    expect(wavesOf({ ...usualPace, size: "many" })).toHaveProperty("missing");
    expect(wavesOf(usualPace)).toBeUndefined();
  });
});

describe("verbs", () => {
  it("are offered when one object knows them, but for those that begin elsewhere", () => {
    expect(offered([{ verbs: ["DELETE", "RESTART"] }, { verbs: ["REVERT", "SCALE", "NEWER"] }])).toEqual([
      "RESTART",
      "SCALE",
      "DELETE",
    ]);
  });

  it("are left out where the state makes them pointless", () => {
    expect(fitting(["PAUSE", "RESUME", "CORDON"], { spec: { paused: true } })).toEqual(["RESUME", "CORDON"]);
    expect(fitting(["CORDON", "UNCORDON"], { spec: { unschedulable: true } })).toEqual(["UNCORDON"]);
  });
});

describe("planning again", () => {
  it("asks for the same", () => {
    const waves = { parallel: 2, size: 0, pauseSeconds: 30, maxFailures: 0, byCluster: true };
    const a = {
      verb: "APPLY" as const,
      reason: "r",
      parameters: { manifest: "kind: X", clusters: ["a"], overrides: [{ clusters: ["b"], env: { A: "1" } }] },
      waves,
      targets: [{ ref: "a:-/namespaces/x" }],
    };
    expect(inputOf(a)).toEqual({
      verb: "APPLY",
      parameters: {
        manifest: "kind: X",
        clusters: ["a"],
        overrides: [{ clusters: ["b"], env: [{ name: "A", value: "1" }] }],
      },
      waves: { parallel: 2, pauseSeconds: 30, byCluster: true },
      reason: "r",
    });
    expect(inputOf({ ...a, verb: "SCALE", parameters: { replicas: 0 } })).toMatchObject({
      refs: ["a:-/namespaces/x"],
      replicas: 0,
    });
  });

  it("is said in words", () => {
    expect(
      askedWords({
        manifest: "…",
        clusters: ["a", "b"],
        set: { A: "" },
        overrides: [{ clusters: ["b"], replicas: 1 }],
      }),
    ).toEqual([
      ["clusters", "a, b"],
      ["set A", '""'],
      ["in b", "replicas 1"],
    ]);
    expect(paceWords({ parallel: 2, size: 1, pauseSeconds: 5, maxFailures: 1, byCluster: false, count: 3 })).toBe(
      "3 waves, 2 at a time, 5 s between waves, stops after 1 failure",
    );
  });
});

describe("a manifest to apply", () => {
  it("is without what servers and controllers write", () => {
    expect(
      toApply(`apiVersion: v1
kind: ConfigMap
metadata:
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {"a": 1}
  creationTimestamp: "2026-11-22T00:00:00Z"
  labels:
    uid: "kept"
  managedFields:
  - manager: kubectl
  name: conf
  resourceVersion: "1"
  uid: abc
data:
  uid: kept
status: {}
`),
    ).toBe(`apiVersion: v1
kind: ConfigMap
metadata:
  labels:
    uid: "kept"
  name: conf
data:
  uid: kept
`);
  });

  it("is otherwise only where an override says what and where", () => {
    const env = [{ name: "A", value: "1", was: undefined, note: "", fixed: false, removed: false }];
    expect(overridesOf([{ clusters: "a, b-*", registry: "", replicas: "0", env }])).toEqual([
      { clusters: ["a", "b-*"], replicas: 0, env: [{ name: "A", value: "1" }] },
    ]);
    expect(overridesOf([{ clusters: "", registry: "", replicas: "", env: [] }])).toEqual([]);
    expect(overridesOf([{ clusters: "", registry: "x", replicas: "", env: [] }])).toHaveProperty("missing");
    expect(overridesOf([{ clusters: "a", registry: "", replicas: "", env: [] }])).toHaveProperty("missing");
  });
});

it("what is created alike is one group, whatever uid it gets", () => {
  const diff = (uid: string, image = "a") =>
    `--- before\n+++ after\n@@ -0,0 +1,4 @@\n+metadata:\n+  name: x\n+  uid: ${uid}\n+spec: {image: ${image}}\n`;
  const t = (cluster: string, d: string) => ({
    ref: cluster,
    state: "READY",
    change: "creates it",
    message: "",
    diff: d,
  });
  const groups = groupTargets([t("zone1", diff("1")), t("zone2", diff("2")), t("zone3", diff("3", "b"))]);
  expect(groups.map((g) => g.targets.map((x) => x.ref))).toEqual([["zone1", "zone2"], ["zone3"]]);
});

it("revisions are those that say their number, newest first", () => {
  const kept = (n: string | undefined, object: unknown = {}) => ({
    createdAt: "",
    annotations: n === undefined ? {} : { "deployment.kubernetes.io/revision": n },
    images: [],
    object,
  });
  const list = revisionsOf([kept("2"), kept(undefined), kept("10"), kept(undefined, { revision: 3 })]);
  expect(list.map((r) => [r.number, r.current])).toEqual([
    [10, true],
    [3, false],
    [2, false],
  ]);
});

it("terms are set one by one", () => {
  expect(withTermOf("actor:maria state:failed x", "state", "running")).toBe("actor:maria x state:running");
  expect(withTermOf("state:failed", "state", "")).toBe("");
  expect(termOf("x actor:maria", "actor")).toBe("maria");
});
