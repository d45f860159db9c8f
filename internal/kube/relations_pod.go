package kube

import "strings"

// What is made of containers, the volumes that these mount, and who they run as.

func (r *relations) pod(spec map[string]any) {
	account := str(spec, "serviceAccountName")
	if account == "" {
		account = str(spec, "serviceAccount") // its older name
	}
	if account == "" {
		account = "default" // what Pods of the template will get
	}
	r.named(UsesEdge, accounts, account)
	for _, containers := range [...]string{"initContainers", "containers", "ephemeralContainers"} {
		each(spec, containers, func(c map[string]any) {
			each(c, "envFrom", func(from map[string]any) {
				r.named(UsesEdge, configMaps, str(object(from, "configMapRef"), "name"))
				r.named(UsesEdge, secrets, str(object(from, "secretRef"), "name"))
			})
			each(c, "env", func(env map[string]any) {
				r.named(UsesEdge, configMaps, str(object(env, "valueFrom", "configMapKeyRef"), "name"))
				r.named(UsesEdge, secrets, str(object(env, "valueFrom", "secretKeyRef"), "name"))
			})
		})
	}
	each(spec, "volumes", r.volume)
	each(spec, "imagePullSecrets", func(s map[string]any) { r.named(UsesEdge, secrets, str(s, "name")) })
	r.cluster(UsesEdge, priorities, str(spec, "priorityClassName"))
	r.cluster(UsesEdge, runtimes, str(spec, "runtimeClassName"))
	for _, containers := range containerLists {
		each(spec, containers, func(c map[string]any) { r.cluster(ImageEdge, Images, str(c, "image")) })
	}
}

func (r *relations) volume(v map[string]any) {
	r.named(UsesEdge, configMaps, str(object(v, "configMap"), "name"))
	r.named(UsesEdge, secrets, str(object(v, "secret"), "secretName"))
	r.named(UsesEdge, claims, str(object(v, "persistentVolumeClaim"), "claimName"))
	r.cluster(UsesEdge, classes, str(object(v, "ephemeral", "volumeClaimTemplate", "spec"), "storageClassName"))
	each(object(v, "projected"), "sources", func(source map[string]any) {
		r.named(UsesEdge, configMaps, str(object(source, "configMap"), "name"))
		r.named(UsesEdge, secrets, str(object(source, "secret"), "name"))
	})
	r.named(UsesEdge, secrets, str(object(v, "csi", "nodePublishSecretRef"), "name"))
	r.named(UsesEdge, secrets, str(object(v, "azureFile"), "secretName"))
	for _, driver := range [...]string{"cephfs", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos"} {
		r.named(UsesEdge, secrets, str(object(v, driver, "secretRef"), "name"))
	}
}

func (r *relations) claim(o map[string]any) {
	spec := object(o, "spec")
	r.cluster(UsesEdge, volumes, str(spec, "volumeName"))
	r.cluster(UsesEdge, classes, str(spec, "storageClassName"))
}

func (r *relations) attachment(o map[string]any) {
	spec := object(o, "spec")
	r.cluster(UsesEdge, volumes, str(object(spec, "source"), "persistentVolumeName"))
	r.cluster(NodeEdge, nodes, str(spec, "nodeName"))
}

func (r *relations) account(o map[string]any) {
	for _, field := range [...]string{"secrets", "imagePullSecrets"} {
		each(o, field, func(s map[string]any) { r.named(UsesEdge, secrets, str(s, "name")) })
	}
}

// binding is of a RoleBinding or a ClusterRoleBinding. Users and groups are no objects.
func (r *relations) binding(o map[string]any) {
	role := object(o, "roleRef")
	switch str(role, "kind") {
	case "Role":
		r.named(BindsEdge, roles, str(role, "name"))
	case "ClusterRole":
		r.cluster(BindsEdge, clusterRoles, str(role, "name"))
	}
	each(o, "subjects", func(s map[string]any) {
		if str(s, "kind") == "ServiceAccount" {
			r.add(Relation{Type: BindsEdge, GroupResource: accounts, Kind: "ServiceAccount", Namespace: r.or(str(s, "namespace")), Name: str(s, "name")})
		}
	})
}

// or is a namespace that may be left out.
func (r *relations) or(namespace string) string {
	if namespace == "" {
		return r.namespace
	}
	return namespace
}

// usedByTemplates are the kinds that what is made of containers may use, by the name of the kind.
var usedByTemplates = map[string]struct {
	GroupResource
	namespaced bool
}{
	"ConfigMap": {configMaps, true}, "Secret": {secrets, true}, "PersistentVolumeClaim": {claims, true}, "ServiceAccount": {accounts, true},
	"PriorityClass": {priorities, false}, "RuntimeClass": {runtimes, false}, "StorageClass": {classes, false},
}

// RelationsOfTemplate is Relations of what is made of containers, from its Summary alone. It is nil for other kinds,
// and for an object that uses nothing: at least the ServiceAccount would be there, had it been derived.
func RelationsOfTemplate(ref Ref, uses, images []string, node string) []Relation {
	if template[ref.GroupResource] == nil || len(uses) == 0 {
		return nil
	}
	r := relations{namespace: ref.Namespace, found: make([]Relation, 0, len(uses)+len(images)+1)}
	for _, use := range uses {
		kind, name, _ := strings.Cut(use, "/")
		switch to, ok := usedByTemplates[kind]; {
		case !ok:
			return nil // Relations says more than is known here
		case to.namespaced:
			r.named(UsesEdge, to.GroupResource, name)
		default:
			r.cluster(UsesEdge, to.GroupResource, name)
		}
	}
	for _, image := range images {
		r.cluster(ImageEdge, Images, image)
	}
	if ref.GroupResource == pods {
		r.cluster(NodeEdge, nodes, node)
	}
	return r.found
}
