/** Manifests to begin with. Names are those of the object; what has to be chosen is written so that it stands out. */
export const templates: { id: string; word: string; text: string }[] = [
  {
    id: "deployment",
    word: "Deployment",
    text: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: my-app
  namespace: default
  labels:
    app.kubernetes.io/name: my-app
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: my-app
  template:
    metadata:
      labels:
        app.kubernetes.io/name: my-app
    spec:
      containers:
      - name: app
        image: registry.example/my-app:1.0
        ports:
        - name: http
          containerPort: 8080
        readinessProbe:
          httpGet:
            path: /ready
            port: http
        resources:
          requests:
            cpu: 50m
            memory: 64Mi
          limits:
            memory: 128Mi
`,
  },
  {
    id: "service",
    word: "Service",
    text: `apiVersion: v1
kind: Service
metadata:
  name: my-app
  namespace: default
  labels:
    app.kubernetes.io/name: my-app
spec:
  selector:
    app.kubernetes.io/name: my-app
  ports:
  - name: http
    port: 80
    targetPort: http
`,
  },
  {
    id: "ingress",
    word: "Ingress",
    text: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: my-app
  namespace: default
  labels:
    app.kubernetes.io/name: my-app
spec:
  rules:
  - host: my-app.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: my-app
            port:
              name: http
`,
  },
  {
    id: "configmap",
    word: "ConfigMap",
    text: `apiVersion: v1
kind: ConfigMap
metadata:
  name: my-app
  namespace: default
data:
  settings.yaml: |
    level: info
`,
  },
];

/** One that is not known begins with a Deployment. */
export function templateOf(id: string | undefined): string {
  return (templates.find((t) => t.id === id) ?? templates[0])?.text ?? "";
}
