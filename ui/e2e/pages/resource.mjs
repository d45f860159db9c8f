/** The page of one object. */
export class ResourcePage {
  constructor(page) {
    this.page = page;
    this.heading = page.getByRole("heading", { level: 1 });
    this.difference = page.getByRole("region", { name: "Difference against the version before" });
  }

  async tab(name) {
    await this.page.getByRole("tab", { name }).click();
  }

  versions() {
    return this.page.getByRole("region", { name: "Versions" }).getByRole("listitem");
  }
}
