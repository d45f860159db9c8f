import { describe, expect, it } from "vitest";
import { groupBy, groupTitle, queryOfGroup } from "./groups";

describe("groups", () => {
  it("are by the fields of group:", () => {
    expect(groupBy("k:po group:cluster,ns")).toEqual(["cluster", "ns"]);
    expect(groupBy("k:po group:label.team")).toEqual(["label.team"]);
    expect(groupBy("k:po")).toEqual([]);
  });
  it("have a title in words", () => {
    expect(groupTitle("cluster,ns")).toBe("Cluster and namespace");
    expect(groupTitle("label.team")).toBe("team");
  });
  it("lead to their objects", () => {
    expect(queryOfGroup("k:po group:cluster,ns", ["cluster", "ns"], ["zone1", "shop"])).toBe(
      "k:po cluster:zone1 ns:shop",
    );
    expect(queryOfGroup("k:po group:app", ["app"], [""])).toBe("k:po no:app");
    expect(queryOfGroup("a OR b group:status", ["status"], ["Ready,SchedulingDisabled"])).toBe(
      '(a OR b) status:"Ready,SchedulingDisabled"',
    );
    expect(queryOfGroup("cluster:zone1,zone2 group:cluster", ["cluster"], ["zone1"])).toBe(
      "cluster:zone1,zone2 cluster:zone1",
    );
  });
});
