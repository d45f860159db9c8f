package redact

import (
	"strings"

	"github.com/foretop/foretop/internal/credential"
)

// credentialFields are names of fields whose string value is a credential in whatever kind they stand.
// Compared without case, '-' and '_'.
var credentialFields = []string{
	"password", "passwd", "passphrase", "pwd", "rootPassword", "adminPassword",
	"secret", "clientSecret", "secretKey", "secretAccessKey", "sharedSecret", "webhookSecret",
	"token", "accessToken", "refreshToken", "bearerToken", "apiToken", "authToken", "idToken", "sasToken",
	"apiKey", "accessKey", "privateKey", "encryptionKey", "signingKey", "sshKey", "sshPrivateKey",
	"credential", "credentials", "kubeconfig", "authorization", "cookie", "connectionString", "dockerconfigjson",
}

// allowedNames say a credential word but are known to hold no credential, and people search for them.
var allowedNames = map[string]bool{
	"argocd.argoproj.io/secret-type":                             true,
	"kubernetes.io/enforce-mountable-secrets":                    true,
	"volume.kubernetes.io/provisioner-deletion-secret-name":      true,
	"volume.kubernetes.io/provisioner-deletion-secret-namespace": true,
}

// Copies are annotations that hold whole copies of objects, Secrets' data among them. They are taken out.
var Copies = []string{
	"kubectl.kubernetes.io/last-applied-configuration",
	"kopf.zalando.org/last-handled-configuration",
	"objectset.rio.cattle.io/applied",
	"banzaicloud.com/last-applied",
}

func (p *pass) deniedName(name string) bool {
	if name == KeysAnnotation || allowedNames[name] {
		return false
	}
	return credential.InName(name) || p.names != nil && p.names.MatchString(name)
}

// harmless says that a value under a suspicious name only points to where the credential is, or switches something.
func harmless(name, value string) bool {
	switch strings.ToLower(value) {
	case "", "true", "false", "null", "none", "{}", "[]", "0", "1":
		return true
	}
	n := strings.ToLower(name)
	for _, suffix := range [...]string{"file", "path", "dir"} {
		if strings.HasSuffix(n, suffix) && strings.HasPrefix(value, "/") && !strings.ContainsAny(value, " \n") {
			return true
		}
	}
	return false
}

// credentialSuffixes end longer names that charts and operators make up: postgresqlPassword.
var credentialSuffixes = []string{"password", "passwd", "passphrase", "privatekey", "apikey", "secretkey", "secretaccesskey", "accesstoken", "authtoken", "clientsecret"}

func (p *pass) credentialField(name string) bool {
	n := plainName(name)
	if p.fields[n] || n != "pass" && credential.HasShortWord(name) { // a field pass alone says more often that something did
		return true
	}
	for _, suffix := range credentialSuffixes {
		if strings.HasSuffix(n, suffix) {
			return true
		}
	}
	return false
}

func plainName(s string) string {
	if !strings.ContainsAny(s, "-_") {
		return strings.ToLower(s)
	}
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))
}

func (p *pass) metadata(o map[string]any) {
	meta, ok := o["metadata"].(map[string]any)
	if !ok {
		if v, found := o["metadata"]; found {
			o["metadata"] = p.value("metadata", "metadata", v, 0)
		}
		return
	}
	for k, v := range meta {
		switch k {
		case "name", "namespace", "uid", "resourceVersion", "generateName", "creationTimestamp", "deletionTimestamp", "ownerReferences":
		case "annotations", "labels":
			values, ok := v.(map[string]any)
			if !ok {
				meta[k] = p.value("metadata/"+k, k, v, 0)
				continue
			}
			for _, name := range Copies {
				delete(values, name)
			}
			p.namedValues("metadata/"+k, values)
			if len(values) == 0 {
				delete(meta, k)
			}
		default:
			meta[k] = p.value("metadata/"+k, k, v, 0)
		}
	}
}

// namedValues redacts a map whose keys are names people choose.
func (p *pass) namedValues(path string, values map[string]any) {
	for k, v := range values {
		s, ok := v.(string)
		if !ok {
			values[k] = p.value(path+"/"+k, k, v, 0)
			continue
		}
		switch {
		case s == Mark || k == KeysAnnotation || k == FailedAnnotation:
		case isCopy(s):
			p.remove("copy", path+"/"+k, s)
			values[k] = Mark
		case p.deniedName(k) && !harmless(k, s):
			p.remove("name", path+"/"+k, s)
			values[k] = Mark
		default:
			values[k] = p.text(path+"/"+k, s)
		}
	}
}

// isCopy says that an annotation's value is a whole object as JSON: tools keep what they applied like kubectl does,
// Secrets' data among it, each under a name of its own.
func isCopy(s string) bool {
	s = strings.TrimLeft(s, " \t\r\n")
	return strings.HasPrefix(s, "{") && strings.Contains(s, `"kind"`) && strings.Contains(s, `"apiVersion"`)
}

// maxDepth is far beyond any real object; deeper is an attack on the stack.
const maxDepth = 128

// value redacts what stands under name, which is the last element of path.
func (p *pass) value(path, name string, v any, depth int) any {
	if depth > maxDepth {
		p.remove("depth", path, "")
		return Mark
	}
	switch v := v.(type) {
	case string:
		if v != Mark && p.credentialField(name) && !harmless(name, v) {
			p.remove("field", path, v)
			return Mark
		}
		return p.text(path, v)
	case map[string]any:
		p.nameValue(path, v)
		if v["kind"] == "Secret" { // whole, within another object: manifests of packages, works and templates
			p.drop(v, "secret", "data", "stringData")
		}
		if name == "labels" || name == "annotations" {
			for _, name := range Copies {
				delete(v, name)
			}
			p.namedValues(path, v)
			return v
		}
		for k, e := range v {
			v[k] = p.value(path+"/"+k, k, e, depth+1)
		}
		return v
	case []any:
		if name == "command" || name == "args" {
			p.args(path, v)
		}
		for i, e := range v {
			v[i] = p.value(path, name, e, depth+1)
		}
		return v
	default:
		return v
	}
}

// nameValue redacts {name: ..., value: ...}: environment variables, headers, parameters of charts.
func (p *pass) nameValue(path string, m map[string]any) {
	name, ok := m["name"].(string)
	if !ok {
		return
	}
	value, ok := m["value"].(string)
	if !ok || value == Mark {
		return
	}
	if p.deniedName(name) && !harmless(name, value) || p.allEnv && value != "" && strings.HasSuffix(path, "/env") {
		p.remove("env", path+"/"+name, value)
		m["value"] = Mark
	}
}

// args redacts the argument after a flag that asks for a credential; --flag=value is found by scrub.
func (p *pass) args(path string, args []any) {
	for i := 0; i+1 < len(args); i++ {
		flag, ok := args[i].(string)
		if !ok || !strings.HasPrefix(flag, "-") || strings.ContainsAny(flag, "= \n") || !p.deniedName(flag) {
			continue
		}
		next, ok := args[i+1].(string)
		if !ok || next == Mark || strings.HasPrefix(next, "-") || harmless(flag, next) {
			continue
		}
		p.remove("args", path+"/"+flag, next)
		args[i+1] = Mark
	}
}
