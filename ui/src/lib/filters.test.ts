import { describe, expect, it } from "vitest";
import { choiceOf, clearField, sortOf, toggleExclude, toggleInclude, withSort, written } from "./filters";

describe("including a facet's value", () => {
  const f = (query: string, field: string, value: string, want: string): void =>
    it(`${query || "nothing"} + ${field} ${value} is ${want || "nothing"}`, () =>
      expect(toggleInclude(query, field, value)).toBe(want));

  f("", "ns", "shop", "ns:shop");
  f("checkout", "ns", "shop", "checkout ns:shop");
  f("ns:shop", "ns", "pay", "ns:shop,pay");
  f("namespace:shop", "ns", "pay", "namespace:shop,pay");
  f("ns:shop,pay", "ns", "shop", "ns:pay");
  f("ns:shop x", "ns", "shop", "x");
  f("-ns:shop", "ns", "shop", "ns:shop");
  f("-ns:shop,pay", "ns", "shop", "-ns:pay ns:shop");
  f("a OR b", "ns", "shop", "(a OR b) ns:shop");
  f("(ns:shop OR ns:pay)", "ns", "shop", "(ns:shop OR ns:pay) ns:shop");
  f("ns:(shop OR pay)", "ns", "shop", "ns:(shop OR pay) ns:shop");
  f("", "image", "registry.example/shop/app2:2.0", "image:registry.example/shop/app2:2.0");
  f("", "status", "Ready,SchedulingDisabled", 'status:"Ready,SchedulingDisabled"');
  f('status:"Ready,SchedulingDisabled"', "status", "Ready,SchedulingDisabled", "");
  f("status:running", "status", "Running", "");
  f('"ns:shop is text"', "ns", "shop", '"ns:shop is text" ns:shop');
});

describe("excluding a facet's value", () => {
  const f = (query: string, field: string, value: string, want: string): void =>
    it(`${query || "nothing"} - ${field} ${value} is ${want || "nothing"}`, () =>
      expect(toggleExclude(query, field, value)).toBe(want));

  f("", "ns", "shop", "-ns:shop");
  f("ns:shop,pay", "ns", "shop", "ns:pay -ns:shop");
  f("-ns:shop", "ns", "shop", "");
  f("ns:!shop", "ns", "shop", "");
  f("ns!=shop", "ns", "shop", "");
});

describe("how a value stands in the query", () => {
  const f = (query: string, field: string, value: string, want: string): void =>
    it(`${query}: ${field} ${value} is ${want}`, () => expect(choiceOf(query, field, value)).toBe(want));

  f("k:Pod", "kind", "Pod", "included");
  f("-kind:Pod", "kind", "Pod", "excluded");
  f("kind:!Pod", "kind", "Pod", "excluded");
  f("-kind:!Pod", "kind", "Pod", "included");
  f("kind:Pod OR x", "kind", "Pod", "none");
  f("(kind:Pod)", "kind", "Pod", "none");
  f("NOT kind:Pod", "kind", "Pod", "none");
  f("name:Pod", "kind", "Pod", "none");
});

describe("directives", () => {
  it("a sort is set, replaced and taken away", () => {
    expect(withSort("x", "age-asc")).toBe("x sort:age-asc");
    expect(withSort("x sort:age-asc", "name-desc")).toBe("x sort:name-desc");
    expect(withSort("sort:age-asc x", "")).toBe("x");
    expect(sortOf("x sort:age-asc")).toBe("age-asc");
  });
  it("all filters on a field go at once", () => expect(clearField("a ns:shop -ns:pay b", "ns")).toBe("a b"));
});

describe("values as they are written", () => {
  it("plain ones stay", () => expect(written("kube-system")).toBe("kube-system"));
  it("ones with meaning are quoted", () => {
    for (const v of ["a b", "a,b", 'a"b', "a*", "", "1..2", "/x/", "<5", "!x"]) expect(written(v)).toMatch(/^".*"$/);
  });
});
