/** The dialog that plans, confirms, runs and undoes. */
export class ActionDialog {
  constructor(page) {
    this.page = page;
    this.dialog = page.getByRole("dialog");
  }

  async plan({ replicas, reason }) {
    if (replicas !== undefined) await this.dialog.getByLabel("Replicas").fill(String(replicas));
    await this.dialog.getByLabel("Reason, for the record").fill(reason);
    await this.dialog.getByRole("button", { name: /^Plan for/ }).click();
    await this.dialog.getByText("Planned", { exact: true }).waitFor({ timeout: 20_000 });
  }

  /** Types the phrase when the plan asks for one, then runs by Enter or by the button. */
  async run() {
    const phrase = this.dialog.locator("form strong");
    if ((await phrase.count()) > 0) await this.dialog.locator("form input").fill(await phrase.innerText());
    await this.dialog.locator("form button[type=submit]").click();
  }

  async finished() {
    await this.dialog.getByText(/^(Succeeded|Failed|Stopped)$/).waitFor({ timeout: 90_000 });
    return this.dialog.getByText(/^(Succeeded|Failed|Stopped)$/).innerText();
  }

  async undo() {
    await this.dialog.getByRole("button", { name: "Undo" }).click();
    await this.dialog.getByText("Planned", { exact: true }).waitFor({ timeout: 20_000 });
  }
}
