/** What stands around every page. */
export class Frame {
  constructor(page) {
    this.page = page;
    this.bar = page.locator("[data-query-bar] .cm-content");
  }

  /** Types a query as people do: slash, text, Enter. */
  async search(query) {
    await this.bar.waitFor();
    await this.page.locator("h1").first().waitFor({ state: "attached" });
    await this.page.keyboard.press("/");
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.type(query);
    await this.page.keyboard.press("Enter");
    await this.page.waitForURL(/\/search/);
  }

  async theme(name) {
    await this.page.getByRole("button", { name: /Theme/ }).click();
    await this.page.getByRole("menuitemradio", { name }).click();
    await this.page.getByRole("menu").waitFor({ state: "detached" });
  }
}
