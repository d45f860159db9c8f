package mixed

import (
	"strconv"
	"strings"
	"time"
)

// maker fills templates, one object at a time.
type maker struct {
	fleet    *Fleet
	cluster  *Cluster
	kind     *kind
	revision int
	values   map[string]string
	status   string
	chance   uint64 // of the object at hand
}

const month = 30 * 24 * 3600

// make makes object n of the kind: of an application, or of the cluster when a is none.
func (m *maker) make(a app, n int) *Object {
	v, f := m.values, m.fleet
	m.chance, m.status = f.chance(m.kind.resource.Kind, m.cluster.number, a.number, n), ""
	if a.runs == "" {
		m.chance = mix(m.chance) // the cluster's own are not those of application 0
	}
	age := time.Duration(f.chance("age", m.cluster.number, a.number, 0)%month) * time.Second
	created := newest.Add(-age + age/100*time.Duration(m.chance%90))
	version := a.version
	if m.revision > 0 && a.number%10 == 0 { // a release
		version += "-" + strconv.Itoa(m.revision)
	}
	v["name"], v["app"], v["ns"], v["team"], v["tier"], v["version"] = a.name, a.name, a.namespace, a.team, a.tier, version
	v["uid"] = m.uid(m.kind.resource.Kind, a, n)
	v["rv"] = strconv.FormatUint(1e8*uint64(m.revision+1)+m.chance%1e8, 10)
	v["created"] = created.Format(time.RFC3339)
	v["changed"] = created.Add(10*time.Second + time.Duration(m.revision)*time.Hour).Format(time.RFC3339)
	v["image"] = "registry.example.com/" + a.team + "/" + a.name + ":" + version
	v["hash"] = word(f.chance("template", a.number, 0, 0), 10)
	v["suffix"] = word(m.chance, 5)
	v["checksum"] = hex(f.chance("checksum", a.number, m.revision, 0), 40)
	v["digest"] = hex(f.chance("digest", a.number, 0, 0), 64)
	v["region"] = m.cluster.Labels["region"]
	v["generation"], v["revision"] = strconv.Itoa(1+a.number%7+m.revision), strconv.Itoa(1+a.number%7+m.revision)
	v["n"], v["replicas"], v["max"] = strconv.Itoa(a.replicas), strconv.Itoa(a.replicas), strconv.Itoa(2*a.replicas)
	v["ready"], v["available"], v["health"] = "True", v["replicas"], "Healthy"
	if m.degraded(a) {
		v["ready"], v["available"], v["health"] = "False", strconv.Itoa(a.replicas-1), "Degraded"
	}
	v["shard"] = strconv.Itoa(a.number % 60)
	m.place(m.chance)
	v["ip"] = m.address(200, m.chance)
	m.kind.fill(m, a, n)
	json := m.kind.template.fill(v)
	o := &Object{
		Resource: m.kind.resource, Name: v["name"], UID: v["uid"], ResourceVersion: v["rv"],
		Status: m.status, JSON: json, Managers: m.kind.managers,
	}
	if o.Resource.Namespaced {
		o.Namespace, o.App = v["ns"], v["app"]
	}
	return o
}

func (m *maker) uid(kind string, a app, n int) string {
	if a.runs == "" {
		n += 1 << 20
	}
	return m.fleet.uuid(kind, m.cluster.number, a.number, n)
}

func (m *maker) degraded(a app) bool {
	return a.replicas > 0 && m.fleet.chance("degraded", m.cluster.number, a.number, 0)%40 == 0
}

// place puts the object at hand on a node.
func (m *maker) place(chance uint64) {
	n := int(chance % uint64(m.cluster.nodes))
	m.values["node"] = m.nodeName(n)
	m.values["hostIP"] = "10." + strconv.Itoa(m.cluster.number%256) + "." + strconv.Itoa(n/250) + "." + strconv.Itoa(n%250+1)
	m.values["zone"] = m.cluster.Labels["region"] + string("abc"[n%3])
}

func (m *maker) nodeName(n int) string {
	return "node-" + strconv.Itoa(n) + "." + m.cluster.Name + ".internal"
}

func (m *maker) address(first int, chance uint64) string {
	return strconv.Itoa(first) + "." + strconv.Itoa(m.cluster.number%256) + "." + strconv.Itoa(int(chance>>8&255)) + "." + strconv.Itoa(int(chance>>16&255))
}

// named is for kinds whose one object is named like the application.
func (m *maker) named(app, int) {}

