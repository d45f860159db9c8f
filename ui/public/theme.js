// Runs before the first paint, so that the page never flashes in the wrong theme. It is a file of its own because
// the content security policy refuses inline scripts.
(function () {
  var choice = "system";
  try {
    choice = localStorage.getItem("foretop.theme") || "system";
  } catch {
    // Storage is off: the system's theme it is.
  }
  var dark = choice === "dark" || (choice === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
