import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./app.css";
import { newQueryClient } from "./app/queries";
import { newRouter } from "./app/router";
import { watchSystemTheme } from "./components/settings";

const client = newQueryClient(() => {
  const here = router.state.location;
  if (here.pathname !== "/login") void router.navigate({ to: "/login", search: { next: here.href } });
});
const router = newRouter(client);

watchSystemTheme();
const root = document.querySelector("#root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
