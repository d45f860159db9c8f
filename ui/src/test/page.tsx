import { QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import { newQueryClient } from "../app/queries";
import { newRouter } from "../app/router";

/** The whole page at an address. */
export function show(address: string) {
  const client = newQueryClient(() => void router.navigate({ to: "/login", search: { next: address } }));
  client.setDefaultOptions({ queries: { ...client.getDefaultOptions().queries, retry: false } });
  const router = newRouter(client, createMemoryHistory({ initialEntries: [address] }));
  render(
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  return { address: () => router.state.location.href };
}