func (m *maker) node(_ app, n int) {
	v := m.values
	v["name"] = m.nodeName(n)
	m.place(uint64(n))
	v["ready"] = "True"
	if m.chance%200 == 0 {
		v["ready"] = "Unknown"
	}
	v["cidr"] = "10." + strconv.Itoa(100+m.cluster.number%100) + "." + strconv.Itoa(n%256) + ".0/24"
	v["hash"] = hex(m.chance, 17)
	v["checksum"] = hex(m.chance, 32)
	var images strings.Builder
	for i := range 25 { // kubelets report the 50 largest
		if i > 0 {
			images.WriteByte(',')
		}
		of := m.fleet.app(int(mix(m.chance+uint64(i)) % 4096))
		images.WriteString(`{"names":["registry.example.com/` + of.team + `/` + of.name + `@sha256:` + hex(mix(uint64(i)), 64) + `","registry.example.com/` + of.team + `/` + of.name + `:` + of.version + `"],"sizeBytes":` + strconv.Itoa(20_000_000+int(m.chance%1_000_000)+i) + `}`)
	}
	v["images"] = "[" + images.String() + "]"
}

func (m *maker) namespace(_ app, n int) {
	m.values["name"], m.values["team"] = domains[n], "team-"+strconv.Itoa(n%40)
}

func (m *maker) claim(a app, n int) { m.values["name"] = "data-" + a.name + "-" + strconv.Itoa(n) }

func (m *maker) volume(a app, n int) {
	v := m.values
	v["claimUID"] = m.uid("PersistentVolumeClaim", a, n)
	v["name"], v["claimName"] = "pvc-"+v["claimUID"], "data-"+a.name+"-"+strconv.Itoa(n)
}

func (m *maker) secret(a app, _ int) { m.values["name"] = a.name + "-credentials" }

func (m *maker) configMap(a app, n int) {
	v := m.values
	switch {
	case a.runs == "": // what makes a cluster's number of objects exact
		v["name"], v["ns"], v["app"] = "settings-"+strconv.Itoa(n), domains[0], "settings"
	case n == 0:
		v["name"] = a.name + "-config"
	default:
		v["name"] = a.name + "-dashboards"
	}
	var text strings.Builder
	words := m.fleet.chance("words", a.number, n, m.revision)
	for range 4 + m.chance%40 {
		words = mix(words)
		text.WriteString(domains[words%64] + "." + roles[words>>8%16] + "." + word(words>>16, 4) + `: \"` + strconv.Itoa(int(words>>32%10000)) + `\"\n`)
	}
	v["text"] = text.String()
}

func (m *maker) deployment(app, int) {}

func (m *maker) replicaSet(a app, n int) {
	v := m.values
	v["ownerUID"] = m.uid("Deployment", a, 0)
	if n > 0 { // one that was replaced
		v["hash"] = word(m.fleet.chance("template", a.number, n, 0), 10)
		v["replicas"], v["available"] = "0", "0"
		v["image"] += "-rc" + strconv.Itoa(n)
	}
	v["name"] = a.name + "-" + v["hash"]
}

func (m *maker) statefulSet(app, int) {}

func (m *maker) job(a app, n int) {
	v := m.values
	v["ownerUID"] = m.uid("CronJob", a, 0)
	v["name"] = a.name + "-" + strconv.Itoa(29383200+n*60)
	v["jobStatus"] = `{"completionTime":"` + v["changed"] + `","conditions":[{"lastProbeTime":"` + v["changed"] + `","lastTransitionTime":"` + v["changed"] + `","status":"True","type":"Complete"}],"ready":0,"startTime":"` + v["created"] + `","succeeded":1,"terminating":0}`
	if m.jobFailed(a, n) {
		v["jobStatus"] = `{"conditions":[{"lastProbeTime":"` + v["changed"] + `","lastTransitionTime":"` + v["changed"] + `","message":"Job has reached the specified backoff limit","reason":"BackoffLimitExceeded","status":"True","type":"Failed"}],"failed":1,"ready":0,"startTime":"` + v["created"] + `","terminating":0}`
	}
}

func (m *maker) jobFailed(a app, n int) bool {
	return m.fleet.chance("job", m.cluster.number, a.number, n)%10 == 0
}

func (m *maker) endpointSlice(a app, _ int) {
	v := m.values
	v["name"], v["ownerUID"] = a.name+"-"+v["suffix"], m.uid("Service", a, 0)
	var endpoints strings.Builder
	endpoints.WriteByte('[')
	for n := range a.replicas {
		if n > 0 {
			endpoints.WriteByte(',')
		}
		chance := m.fleet.chance("Pod", m.cluster.number, a.number, n)
		m.place(chance)
		endpoints.WriteString(`{"addresses":["` + m.address(100, chance) + `"],"conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"` + v["node"] + `","targetRef":{"kind":"Pod","name":"` + m.podName(a, n, chance) + `","namespace":"` + a.namespace + `","uid":"` + m.uid("Pod", a, n) + `"},"zone":"` + v["zone"] + `"}`)
	}
	endpoints.WriteByte(']')
	v["endpoints"] = endpoints.String()
}

func (m *maker) certificate(a app, _ int) {
	m.values["name"], m.values["ownerUID"] = a.name+"-tls", m.uid("Ingress", a, 0)
}

func (m *maker) application(a app, _ int) {
	m.values["target"], m.values["ns"] = a.namespace, domains[0] // all in one namespace, as their controller has it
}
