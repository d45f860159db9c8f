/** Examples that people copy: the language by what it answers. */
export const examples: { query: string; says: string }[] = [
  { query: "app:app2 status:!Ready", says: "what of an application is not ready" },
  { query: "kind:deploy image.tag:latest", says: "Deployments that run latest" },
  { query: "kind:pod restarts>5 sort:restarts-desc", says: "pods that restart, worst first" },
];
