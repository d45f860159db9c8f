import { expect, test } from "vitest";
import { kubectlGet } from "./kubectl";

test.each([
  ["zone1:shop/deployments.apps/app2", "kubectl --context foretop-zone1 -n shop get deployments.apps app2"],
  ["zone1:-/nodes/node-1", "kubectl --context foretop-zone1 get nodes node-1"],
  [
    "eu:-/clusterroles.rbac.authorization.k8s.io/system:node",
    "kubectl --context foretop-eu get clusterroles.rbac.authorization.k8s.io system:node",
  ],
  ["eu:a/widgets.example.com/it's", "kubectl --context foretop-eu -n a get widgets.example.com 'it'\\''s'"],
])("%s is shown by a command", (ref, command) => {
  expect(kubectlGet(ref)).toBe(command);
});

test("what is no reference has no command", () => {
  expect(kubectlGet("app2")).toBeUndefined();
});
