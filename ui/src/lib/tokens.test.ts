import { describe, expect, it } from "vitest";
import { tokenize } from "./tokens";

const f = (query: string, want: string): void =>
  it(query, () =>
    expect(
      tokenize(query)
        .map((t) => `${t.type}(${query.slice(t.from, t.to)})`)
        .join(" "),
    ).toBe(want),
  );

describe("tokens", () => {
  f("checkout", "text(checkout)");
  f("ns:shop", "field(ns) operator(:) value(shop)");
  f("ns:shop,pay", "field(ns) operator(:) value(shop) comma(,) value(pay)");
  f("-ns:kube-*", "negation(-) field(ns) operator(:) value(kube-*)");
  f("status:!Ready", "field(status) operator(:!) value(Ready)");
  f("age<1h", "field(age) operator(<) value(1h)");
  f("label.app=web", "field(label.app) operator(=) value(web)");
  f('label."app.kubernetes.io/name"=web', 'field(label."app.kubernetes.io/name") operator(=) value(web)');
  f("label.app.kubernetes.io/name=web", "field(label.app.kubernetes.io/name) operator(=) value(web)");
  f("name:/^web-\\d+$/i", "field(name) operator(:) regex(/^web-\\d+$/i)");
  f("a OR b", "text(a) keyword(OR) text(b)");
  f("(a OR -b:c)", "paren(() text(a) keyword(OR) negation(-) field(b) operator(:) value(c) paren())");
  f("ns:(shop OR pay) x", "field(ns) operator(:) paren(() value(shop) keyword(OR) value(pay) paren()) text(x)");
  f('"a b" c', 'string("a b") text(c)');
  f('"open', 'string("open)');
  f("checkut~", "text(checkut~)");
  f('selector:"app in (web,api)"', 'field(selector) operator(:) string("app in (web,api)")');

  it("covers any text and ends", () => {
    for (const text of ["", "  ", ")(", ":::", "\\", 'a:"', "a:(", "-", "!", ",", "~", "ä:ö ünïcode", "/x", "a~/b/"]) {
      const tokens = tokenize(text);
      let last = 0;
      for (const t of tokens) {
        expect(t.from).toBeGreaterThanOrEqual(last);
        expect(t.to).toBeGreaterThan(t.from);
        last = t.to;
      }
      expect(last).toBeLessThanOrEqual(text.length);
    }
  });
});
