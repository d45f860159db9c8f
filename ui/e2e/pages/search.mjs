/** The page Search. */
export class SearchPage {
  constructor(page) {
    this.page = page;
    this.grid = page.getByRole("grid", { name: "Search results" });
  }

  async open(query) {
    await this.page.goto(`/search?q=${encodeURIComponent(query)}`);
    await this.page.locator("[data-query-bar] .cm-content").waitFor();
  }

  /** Rows that are in the page, as text. */
  rows() {
    return this.grid.locator("[role=row][data-index]");
  }

  /** The rows are those of the query in the bar, and not those before it. */
  async answered() {
    await this.page.locator("section[aria-label=Results][aria-busy=false]").waitFor();
    await this.rows().first().waitFor();
  }

  row(text) {
    return this.rows().filter({ hasText: text }).first();
  }

  async total() {
    const text = await this.page.getByText(/^[\d,]+ results?$/).innerText();
    return Number(text.replaceAll(/\D/g, ""));
  }

  facet(field) {
    return this.page.getByRole("region", { name: field });
  }

  async include(field, value) {
    await this.facet(field)
      .getByRole("button", { name: new RegExp(`^${value}\\b`) })
      .click();
  }

  async exclude(field, value) {
    await this.facet(field)
      .getByRole("button", { name: `Exclude ${value}` })
      .click();
  }
}
